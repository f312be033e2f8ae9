import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink, Failure } from '../../src/diag/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { type LoweredModule, type LowerOptions, lower } from '../../src/lower/index.ts';
import { type BpfObject, buildObject, objectFromBytecode } from '../../src/object/index.ts';
import { findTarget, ptRegsField, type TargetName, targets } from '../../src/target/index.ts';
import { analyse } from '../../src/verifier/index.ts';
import { asm, makeObject } from '../support/object.ts';

function fixture(name: string): BpfObject {
  const file = `${name}.bpf.o`;
  const path = join(packageRoot(), 'fixtures', 'obj', 'clang19-v3', file);
  return buildObject(parseElf(readFileSync(path), file), {}, new CollectingSink());
}

function lowered(
  object: BpfObject,
  target: TargetName,
  options: Partial<LowerOptions> = {},
): LoweredModule {
  const sink = new CollectingSink();
  const defaults = { ptRegs: 'auto', helpers: 'extern', debug: false } as const;
  const verified = analyse(object, { skip: true }, sink);
  return lower(verified, { target: findTarget(target), ...defaults, ...options }, sink);
}

/** Offsets from the context at which a program loads. */
function contextOffsets(text: string): number[] {
  return [...text.matchAll(/getelementptr i8, i8\* %b0r1, i64 (\d+)/g)].map(([, offset]) =>
    Number(offset),
  );
}

const ROLES = [
  'argument1',
  'argument2',
  'argument3',
  'argument4',
  'argument5',
  'return_value',
  'stack_pointer',
  'instruction_pointer',
] as const;

for (const target of targets()) {
  test(`registers are read by role on ${target.name}`, () => {
    const expected = ROLES.map((role) => ptRegsField(target, role)!.offset);
    const found = contextOffsets(lowered(fixture('registers'), target.name).text);
    // Offset 0 needs no address arithmetic.
    assert.equal(
      found,
      expected.filter((offset) => offset !== 0),
    );
  });
}

test('--pt-regs native takes offsets as they are', () => {
  const own = contextOffsets(lowered(fixture('registers'), 'x86-64').text);
  const { text } = lowered(fixture('registers'), 'arm64', { ptRegs: 'native' });
  assert.equal(contextOffsets(text), own);
});

/** A probe that returns one register of x86-64's or another CPU's struct pt_regs. */
function reader(offset: number, ptRegs: TargetName, type: string): BpfObject {
  const made = makeObject({
    kind: 'kprobe',
    functions: [[asm.load(0, 4, 1, offset), { kind: 'exit' }]],
  });
  const programs = made.programs.map((program) => ({
    ...program,
    attach: { ...program.attach, type },
  }));
  return { ...made, ptRegs, programs };
}

test('registers of an unknown CPU that the target has no bytes for are refused', () => {
  const { size } = findTarget('x86-64').ptRegs;
  const unknown = (offset: number) =>
    makeObject({
      kind: 'kprobe',
      functions: [[asm.load(0, 4, 1, offset), { kind: 'exit' }]],
    });
  assert.not.throws(() => lowered(unknown(size - 4), 'x86-64'));
  assert.not.throws(() => lowered(unknown(size), 'arm64'));
  assert.throws(
    () => lowered(unknown(size), 'x86-64'),
    (error: unknown) => error instanceof Failure && /only 168 bytes on x86-64/.test(error.message),
  );
});

test('a register without a counterpart is refused by name', () => {
  const cs = ptRegsField(findTarget('x86-64'), 'cs')!.offset;
  assert.throws(
    () => lowered(reader(cs, 'x86-64', 'uprobe'), 'riscv64'),
    (error: unknown) => error instanceof Failure && /cs of x86-64/.test(error.message),
  );
  assert.not.throws(() => lowered(reader(cs, 'x86-64', 'uprobe'), 'x86-64'));
});

test('a register that is argument and result means what the probe is', () => {
  const x86 = findTarget('x86-64');
  const x0 = ptRegsField(findTarget('arm64'), 'x0')!.offset;
  const offsetFor = (type: string) =>
    contextOffsets(lowered(reader(x0 + 4, 'arm64', type), 'x86-64').text);
  assert.equal(offsetFor('uprobe'), [ptRegsField(x86, 'argument1')!.offset + 4]);
  assert.equal(offsetFor('uretprobe'), [ptRegsField(x86, 'return_value')!.offset + 4]);
});

test('the same input gives the same module', () => {
  for (const name of ['latency', 'globals', 'packet']) {
    const [first, second] = [0, 1].map(() => lowered(fixture(name), 'arm64', { debug: true }));
    assert.is(first!.text, second!.text);
    assert.ok(Buffer.from(first!.bitcode).equals(Buffer.from(second!.bitcode)));
  }
});

test('programs, maps and the object are exported, programs under their C names too', () => {
  const { exports, text } = lowered(fixture('counter'), 'x86-64');
  assert.equal([...exports], [...exports].sort());
  for (const { name } of fixture('counter').programs) {
    assert.ok(exports.includes(name) && exports.includes(`counter__${name}`), name);
    assert.match(text, new RegExp(`@${name} = weak alias `));
  }
  for (const { name } of fixture('counter').maps) assert.ok(exports.includes(`counter__${name}`));
  assert.ok(exports.includes('counter__object'));
});

test('the table of programs is in the order of the object', () => {
  const object = fixture('tailcall');
  const reversed = {
    ...object,
    programs: [...object.programs].reverse().map((program, index) => ({ ...program, index })),
  };
  for (const each of [object, reversed]) {
    const { text } = lowered(each, 'x86-64');
    const table = /@table\.programs = [^[]*\[[^[]*\[(.*?)\n\]/s.exec(text)?.[1] ?? '';
    const found = [...table.matchAll(/@tailcall__(\w+)/g)].map(([, name]) => name);
    assert.equal(
      found,
      each.programs.map(({ name }) => name),
    );
  }
});

test('every fixture of every compiler is lowered for every target', () => {
  const sets = ['clang14-v2', 'clang14-v3', 'clang19-v2', 'clang19-v3', 'clang19-v4'];
  // These two need options of their own, a BTF and a kernel configuration.
  const names = ['atomics', 'counter', 'events', 'filter', 'globals', 'latency', 'loops', 'packet'];
  names.push('strings', 'syscalls', 'tailcall', 'usdt');
  for (const set of sets) {
    for (const name of names) {
      const path = join(packageRoot(), 'fixtures', 'obj', set, `${name}.bpf.o`);
      const object = buildObject(parseElf(readFileSync(path), name), {}, new CollectingSink());
      for (const { name: target } of targets()) {
        const { bitcode } = lowered(object, target, { helpers: 'inline', debug: true });
        assert.is(Buffer.from(bitcode).toString('latin1', 0, 2), 'BC', `${set}/${name} ${target}`);
      }
    }
  }
});

test('probes use no vectors, programs that ordinary code calls may', () => {
  assert.equal(lowered(fixture('latency'), 'x86-64').plan.vectorFunctions, []);
  assert.equal(lowered(fixture('packet'), 'x86-64').plan.vectorFunctions, ['packet__parse']);
});

test('an atomic operation is relaxed unless it fetches', () => {
  const { text } = lowered(
    makeObject({
      functions: [
        [
          asm.storeI(8, 10, -8, 1),
          asm.movI(1, 2),
          asm.atomic('add', 8, false, -8, 1),
          asm.atomic('xor', 4, true, -8, 1),
          asm.load(0, 8, 10, -8),
          { kind: 'exit' },
        ],
      ],
    }),
    'riscv64',
  );
  assert.match(text, /atomicrmw add i64\* \S+ i64 2 monotonic, align 8/);
  assert.match(text, /atomicrmw xor i32\* \S+ i32 \S+ seq_cst, align 4/);
});

const tools = ['llc-19', 'llvm-dwarfdump-19'];
const missing = tools.find((tool) => spawnSync(tool, ['--version']).error !== undefined);
if (missing !== undefined) console.log(`skip: DWARF: ${missing} is not installed`);
else {
  test('native code has the lines of the C source', () => {
    const { bitcode } = lowered(fixture('latency'), 'x86-64', { debug: true });
    const native = spawnSync('llc-19', ['-filetype=obj', '-o', '-', '-'], { input: bitcode });
    assert.is(native.status, 0, native.stderr.toString());
    const dump = spawnSync('llvm-dwarfdump-19', ['--debug-line', '--debug-info', '-'], {
      input: native.stdout,
      encoding: 'utf8',
    });
    assert.match(dump.stdout, /name: ".*latency\.bpf\.c"/);
    const names = fixture('latency').programs.map(({ name }) => name);
    for (const name of names)
      assert.match(dump.stdout, new RegExp(`DW_AT_name\\s+\\("${name}"\\)`));
    const lines = new Set(
      [...dump.stdout.matchAll(/^0x[0-9a-f]+\s+(\d+)/gm)].map(([, line]) => line),
    );
    assert.ok(lines.size > 10, [...lines].join(' '));
  });
}

test('a huge object keeps its large functions apart, so that building it stays near linear', () => {
  const large = (length: number) => {
    const words = ['b700000001000000', ...Array<string>(length).fill('0700000003000000')];
    return Buffer.from([...words, '9500000000000000'].join(''), 'hex');
  };
  const call = (length: number) =>
    objectFromBytecode(
      Buffer.concat([Buffer.from('85100000010000009500000000000000', 'hex'), large(length)]),
      'huge',
    );
  assert.match(lowered(call(20_000), 'x86-64').text, /^define internal .* noinline/m);
  assert.not.match(lowered(call(1_000), 'x86-64').text, /noinline/);
});

test.run();
