/** What is known of integers takes masks, checks and extensions away, and never changes a result. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../src/interp/index.ts';
import { isSignExtended, isWithinMask } from '../../src/lower/ranges.ts';
import type { BpfObject } from '../../src/object/index.ts';
import { targets } from '../../src/target/index.ts';
import { rangeScalar, type Scalar, signedRange } from '../../src/verifier/domain/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';
import { Random } from '../support/random.ts';
import { lowerFor, missingTool, runNative } from './native.ts';

/** The body of a function that works on the numbers at 0 and 8 of its memory. */
function body(...code: Draft[]): string {
  const load = [asm.load(2, 8, 1, 0), asm.load(3, 8, 1, 8)];
  const object = makeObject({ functions: [[...load, ...code, asm.movR(0, 2), asm.exit]] });
  const { text } = lowerFor(object, 'x86-64');
  const found = /define [^\n]*made__main[\s\S]*?\n}/.exec(text);
  assert.ok(found, text);
  return found![0];
}

/** Loads a register again, as an integer of 32 bits: any 64 bits in memory may be an address. */
const signed = (register: 2 | 3) => asm.load(register, 4, 1, 8 * (register - 2), true);
const mask = (register: number, bits: number) => asm.aluI('and', register, 2 ** bits - 1);

test('amounts below the width are not masked', () => {
  const masks = (text: string) => text.match(/ and i/g)?.length ?? 0;
  for (const operator of ['lsh', 'rsh', 'arsh'] as const) {
    assert.is(masks(body(asm.aluR(operator, 2, 3))), 1);
    assert.is(masks(body(asm.aluR(operator, 2, 3, 32))), 1);
    // The one mask is that of the program.
    assert.is(masks(body(mask(3, 6), asm.aluR(operator, 2, 3))), 1);
    assert.is(masks(body(mask(3, 5), asm.aluR(operator, 2, 3, 32))), 1);
    assert.is(masks(body(mask(3, 6), asm.aluR(operator, 2, 3, 32))), 2);
  }
});

test('masks that keep everything are not written', () => {
  const masks = (text: string) => text.match(/ and i/g)?.length ?? 0;
  assert.is(masks(body(mask(2, 8), mask(2, 8))), 1);
  assert.is(masks(body(mask(2, 8), mask(2, 16))), 1);
  assert.is(masks(body(mask(2, 8), mask(2, 7))), 2);
  assert.is(masks(body(mask(2, 8), asm.aluI('and', 2, -1, 32))), 1);
  assert.is(masks(body(asm.aluI('and', 2, -1, 32))), 1);
});

test('divisors that are known not to be special are not checked', () => {
  const checks = (text: string) => text.match(/icmp eq/g)?.length ?? 0;
  for (const operator of ['div', 'mod'] as const) {
    assert.is(checks(body(asm.aluR(operator, 2, 3))), 1);
    assert.is(checks(body(signed(3), asm.aluI('or', 3, 16), asm.aluR(operator, 2, 3))), 0);
  }
  for (const operator of ['sdiv', 'smod'] as const) {
    assert.is(checks(body(asm.aluR(operator, 2, 3))), 2);
    // -1 remains possible, or 0.
    assert.is(checks(body(signed(3), asm.aluI('or', 3, 16), asm.aluR(operator, 2, 3))), 1);
    assert.is(checks(body(signed(3), asm.aluI('and', 3, -3), asm.aluR(operator, 2, 3))), 1);
    // INT_MIN is not what is divided.
    assert.is(checks(body(signed(2), asm.aluR(operator, 2, 3))), 1);
    const positive = body(
      mask(2, 31),
      asm.aluI('mul', 2, 1 << 20),
      mask(3, 20),
      asm.aluR(operator, 2, 3),
    );
    assert.match(positive, operator === 'sdiv' ? /\budiv i64/ : /\burem i64/);
  }
});

test('short divisions are made short', () => {
  for (const operator of ['div', 'mod', 'sdiv', 'smod'] as const) {
    const text = body(mask(2, 31), asm.aluI('rsh', 3, 32), asm.aluR(operator, 2, 3));
    assert.match(text, operator.endsWith('div') ? /udiv i32/ : /urem i32/);
    assert.not.match(body(asm.aluR(operator, 2, 3)), /(div|rem) i32/);
  }
});

test('numbers that are known are written as numbers', () => {
  const text = body(mask(2, 4), asm.aluI('rsh', 2, 4), asm.aluI('add', 2, 7));
  assert.match(text, /ret i64 7/);
});

const word = fc.oneof(
  fc.bigInt(0n, (1n << 64n) - 1n),
  fc.bigInt(0n, 300n),
  fc.bigInt((1n << 63n) - 70_000n, (1n << 63n) + 70_000n),
  fc.bigInt((1n << 64n) - 70_000n, (1n << 64n) - 1n),
  fc.bigInt((1n << 31n) - 9n, (1n << 32n) + 9n),
);

/** A range and a value in it. */
const within = fc.tuple(word, word, fc.boolean()).map(([a, b, isSigned]) => {
  const [x, y] = isSigned ? [BigInt.asIntN(64, a), BigInt.asIntN(64, b)] : [a, b];
  const [low, high] = x <= y ? [x, y] : [y, x];
  const range: Scalar = isSigned ? signedRange(low, high) : rangeScalar(low, high);
  return { range, value: a };
});

test('nothing is promised that some value breaks', () => {
  fc.assert(
    fc.property(
      within,
      fc.integer(),
      fc.constantFrom(8, 16, 32),
      ({ range, value }, bits, from) => {
        if (isWithinMask(range, bits)) {
          assert.is(value & BigInt.asUintN(64, BigInt(bits)), value);
        }
        for (const width of [32, 64] as const) {
          if (!isSignExtended(range, width, from)) continue;
          assert.is(BigInt.asUintN(width, BigInt.asIntN(from, value)), value);
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

const OPERATORS = 'add sub mul div sdiv mod smod and or xor lsh rsh arsh mov'.split(
  ' ',
) as readonly (typeof asm.aluI extends (operator: infer O, ...rest: never[]) => unknown
  ? O
  : never)[];

/** Brings a register near an edge of what is known of it. */
function bounded(random: Random, register: number): readonly Draft[] {
  const shift = random.below(64);
  switch (random.below(7)) {
    case 0:
      return [asm.aluI('and', register, random.immediate())];
    case 1:
      return [asm.aluI('rsh', register, shift)];
    case 2:
      return [asm.aluI('arsh', register, shift)];
    case 3:
      return [asm.aluI('or', register, random.immediate())];
    case 4:
      return [asm.aluI('mov', register, random.immediate(), random.pick([32, 64]))];
    case 5:
      return [asm.aluI('rsh', register, shift), asm.aluI('add', register, random.immediate())];
    default:
      return [asm.aluI('and', register, random.immediate(), 32)];
  }
}

/** Sums up what operations give on numbers of which something is known. */
function program(seed: number): { readonly object: BpfObject; readonly memory: Uint8Array } {
  const random = new Random(seed);
  const code: Draft[] = [asm.movR(6, 1), asm.movI(0, 1)];
  const memory = Buffer.alloc(64);
  for (let at = 0; at < 64; at += 8) {
    const value = random.chance(0.5) ? random.immediate() : random.word();
    memory.writeBigInt64LE(BigInt.asIntN(64, BigInt(value) << BigInt(random.below(33))), at);
  }
  for (let round = 0; round < 8; round++) {
    const width = random.pick([32, 64] as const);
    code.push(asm.load(2, 8, 6, 8 * random.below(8)), asm.load(3, 8, 6, 8 * random.below(8)));
    code.push(...bounded(random, 2), ...bounded(random, 3));
    if (random.chance(0.3)) {
      const operator = random.pick(['lt', 'gt', 'slt', 'sgt', 'eq', 'ne', 'set'] as const);
      code.push(asm.branchI(operator, random.pick([2, 3]), random.immediate(), code.length + 2));
    }
    code.push(asm.aluR(random.pick(OPERATORS), 2, 3, width));
    if (random.chance(0.3)) {
      const bits = random.pick([8, 16, 32] as const);
      code.push({ kind: 'move_sign_extend', width: 64, bits, destination: 2, source: 2 });
    }
    code.push(asm.aluI('mul', 0, 31), asm.aluR('add', 0, 2));
  }
  const object = makeObject({ functions: [[...code, asm.exit]] });
  return { object: { ...object, name: `ranges${seed}` }, memory };
}

for (const { name } of targets()) {
  const missing = missingTool(name);
  if (missing !== undefined) {
    console.log(`skip: arithmetic in native code of ${name}: ${missing} is not there`);
    continue;
  }
  test(`${name}: native arithmetic gives what the interpreter gives`, () => {
    const first = Number(process.env.RANGE_SEED ?? 1);
    const count = Number(process.env.RANGE_PROGRAMS ?? 120);
    const cases = Array.from({ length: count }, (_, index) => program(first + index));
    const outcomes = runNative(cases, name);
    for (const [index, { object, memory }] of cases.entries()) {
      const { r0, fault } = run(object, { memory });
      assert.is(fault, undefined);
      assert.is(outcomes[index]!.r0, r0, `program ${first + index}`);
    }
  });
}

test.run();
