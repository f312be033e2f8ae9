// Random scalars of 64 bits, biased to the ends of ranges, against the interpreter's arithmetic on BigInt.
// DOMAIN_RUNS is the number of cases for each property.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arithmetic as concrete, holds, swapBytes } from '../../src/interp/arithmetic.ts';
import { type Bounds, Draft } from '../../src/verifier/domain/draft.ts';
import {
  arithmetic,
  bounds,
  constantScalar,
  contains,
  decide,
  equal,
  formatScalar,
  intersect,
  join,
  rangeScalar,
  refine,
  type Scalar,
  signExtend,
  signedRange,
  swap,
  truncate,
} from '../../src/verifier/domain/index.ts';
import { synchronise } from '../../src/verifier/domain/synchronise.ts';
import * as word from '../../src/verifier/domain/word.ts';
import { ALU, BRANCHES, knownBits, WIDTHS } from './domain-samples.ts';

const numRuns = Number(process.env.DOMAIN_RUNS ?? 4000);

const unsigned = (value: bigint) => BigInt.asUintN(64, value);
const signed = (value: bigint) => BigInt.asIntN(64, value);

const edges = [0n, 1n << 7n, 1n << 8n, 1n << 15n, 1n << 16n, 1n << 31n, 1n << 32n, 1n << 63n];

const words = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 64n }),
  fc
    .tuple(fc.constantFrom(...edges), fc.bigInt({ min: -9n, max: 9n }), fc.boolean())
    .map(([edge, by, down]) => unsigned(down ? by - edge : edge + by)),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(63))
    .map(([value, by]) => value >> BigInt(by)),
);

/** A scalar and some of its values. */
interface Sample {
  readonly scalar: Scalar;
  readonly members: readonly bigint[];
}

function between(a: bigint, b: bigint, isSigned: boolean): Sample {
  const view = isSigned ? signed : unsigned;
  const [first, second] = [view(a), view(b)];
  const [from, to] = first < second ? [first, second] : [second, first];
  const scalar = isSigned ? signedRange(from, to) : rangeScalar(from, to);
  const inner = [from + 1n, to - 1n, (from + to) >> 1n].filter((v) => v >= from && v <= to);
  return { scalar, members: [from, to, ...inner].map(unsigned) };
}

const samples: fc.Arbitrary<Sample> = fc.oneof(
  words.map((value) => ({ scalar: constantScalar(value), members: [value] })),
  fc.tuple(words, words, fc.boolean()).map(([a, b, isSigned]) => between(a, b, isSigned)),
  fc
    .tuple(words, fc.bigInt({ min: 0n, max: 64n }), fc.boolean())
    .map(([a, by, isSigned]) => between(a, unsigned(a + by), isSigned)),
  fc.tuple(words, words, words).map(([value, mask, choice]) => ({
    scalar: knownBits(value, mask),
    members: [value & ~mask, value | mask, (value & ~mask) | (choice & mask)],
  })),
  // Unions: every part says something of its own.
  fc.array(words, { minLength: 2, maxLength: 5 }).map((members) => ({
    scalar: members.map(constantScalar).reduce(join),
    members,
  })),
  // A range with known bits: what is left of a value is a value of both.
  fc.tuple(words, words, words, fc.boolean()).map(([a, b, mask, isSigned]) => {
    const range = between(a, b, isSigned);
    const scalar = intersect(range.scalar, knownBits(a, mask))!;
    return { scalar, members: range.members.filter((m) => ((m ^ a) & ~mask) === 0n) };
  }),
);

/** Membership by the bounds as integers: independent of the comparisons of the domain. */
function has(s: Bounds, value: bigint): boolean {
  const b = bounds(s);
  const low = BigInt.asUintN(32, value);
  const signedLow = BigInt.asIntN(32, value);
  return (
    (value & ~b.mask) === b.value &&
    b.umin <= value &&
    value <= b.umax &&
    b.smin <= signed(value) &&
    signed(value) <= b.smax &&
    b.umin32 <= low &&
    low <= b.umax32 &&
    b.smin32 <= signedLow &&
    signedLow <= b.smax32
  );
}

/** What every scalar must be: its own synchronisation, with `value` 0 where `mask` is 1. */
function checkSettled(s: Scalar): void {
  assert.is((s.valueLow & s.maskLow) | (s.valueHigh & s.maskHigh), 0, formatScalar(s));
  const again = new Draft();
  again.load(s);
  assert.ok(synchronise(again), formatScalar(s));
  assert.ok(equal(again, s), `${formatScalar(s)} settles further to ${formatScalar(again)}`);
}

test('arithmetic contains the results of the values', () => {
  fc.assert(
    fc.property(
      samples,
      samples,
      fc.constantFrom(...ALU),
      fc.constantFrom(...WIDTHS),
      (left, right, operator, width) => {
        const result = arithmetic(operator, width, left.scalar, right.scalar);
        checkSettled(result);
        for (const l of left.members) {
          for (const r of right.members) {
            const value = concrete(operator, width, l, r);
            if (!has(result, value)) {
              assert.unreachable(`${formatScalar(result)} lacks ${value}, of ${l} and ${r}`);
            }
          }
        }
        if (left.scalar.isConstant && right.scalar.isConstant) assert.ok(result.isConstant);
      },
    ),
    { numRuns: numRuns * 3 },
  );
});

test('branches are decided and refined', () => {
  fc.assert(
    fc.property(
      samples,
      samples,
      fc.constantFrom(...BRANCHES),
      fc.constantFrom(...WIDTHS),
      (left, right, operator, width) => {
        const decided = decide(operator, width, left.scalar, right.scalar);
        const taken = refine(operator, width, true, left.scalar, right.scalar);
        const passed = refine(operator, width, false, left.scalar, right.scalar);
        for (const l of left.members) {
          for (const r of right.members) {
            const outcome = holds(operator, width, l, r);
            if (decided !== undefined) assert.is(decided, outcome, `${l} ${operator} ${r}`);
            const edge = outcome ? taken : passed;
            if (!edge || !has(edge[0], l) || !has(edge[1], r)) {
              assert.unreachable(`${edge?.map(formatScalar)} lacks ${l} or ${r}`);
            }
          }
        }
        if (decided === true) assert.is(passed, undefined);
        if (decided === false) assert.is(taken, undefined);
        for (const edge of [taken, passed]) {
          if (!edge) continue;
          edge.forEach(checkSettled);
          assert.ok(contains(left.scalar, edge[0]) && contains(right.scalar, edge[1]));
        }
      },
    ),
    { numRuns: numRuns * 3 },
  );
});

test('conversions contain the results of the values', () => {
  fc.assert(
    fc.property(samples, ({ scalar, members }) => {
      const check = (result: Scalar, exact: (value: bigint) => bigint) => {
        checkSettled(result);
        for (const value of members) {
          if (!has(result, exact(value))) {
            assert.unreachable(`${formatScalar(result)} lacks ${exact(value)}, of ${value}`);
          }
        }
      };
      for (const bytes of [1, 2, 4, 8] as const) {
        check(truncate(scalar, bytes), (value) => BigInt.asUintN(bytes * 8, value));
      }
      for (const bits of [8, 16, 32] as const) {
        for (const width of WIDTHS) {
          check(signExtend(width, bits, scalar), (value) =>
            BigInt.asUintN(width, BigInt.asIntN(bits, value)),
          );
        }
      }
      for (const bits of [16, 32, 64] as const) {
        check(swap('swap', bits, scalar), (value) => swapBytes(value, bits));
        check(swap('be', bits, scalar), (value) => swapBytes(value, bits));
        check(swap('le', bits, scalar), (value) => BigInt.asUintN(bits, value));
      }
    }),
    { numRuns },
  );
});

test('union and intersection', () => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const union = join(a.scalar, b.scalar);
      checkSettled(union);
      for (const value of [...a.members, ...b.members]) assert.ok(has(union, value));
      assert.ok(contains(union, a.scalar) && contains(union, b.scalar));
      const common = intersect(a.scalar, b.scalar);
      if (common) {
        checkSettled(common);
        assert.ok(contains(a.scalar, common) && contains(b.scalar, common));
      }
      for (const value of a.members) {
        assert.is(has(a.scalar, value), true);
        if (has(b.scalar, value)) assert.ok(common && has(common, value));
      }
    }),
    { numRuns },
  );
});

/** A draft each of whose parts includes `value`, and says little or much. */
const drafts = fc
  .tuple(words, words, fc.array(fc.tuple(words, fc.boolean()), { minLength: 8, maxLength: 8 }))
  .map(([value, mask, choices]) => {
    const d = new Draft();
    d.clear();
    d.maskLow = word.lowOf(mask);
    d.maskHigh = word.highOf(mask);
    d.valueLow = word.lowOf(value) & ~d.maskLow;
    d.valueHigh = word.highOf(value) & ~d.maskHigh;
    const pick = (index: number, inside: (end: bigint) => boolean, least: bigint) => {
      const [end, isUsed] = choices[index]!;
      const near = value + (index % 2 === 0 ? -(end & 7n) : end & 7n);
      return isUsed && inside(unsigned(near)) ? unsigned(near) : inside(end) ? end : least;
    };
    const low = (end: bigint) => BigInt.asUintN(32, end);
    const signedLow = (end: bigint) => BigInt.asIntN(32, end);
    const umin = pick(0, (end) => end <= value, 0n);
    const umax = pick(1, (end) => end >= value, 2n ** 64n - 1n);
    const smin = pick(2, (end) => signed(end) <= signed(value), 2n ** 63n);
    const smax = pick(3, (end) => signed(end) >= signed(value), 2n ** 63n - 1n);
    d.uminLow = word.lowOf(umin);
    d.uminHigh = word.highOf(umin);
    d.umaxLow = word.lowOf(umax);
    d.umaxHigh = word.highOf(umax);
    d.sminLow = word.lowOf(smin);
    d.sminHigh = word.highOf(smin);
    d.smaxLow = word.lowOf(smax);
    d.smaxHigh = word.highOf(smax);
    d.umin32 = word.lowOf(pick(4, (end) => low(end) <= low(value), 0n));
    d.umax32 = word.lowOf(pick(5, (end) => low(end) >= low(value), 0xffff_ffffn));
    d.smin32 = word.lowOf(pick(6, (end) => signedLow(end) <= signedLow(value), 2n ** 31n));
    d.smax32 = word.lowOf(pick(7, (end) => signedLow(end) >= signedLow(value), 2n ** 31n - 1n));
    return { draft: d, value };
  });

/** Whether each part of `narrow` is included in that of `wide`. */
function isNarrower(narrow: Bounds, wide: Bounds): boolean {
  const n = bounds(narrow);
  const w = bounds(wide);
  return (
    n.umin >= w.umin &&
    n.umax <= w.umax &&
    n.smin >= w.smin &&
    n.smax <= w.smax &&
    n.umin32 >= w.umin32 &&
    n.umax32 <= w.umax32 &&
    n.smin32 >= w.smin32 &&
    n.smax32 <= w.smax32 &&
    (n.mask & ~w.mask) === 0n
  );
}

test('synchronising loses no value and only narrows', () => {
  fc.assert(
    fc.property(drafts, ({ draft, value }) => {
      const before = new Draft();
      before.load(draft);
      assert.ok(synchronise(draft), `${formatScalar(before)} has ${value}`);
      assert.ok(has(draft, value), `${formatScalar(draft)} lacks ${value}`);
      assert.ok(isNarrower(draft, before));
      const again = new Draft();
      again.load(draft);
      assert.ok(synchronise(again));
      assert.ok(equal(again, draft), `${formatScalar(draft)}, again: ${formatScalar(again)}`);
    }),
    { numRuns: numRuns * 4 },
  );
});

test('words of two halves are words', () => {
  const big = word.unsignedBig;
  fc.assert(
    fc.property(words, words, fc.nat(63), (a, b, amount) => {
      const [aLow, aHigh] = [word.lowOf(a), word.highOf(a)];
      const [bLow, bHigh] = [word.lowOf(b), word.highOf(b)];
      const is = (low: number, high: number, exact: bigint) => {
        assert.is(low, low | 0);
        assert.is(high, high | 0);
        assert.is(big(low, high), unsigned(exact));
      };
      is(aLow, aHigh, a);
      is((aLow + bLow) | 0, word.addHigh(aLow, aHigh, bLow, bHigh), a + b);
      is((aLow - bLow) | 0, word.subtractHigh(aLow, aHigh, bLow, bHigh), a - b);
      is(Math.imul(aLow, bLow), word.multiplyHigh(aLow, aHigh, bLow, bHigh), a * b);
      assert.is(word.productOverflows(aLow, aHigh, bLow, bHigh), a * b >= 2n ** 64n);
      assert.is(word.below(aLow, aHigh, bLow, bHigh), a < b);
      assert.is(word.less(aLow, aHigh, bLow, bHigh), signed(a) < signed(b));
      const by = BigInt(amount);
      is(word.shiftLeftLow(aLow, amount), word.shiftLeftHigh(aLow, aHigh, amount), a << by);
      is(word.shiftRightLow(aLow, aHigh, amount), word.shiftRightHigh(aHigh, amount), a >> by);
      is(
        word.shiftSignedLow(aLow, aHigh, amount),
        word.shiftSignedHigh(aHigh, amount),
        signed(a) >> by,
      );
      assert.is(BigInt(word.reverseBytes32(aLow) >>> 0), swapBytes(a, 32));
      assert.is(word.signedBig(aLow, aHigh), signed(a));
    }),
    { numRuns },
  );
});

test('numbers for bounds are exact up to 2^53 and rounded outwards beyond', () => {
  const check = (down: number, up: number, exact: bigint) => {
    assert.ok(BigInt(down) <= exact && exact <= BigInt(up));
    if (exact <= 2n ** 53n && exact >= -(2n ** 53n)) assert.is(down, up);
    // Not farther than a double's spacing at 2^64.
    assert.ok(up - down <= 2048);
  };
  fc.assert(
    fc.property(words, fc.bigInt({ min: -3n, max: 3n }), fc.boolean(), (value, by, near) => {
      const exact = near ? unsigned(2n ** 53n + by) : value;
      const s = constantScalar(exact);
      check(s.unsignedMinimum, s.unsignedMaximum, exact);
      check(s.signedMinimum, s.signedMaximum, signed(exact));
      assert.is(s.constantValue, exact);
      const number = Number(signed(exact));
      assert.is(s.constantNumber, Number.isSafeInteger(number) ? number : undefined);
      if (s.constantNumber !== undefined) assert.ok(equal(constantScalar(s.constantNumber), s));
    }),
    { numRuns },
  );
});

test.run();
