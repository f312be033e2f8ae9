/** Compiled objects as parts of C programs, for every target and by every C compiler found here. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import type { CodeOptions } from '../../src/driver/index.ts';
import { emitHeader } from '../../src/link/index.ts';
import { hostTarget, type Target, targets } from '../../src/target/index.ts';
import { helpers } from '../../src/verifier/index.ts';
import {
  type CCompiler,
  compilersFor,
  emit,
  fixtureNames,
  fixturePath,
  have,
  INCLUDE,
  loadObject,
  output,
  run,
  scratch,
} from './support.ts';

const { directory, remove } = scratch();
test.after(remove);

const HOSTS = join(packageRoot(), 'fixtures', 'host');
const WARNINGS = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-pedantic'];
/** A linker that says anything about text relocations or an executable stack fails the test. */
const STRICT = ['-Wl,--fatal-warnings', '-Wl,-z,text'];

function runtime(target: Target): string {
  return join(packageRoot(), 'runtime-native', 'build', target.name, 'libbpftime.a');
}

/** Compiles a fixture, under another file name if one is given, into the target's directory. */
function object(
  target: Target,
  fixture: string,
  changes: Partial<CodeOptions> = {},
  name = fixture,
) {
  const place = join(directory, target.name);
  mkdirSync(place, { recursive: true });
  const input = join(place, `${name}.bpf.o`);
  cpSync(fixturePath(fixture), input);
  const loaded = loadObject(input);
  const file = join(place, `${name}${changes.helpers === 'extern' ? '.extern' : ''}.o`);
  writeFileSync(file, emit(loaded, target, 'obj', changes));
  writeFileSync(join(place, `${name}.h`), emitHeader(loaded));
  return file;
}

/** Some C libraries come without the start of static position-independent programs. */
function hasStaticPie({ command: [command, ...first] }: CCompiler): boolean {
  return output(command!, [...first, '-print-file-name=rcrt1.o']).startsWith('/');
}

let programs = 0;

/** Links a C program with objects, runs it and gives what it prints. */
function hosted(
  target: Target,
  compiler: CCompiler,
  source: string,
  files: readonly string[],
  flags: readonly string[] = [],
): string {
  const program = join(directory, target.name, `program-${programs++}`);
  const [command, ...first] = compiler.command;
  const include = ['-I', INCLUDE, '-I', join(directory, target.name)];
  output(command!, [
    ...first,
    ...WARNINGS,
    ...STRICT,
    ...include,
    ...flags,
    join(HOSTS, source),
    ...files,
    '-o',
    program,
  ]);
  const [runner, ...rest] = [...compiler.runner, program];
  return output(runner!, rest);
}

for (const target of targets()) {
  for (const compiler of compilersFor(target)) {
    const title = `${target.name}, ${compiler.name}`;

    test(`${title}: a host with helpers and maps of its own`, () => {
      const files = [object(target, 'counter', { helpers: 'extern' })];
      assert.is(hosted(target, compiler, 'bare.c', files), '7 3\n9 1\n');
    });

    test(`${title}: a host with the runtime, linked in every way`, () => {
      const files = [object(target, 'counter'), runtime(target)];
      for (const flags of [
        [],
        ['-static'],
        ['-pie', '-fPIE'],
        ...(hasStaticPie(compiler) ? [['-static-pie', '-fPIE']] : []),
        ['-no-pie', '-fno-pie'],
        ['-Wl,--gc-sections'],
        ['-static', '-Wl,--gc-sections'],
      ]) {
        const printed = hosted(target, compiler, 'linked.c', files, flags);
        assert.match(printed, /^\d+ 1000\n$/, flags.join(' '));
      }
    });

    test(`${title}: two objects with the same names`, () => {
      const pair = ['first', 'second'].map((name) => object(target, 'counter', {}, name));
      for (const flags of [[], ['-Wl,--gc-sections']]) {
        const printed = hosted(target, compiler, 'two.c', [...pair, runtime(target)], flags);
        assert.is(printed, 'first 5 second 1\n');
      }
    });

    test(`${title}: two objects combined by ld -r`, () => {
      const pair = ['first', 'second'].map((name) => object(target, 'counter', {}, name));
      const combined = join(directory, target.name, 'combined.o');
      const [command, ...first] = compiler.command;
      output(command!, [...first, '-nostdlib', '-r', ...pair, '-o', combined]);
      const printed = hosted(target, compiler, 'two.c', [combined, runtime(target)]);
      assert.is(printed, 'first 5 second 1\n');
    });

    test(`${title}: the header's types and handles`, () => {
      const files = ['globals', 'latency'].map((name) => object(target, name));
      const printed = hosted(target, compiler, 'typed.c', [...files, runtime(target)]);
      assert.is(printed, 'calls 1 last 7,11\nin flight 1 then 0\n');
    });

    test(`${title}: an object in a shared library`, () => {
      const library = join(directory, target.name, 'libcounter.so');
      const [command, ...first] = compiler.command;
      const file = object(target, 'counter');
      output(command!, [...first, ...STRICT, '-nostdlib', '-shared', file, '-o', library]);
      const place = [`-Wl,-rpath,${join(directory, target.name)}`, '-fPIC'];
      const files = [library, runtime(target)];
      assert.is(hosted(target, compiler, 'shared.c', files, place), '2 same map\n');
    });
  }
}

test('gcc refuses to copy a map out of a shared library', () => {
  const target = hostTarget();
  if (target?.name !== 'x86-64' || !have('gcc', 'copy relocations of gcc')) {
    if (target?.name !== 'x86-64') console.log('skip: copy relocations: gcc makes them on x86-64');
    return;
  }
  const library = join(directory, target.name, 'libcounter.so');
  output('gcc', ['-nostdlib', '-shared', object(target, 'counter'), '-o', library]);
  const program = join(directory, 'copied');
  const flags = ['-fno-pic', '-no-pie', '-I', INCLUDE, '-o', program];
  const ended = run('gcc', [...flags, join(HOSTS, 'shared.c'), library, runtime(target)]);
  assert.is.not(ended.status, 0);
  assert.match(ended.stderr, /copy relocation against non-copyable protected symbol/);
});

/** Symbols that an object leaves for others to define. */
function undefinedSymbols(file: string): readonly string[] {
  return output('llvm-nm-19', ['-u', '-j', file]).split('\n').filter(Boolean);
}

test('objects leave nothing undefined but helpers, and memory functions where these are allowed', () => {
  if (!have('llvm-nm-19', 'undefined symbols')) return;
  const known = new Set([...helpers().values()].map(({ name }) => `bpf_${name}`));
  const memory = new Set(
    ['memcpy', 'memmove', 'memset'].flatMap((name) => [name, `bpftime_${name}`]),
  );
  let seen = 0;
  for (const target of targets())
    for (const fixture of fixtureNames())
      for (const mode of ['inline', 'extern'] as const) {
        const file = object(target, fixture, { helpers: mode });
        for (const symbol of undefinedSymbols(file)) {
          seen++;
          assert.ok(
            known.has(symbol) || (mode === 'inline' && memory.has(symbol)),
            `${fixture} for ${target.name}, ${mode}: ${symbol}`,
          );
        }
        if (mode === 'extern' && fixture === 'counter')
          assert.equal(undefinedSymbols(file), [
            'bpf_get_current_pid_tgid',
            'bpf_map_lookup_elem',
            'bpf_map_update_elem',
          ]);
      }
  assert.ok(seen > 0);
});

test('the runtime library defines what objects with inlined helpers need of it', () => {
  if (!have('llvm-nm-19', 'the symbols of the runtime')) return;
  // Their maps are of types, or their helpers of kinds, that the runtime does not have.
  const without = new Set(['events', 'syscalls', 'usdt', 'strings']);
  for (const target of targets()) {
    const defined = new Set(
      output('llvm-nm-19', ['--defined-only', '-g', '-j', runtime(target)]).split('\n'),
    );
    for (const fixture of fixtureNames()) {
      if (without.has(fixture)) continue;
      for (const symbol of undefinedSymbols(object(target, fixture)))
        if (symbol.startsWith('bpf'))
          assert.ok(defined.has(symbol), `${fixture} for ${target.name}: ${symbol}`);
    }
  }
});

test('stacks are not executable and code needs no relocation when it is loaded', () => {
  if (!have('llvm-readelf-19', 'sections of objects')) return;
  for (const target of targets())
    for (const fixture of fixtureNames()) {
      const file = object(target, fixture);
      const sections = output('llvm-readelf-19', ['-SW', file]);
      assert.match(sections, /\.note\.GNU-stack\s+PROGBITS\s+0+ \w+ 000000 00\s+0/);
      // Never both writable and executable.
      assert.not.match(sections, /\s(WAX|AXW|XAW)\s/);
      const relocations = output('llvm-readelf-19', ['-rW', file]);
      for (const part of relocations.split('Relocation section ').slice(1)) {
        if (!/^'\.rela\.text/.test(part)) continue;
        assert.not.match(
          part,
          /R_(X86_64_(64|32|32S)|AARCH64_ABS\d+|RISCV_(64|32|HI20))\s/,
          fixture,
        );
      }
    }
});

test.run();
