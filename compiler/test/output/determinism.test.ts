/**
 * The same input gives the same bytes: in any directory, by any path, at any time, whatever the
 * environment says, and from a checkout at another place.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { hostTarget, targets } from '../../src/target/index.ts';
import {
  emit,
  fixtureNames,
  fixturePath,
  have,
  loadObject,
  output,
  run,
  scratch,
} from './support.ts';

const { directory, remove } = scratch();
test.after(remove);

const COMPILER = join(packageRoot(), 'compiler', 'bin', 'bpftime-aot');
const FORMS = ['obj', 'asm', 'llvm-ir', 'bitcode', 'header', 'disasm'];

interface Invocation {
  readonly compiler?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
}

let builds = 0;

/** Builds with the compiler's own program, as users do. */
function build(input: string, where: Invocation = {}): Buffer {
  const file = join(directory, `output-${builds++}.o`);
  const command = [where.compiler ?? COMPILER, 'build', input, ...(where.args ?? []), '-o', file];
  const env = Object.entries(where.env ?? {}).map(([key, value]) => `${key}=${value}`);
  output('env', ['-C', where.cwd ?? directory, ...env, ...command]);
  return readFileSync(file);
}

test('built twice, in every form, for every target', () => {
  for (const target of targets())
    for (const form of FORMS) {
      const args = ['--target', target.name, '--emit', form];
      const first = build(fixturePath('latency'), { args });
      assert.ok(first.length > 0);
      assert.ok(first.equals(build(fixturePath('latency'), { args })), `${target.name} ${form}`);
    }
});

test('every fixture, built twice in one process and once in another', () => {
  const [target] = targets();
  for (const name of fixtureNames()) {
    const once = emit(loadObject(fixturePath(name)), target!, 'obj', { debug: true });
    const again = emit(loadObject(fixturePath(name)), target!, 'obj', { debug: true });
    assert.ok(Buffer.from(once).equals(again), name);
  }
  const args = ['--target', target!.name];
  const inProcess = emit(loadObject(fixturePath('packet')), target!, 'obj', { debug: true });
  assert.ok(build(fixturePath('packet'), { args }).equals(inProcess));
});

test('paths, directories, links, times and the environment leave no trace', () => {
  const input = fixturePath('latency');
  const expected = build(input);
  const there = join(directory, 'a directory with blanks');
  mkdirSync(there);
  const copy = join(there, 'latency.bpf.o');
  cpSync(input, copy);
  utimesSync(copy, 86_400, 86_400);
  symlinkSync(there, join(directory, 'link'));
  const ways: Record<string, Buffer> = {
    'another directory': build(copy),
    'a relative path': build('latency.bpf.o', { cwd: there }),
    'a path with dots': build('../a directory with blanks/./latency.bpf.o', { cwd: there }),
    'a symbolic link': build(join(directory, 'link', 'latency.bpf.o')),
    'another environment': build(copy, {
      cwd: '/',
      env: {
        TZ: 'Pacific/Kiritimati',
        LANG: 'de_DE.UTF-8',
        LC_ALL: 'tr_TR.UTF-8',
        HOME: there,
        USER: 'somebody',
        PWD: '/nowhere',
        SOURCE_DATE_EPOCH: '1',
        COLUMNS: '20',
        TMPDIR: there,
      },
    }),
  };
  for (const [way, bytes] of Object.entries(ways)) assert.ok(bytes.equals(expected), way);
});

test('several files in one call, and one of them by itself', () => {
  const names = ['counter', 'packet', 'tailcall'];
  mkdirSync(join(directory, 'many'));
  output(COMPILER, ['build', ...names.map((name) => fixturePath(name))], join(directory, 'many'));
  for (const name of names) {
    const file = join(directory, 'many', `${name}.${hostTarget()?.name ?? 'x86-64'}.o`);
    assert.ok(readFileSync(file).equals(build(fixturePath(name))), name);
  }
});

test('no path of this machine is in what is built', () => {
  const needles = [packageRoot(), directory, process.env.HOME ?? '/root', '/tmp/'];
  for (const name of fixtureNames())
    for (const target of targets()) {
      const bytes = Buffer.from(
        emit(loadObject(fixturePath(name)), target, 'obj', { debug: true }),
      );
      for (const needle of needles)
        assert.is(bytes.indexOf(needle), -1, `${name} for ${target.name} holds ${needle}`);
    }
});

test('a copy of the checkout at another place builds the same bytes', () => {
  const copy = join(directory, 'elsewhere');
  // What a built compiler needs; the rest of a checkout plays no part.
  for (const part of ['package.json', 'targets', 'compiler/bin', 'compiler/dist/bin'])
    cpSync(join(packageRoot(), part), join(copy, part), { recursive: true });
  const addon = 'compiler/addon/build/Release/bpftime.node';
  cpSync(join(packageRoot(), addon), join(copy, addon));
  mkdirSync(join(copy, 'runtime-native'));
  cpSync(join(packageRoot(), 'runtime-native/Makefile'), join(copy, 'runtime-native/Makefile'));
  symlinkSync(join(packageRoot(), 'node_modules'), join(copy, 'node_modules'));
  for (const target of targets()) {
    const bitcode = join('runtime-native', 'build', target.name, 'inline.bc');
    mkdirSync(join(copy, 'runtime-native', 'build', target.name), { recursive: true });
    cpSync(join(packageRoot(), bitcode), join(copy, bitcode));
  }
  for (const target of targets()) {
    const args = ['--target', target.name];
    const there = build(fixturePath('latency'), {
      args,
      compiler: join(copy, 'compiler', 'bin', 'bpftime-aot'),
    });
    assert.ok(there.equals(build(fixturePath('latency'), { args })), target.name);
  }
});

test("the runtime's bitcode does not depend on where it was compiled", () => {
  if (!have('clang-19', 'compiling the runtime elsewhere') || !have('make', 'the same')) return;
  const copy = join(directory, 'runtime', 'somewhere', 'else');
  for (const part of ['runtime-native', 'targets'])
    cpSync(join(packageRoot(), part), join(copy, part), {
      recursive: true,
      filter: (path) => path !== join(packageRoot(), 'runtime-native', 'build'),
    });
  for (const { name } of targets()) {
    const goal = `build/${name}/inline.bc`;
    const args = ['-s', '-C', join(copy, 'runtime-native'), '-f', 'target.mk', `TARGET=${name}`];
    output('make', [...args, goal]);
    const here = readFileSync(join(packageRoot(), 'runtime-native', goal));
    assert.ok(here.equals(readFileSync(join(copy, 'runtime-native', goal))), goal);
  }
});

test('a build that fails leaves nothing behind', () => {
  const file = join(directory, 'never.o');
  writeFileSync(join(directory, 'bad.o'), 'not an object');
  const ended = run(COMPILER, ['build', join(directory, 'bad.o'), '-o', file]);
  assert.is(ended.status, 1);
  assert.not.ok(existsSync(file));
});

test.run();
