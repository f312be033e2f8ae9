import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../src/interp/index.ts';
import { acceptedBy } from '../../src/lower/switch.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { hostTarget } from '../../src/target/index.ts';
import { Builder, immediate, type Label, register } from '../support/builder.ts';
import { branchOperators } from '../support/forms.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';
import { Random } from '../support/random.ts';
import { lowerFor, missingTool, runNative } from './native.ts';

const EDGES = [0, 1, 2, 5, 6, 7, 0x7fffffff, -1, -2, -0x80000000, -0x7fffffff];

function holds(operator: string, width: 32 | 64, left: bigint, right: bigint): boolean {
  const [unsigned, other] = [BigInt.asUintN(width, left), BigInt.asUintN(width, right)];
  const [signed, against] = [BigInt.asIntN(width, left), BigInt.asIntN(width, right)];
  const results: Record<string, boolean> = {
    eq: unsigned === other,
    ne: unsigned !== other,
    gt: unsigned > other,
    ge: unsigned >= other,
    lt: unsigned < other,
    le: unsigned <= other,
    sgt: signed > against,
    sge: signed >= against,
    slt: signed < against,
    sle: signed <= against,
  };
  return results[operator]!;
}

test('the ranges of a comparison are the values for which it holds', () => {
  for (const operator of branchOperators) {
    if (operator === 'set') continue;
    for (const width of [32, 64] as const) {
      for (const constant of EDGES) {
        const ranges = acceptedBy({
          kind: 'branch',
          slot: 0,
          operator,
          width,
          left: 1,
          right: { kind: 'immediate', value: constant },
          target: 0,
        });
        for (const value of EDGES) {
          const bits = BigInt.asUintN(width, BigInt(value));
          const inside = ranges.some(({ low, high }) => low <= bits && bits <= high);
          const expected = holds(operator, width, BigInt(value), BigInt(constant));
          assert.is(inside, expected, `${value} ${operator}${width} ${constant}`);
        }
      }
    }
  }
});

const VALUES = 64;

/** A loop over the values in memory; each goes through a random compare tree that picks a number. */
function treeProgram(seed: number): { code: Uint8Array; memory: Uint8Array } {
  const random = new Random(seed);
  const builder = new Builder();
  const width = random.chance(0.5) ? 32 : 64;
  const base = random.pick([0, 10, -8, 0x7ffffff0, -0x80000000]);
  const near = () => (base + random.below(24)) | 0;
  const loop: Label = {};
  const done: Label = {};
  const end: Label = {};
  builder.alu('mov', 6, register(1));
  builder.alu('mov', 7, immediate(0));
  builder.alu('mov', 0, immediate(1));
  builder.place(loop);
  const branch = (operator: string, left: number, value: number, label: Label, bits: 32 | 64) =>
    builder.emit(
      {
        kind: 'branch',
        operator: operator as 'eq',
        width: bits,
        left,
        right: immediate(value),
      },
      label,
    );
  branch('eq', 7, VALUES, end, 64);
  builder.emit({ kind: 'load', size: 8, signed: false, destination: 2, base: 6, offset: 0 });
  // Some trees choose among few values, all of which may be listed.
  if (base === 0 && random.chance(0.7)) {
    if (random.chance(0.5)) builder.alu('and', 2, immediate(7));
    else builder.alu('mod', 2, immediate(20));
  }
  builder.alu('mov', 3, immediate(999));
  const leaves: Label[] = Array.from({ length: 4 }, () => ({}));
  const grow = (depth: number): void => {
    if (random.chance(0.3)) builder.alu('mov', 3, immediate(random.below(1000)));
    if (depth === 0 || random.chance(0.1)) {
      builder.emit({ kind: 'jump' }, random.pick([...leaves, done]));
      return;
    }
    const operator = random.pick(
      random.chance(0.85) ? ['eq', 'ne'] : branchOperators.filter((name) => name !== 'set'),
    );
    const other: Label = {};
    branch(operator, 2, near(), random.chance(0.4) ? random.pick(leaves) : other, width);
    grow(depth - 1);
    builder.place(other);
    grow(depth - 1);
  };
  grow(5);
  for (const [index, leaf] of leaves.entries()) {
    builder.place(leaf);
    builder.alu('add', 3, immediate(1000 * (index + 1)));
    if (index < 2) builder.emit({ kind: 'jump' }, done);
  }
  builder.place(done);
  builder.alu('mul', 0, immediate(31));
  builder.alu('add', 0, register(3));
  builder.alu('add', 6, immediate(8));
  builder.alu('add', 7, immediate(1));
  builder.emit({ kind: 'jump' }, loop);
  builder.place(end);
  builder.emit({ kind: 'exit' });
  const memory = Buffer.alloc(8 * VALUES);
  for (let index = 0; index < VALUES; index++) {
    const value = random.chance(0.9) ? BigInt(near()) : BigInt(random.immediate());
    memory.writeBigInt64LE(value, 8 * index);
  }
  return { code: builder.finish().code, memory };
}

const programs = Array.from({ length: 120 }, (_, index) => treeProgram(index + 1));

const host = hostTarget()?.name;
const missing = host === undefined ? 'a supported CPU' : missingTool(host);
if (host === undefined || missing !== undefined) {
  console.log(`skip: compare trees in native code: ${missing} is not there`);
} else {
  test('compare trees choose what the interpreter chooses', () => {
    const cases = programs.map(({ code, memory }, index) => ({
      object: objectFromBytecode(code, `tree${index}.bin`),
      memory,
    }));
    const outcomes = runNative(cases, host);
    for (const [index, { object, memory }] of cases.entries()) {
      const { r0, fault } = run(object, { memory });
      assert.is(fault, undefined);
      assert.is(outcomes[index]!.r0, r0, `tree ${index + 1}`);
    }
  });
}

test('compare trees become switches', () => {
  const switches = programs.filter(({ code }, index) =>
    lowerFor(objectFromBytecode(code, `tree${index}.bin`), 'x86-64').text.includes(' switch i'),
  );
  assert.ok(switches.length > programs.length / 6, `${switches.length} of ${programs.length}`);
});

test('a switch over all the values that there are has no default', () => {
  /** A search among the numbers below 8 for a table of eight numbers, as clang makes it. */
  const search = (low: number, high: number): Draft[] => {
    if (high - low === 1) return [asm.movI(0, 100 + low * low), asm.exit];
    const middle = (low + high) / 2;
    const below = search(low, middle);
    const above = search(middle, high);
    return [asm.branchI('ge', 2, middle, below.length), ...below, ...above];
  };
  /** Branches count from where they are in the search. */
  const placed = (code: Draft[], at: number) =>
    code.map((draft, index) =>
      draft.kind === 'branch' ? { ...draft, target: at + index + 1 + draft.target } : draft,
    );
  const switchOf = (...bound: Draft[]) => {
    const start = [asm.load(2, 8, 1, 0), ...bound];
    const functions = [[...start, ...placed(search(0, 8), start.length)]];
    return lowerFor(makeObject({ functions }), 'arm64').text;
  };
  const impossible = / switch i64 [^\n]*label %impossible/;
  assert.match(switchOf(asm.aluI('and', 2, 7)), impossible);
  assert.match(switchOf(asm.aluI('mod', 2, 8)), impossible);
  assert.match(switchOf(asm.aluI('and', 2, 15)), impossible);
  assert.match(switchOf(), / switch i64 /);
  assert.not.match(switchOf(), impossible);
});

test.run();
