import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { linkRunner, linkShared } from '../../src/link/index.ts';
import { targets } from '../../src/target/index.ts';
import { execute } from '../../src/toolchain/index.ts';
import { code, inspect, lowered, machineOf } from '../codegen/support.ts';

const directory = mkdtempSync(join(tmpdir(), 'bpftime-test-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));

/** What `lower` writes for a raw program that adds the first bytes of its memory to its size. */
const PROGRAM = `
%program = type { i8*, i8*, i64 (i8*)*, i32, i32 }
%object = type { i64, i32, i32, i8*, i8*, i8*, [32 x i8], i32, i32, i32, i32, %program*, i8*, i8* }
@name = private constant [5 x i8] c"demo\\00"
@programs = internal constant [1 x %program] [%program {
  i8* getelementptr ([5 x i8], [5 x i8]* @name, i64 0, i64 0),
  i8* getelementptr ([5 x i8], [5 x i8]* @name, i64 0, i64 0),
  i64 (i8*)* bitcast (i64 (i8*, i64)* @demo__program to i64 (i8*)*), i32 8, i32 0 }]
@demo__object = constant %object { i64 5350926466337559618, i32 1, i32 112,
  i8* getelementptr ([5 x i8], [5 x i8]* @name, i64 0, i64 0),
  i8* getelementptr ([5 x i8], [5 x i8]* @name, i64 0, i64 0),
  i8* getelementptr ([5 x i8], [5 x i8]* @name, i64 0, i64 0),
  [32 x i8] zeroinitializer, i32 0, i32 1, i32 0, i32 0,
  %program* getelementptr ([1 x %program], [1 x %program]* @programs, i64 0, i64 0),
  i8* null, i8* null }
@entry = internal constant %object* @demo__object
define i64 @demo__program(i8* %memory, i64 %size) {
  %first = load i8, i8* %memory
  %wide = zext i8 %first to i64
  %sum = add i64 %wide, %size
  %changed = add i8 %first, 1
  store i8 %changed, i8* %memory
  ret i64 %sum
}`;

const PLAN = {
  globals: [{ symbol: 'entry', section: 'bpftime_objects', retain: true, alignment: 8 }],
};

const built = targets().filter(({ name }) =>
  existsSync(join(packageRoot(), 'runtime-native', 'build', name, 'libbpftime.a')),
);
for (const { name } of targets()) {
  if (!built.some((target) => target.name === name)) console.log(`skip: no runtime for ${name}`);
}

function objectFile(name: string, bytes: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

for (const target of built) {
  test(`a program runs on ${target.name}`, async () => {
    const object = objectFile('run.o', code(lowered(PROGRAM, PLAN), { target: target.name }));
    const executable = join(directory, `run-${target.name}`);
    const commands: string[] = [];
    await linkRunner([object], executable, target, { verbose: (line) => commands.push(line) });
    assert.match(commands[0]!, /ld\.lld.* -m \S+ .*runner\.o/);
    assert.is(machineOf(readFileSync(executable)), target.elfMachine);

    const request = new Uint8Array(16 + 3);
    new DataView(request.buffer).setUint32(4, 3, true);
    new DataView(request.buffer).setUint32(8, 2, true);
    request.set([40, 1, 2], 16);
    const ended = await execute(target, executable, request, { timeoutMs: 60_000 });
    assert.is(ended.stderr, '');
    assert.is(ended.exitCode, 0);
    const answer = new DataView(ended.stdout.buffer, ended.stdout.byteOffset);
    // The second run finds what the first left: 41 and three bytes.
    assert.is(answer.getBigUint64(0, true), 44n);
    assert.equal(ended.stdout.slice(24), new Uint8Array([42, 1, 2]));
  });

  test(`a shared object of ${target.name} stands alone`, async () => {
    const object = objectFile('shared.o', code(lowered(PROGRAM, PLAN), { target: target.name }));
    const shared = join(directory, `demo-${target.name}.so`);
    await linkShared([object], shared, target, { soname: 'demo.so' });
    const bytes = new Uint8Array(readFileSync(shared));
    const dynamic = inspect(bytes, 'llvm-readelf', '-dW', '--dyn-syms');
    assert.match(dynamic, /SONAME.*demo\.so/);
    assert.not.match(dynamic, /NEEDED/);
    assert.match(dynamic, /demo__object/);
    assert.not.match(dynamic, / UND \w|memcpy/);
    await linkShared([object], shared, target, { soname: 'demo.so' });
    assert.equal(new Uint8Array(readFileSync(shared)), bytes);
  });
}

test('a helper that nothing defines is named', async () => {
  const target = built[0];
  if (target === undefined) return;
  const object = objectFile(
    'undefined.o',
    code(
      lowered(
        `
declare i64 @bpf_no_such_helper()
define i64 @demo__program(i8* %context) {
  %result = call i64 @bpf_no_such_helper()
  ret i64 %result
}
@keep = constant i64 (i8*)* @demo__program`,
        {
          globals: [{ symbol: 'keep', retain: true, section: 'bpftime_objects' }],
        },
      ),
      { target: target.name },
    ),
  );
  const output = join(directory, 'undefined');
  for (const link of [linkRunner, linkShared]) {
    try {
      await link([object], output, target, { file: 'demo.bpf.o' });
      assert.unreachable('linked');
    } catch (error) {
      assert.instance(error, Failure);
      assert.match((error as Failure).message, /nothing defines bpf_no_such_helper/);
      assert.is((error as Failure).diagnostic.place?.file, 'demo.bpf.o');
    }
    assert.not.ok(existsSync(output));
  }
  await linkShared([object], output, target, { allowUndefined: true });
  assert.ok(existsSync(output));
});

test('what is no object, and one symbol twice', async () => {
  const target = built[0];
  if (target === undefined) return;
  const output = join(directory, 'bad');
  const failure = async (objects: string[]) => {
    try {
      await linkShared(objects, output, target);
    } catch (error) {
      assert.instance(error, Failure);
      return (error as Failure).message;
    }
    return '';
  };
  assert.is(
    await failure([objectFile('text.o', new TextEncoder().encode('nonsense'))]),
    'linking failed',
  );
  const object = code(lowered(PROGRAM, PLAN), { target: target.name });
  assert.match(
    await failure([objectFile('one.o', object), objectFile('two.o', object)]),
    /defined more than once: demo__object, demo__program/,
  );
});

test.run();
