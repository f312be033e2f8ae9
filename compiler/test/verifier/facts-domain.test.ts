import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  arithmetic,
  constantScalar,
  contains,
  equal,
  join,
  NO_THRESHOLDS,
  rangeScalar,
  refine,
  type Scalar,
  signedRange,
  Thresholds,
  toMultiples,
  UNKNOWN,
  widen,
} from '../../src/verifier/domain/index.ts';
import {
  alignmentOf,
  constant,
  joinScalars,
  scalarType,
  widenScalar,
} from '../../src/verifier/facts/integer.ts';

const THRESHOLDS = new Thresholds([-9, -1, 7, 64, 0xff, 0xffff_ffff, (1n << 63n) - 1n]);

const word = fc.oneof(
  fc.bigInt(0n, (1n << 64n) - 1n),
  fc.bigInt(-70n, 70n).map((value) => BigInt.asUintN(64, value)),
  fc.bigInt((1n << 31n) - 5n, (1n << 32n) + 5n),
);

/** A scalar of many shapes, and a value that is in it. */
const member = fc
  .tuple(word, word, fc.nat(7), fc.nat(5))
  .map(([value, other, shape, power]): { readonly range: Scalar; readonly value: bigint } => {
    const signed = BigInt.asIntN(64, value);
    const step = 1n << BigInt(power);
    switch (shape) {
      case 0:
        return { range: constantScalar(value), value };
      case 1:
        return value <= other
          ? { range: rangeScalar(value, other), value }
          : { range: rangeScalar(other, value), value };
      case 2: {
        const second = BigInt.asIntN(64, other);
        return signed <= second
          ? { range: signedRange(signed, second), value }
          : { range: signedRange(second, signed), value };
      }
      case 3:
        return {
          range: arithmetic('and', 64, UNKNOWN, constantScalar(other)),
          value: value & other,
        };
      case 4:
        return {
          range: arithmetic('or', 64, UNKNOWN, constantScalar(other)),
          value: value | other,
        };
      case 5: {
        const range = arithmetic('mul', 64, rangeScalar(0, 1000), constantScalar(step));
        return { range, value: (value % 1001n) * step };
      }
      case 6:
        return {
          range: arithmetic('add', 32, rangeScalar(0, 9), constantScalar(other)),
          value: BigInt.asUintN(32, (value % 10n) + other),
        };
      default:
        return { range: UNKNOWN, value };
    }
  });

test('joins and widenings hold both sides', () => {
  fc.assert(
    fc.property(member, member, (a, b) => {
      const joined = join(a.range, b.range);
      for (const thresholds of [THRESHOLDS, NO_THRESHOLDS]) {
        const widened = widen(a.range, joined, thresholds);
        assert.ok(contains(widened, toMultiples(joined)));
        for (const { value } of [a, b]) assert.ok(contains(widened, constantScalar(value)));
      }
    }),
    { numRuns: 20_000 },
  );
});

test('widening ends, whatever arrives', () => {
  // The bits above the lowest that changes go at once; each range goes through its thresholds.
  const most = 4 * 2 * 8 + 64;
  fc.assert(
    fc.property(fc.array(member, { minLength: 100, maxLength: 200 }), (arriving) => {
      for (const [thresholds, limit] of [
        [THRESHOLDS, most] as const,
        [NO_THRESHOLDS, 80] as const,
      ]) {
        let state = arriving[0]!.range;
        let steps = 0;
        for (const { range } of [...arriving, ...arriving]) {
          const next = widen(state, join(state, range), thresholds);
          if (next !== state) steps++;
          assert.ok(contains(next, toMultiples(state)));
          state = next;
        }
        assert.ok(steps < limit, `${steps} steps`);
      }
    }),
    { numRuns: 300 },
  );
});

test('a counter settles in a few rounds', () => {
  for (const stride of [1, 4, 24, -1]) {
    let state = constantScalar(0);
    let rounds = 0;
    for (; ; rounds++) {
      const grown = arithmetic('add', 64, state, constantScalar(stride));
      const next = widen(state, join(state, grown), new Thresholds([100]));
      if (next === state) break;
      state = next;
    }
    assert.ok(rounds <= 6, `${rounds} rounds of ${stride}`);
    assert.is(alignmentOf(state), stride & -stride);
  }
});

test('a counter that ends at a bound stays below it', () => {
  for (const [stride, end] of [
    [4, 192],
    [8, 4096],
    [2, 1500],
    [3, 30_000],
    [1, 77],
  ] as const) {
    const thresholds = new Thresholds([0xff, 0xffff, 64, end - 1, end, end + 1]);
    let state = constantScalar(0);
    for (let rounds = 0; ; rounds++) {
      assert.ok(rounds < 20);
      const grown = arithmetic('add', 64, state, constantScalar(stride));
      const operator = stride === 3 ? 'lt' : 'ne';
      const [again] = refine(operator, 64, true, grown, constantScalar(end))!;
      const next = widen(state, join(state, toMultiples(again)), thresholds);
      if (next === state) break;
      state = next;
    }
    assert.ok(state.unsignedMaximum < end && state.signedMinimum === 0, `${stride} to ${end}`);
  }
});

test('bounds become multiples of what divides every value', () => {
  const multiples = (least: number, most: number, step: number) =>
    toMultiples(
      join(
        arithmetic('and', 64, rangeScalar(least, most), constantScalar(-step)),
        constantScalar(Math.ceil(least / step) * step),
      ),
    );
  assert.is(multiples(3, 63, 4).unsignedMaximum, 60);
  const counter = arithmetic('and', 64, rangeScalar(0, 64), constantScalar(-4));
  const [below] = refine('ne', 64, true, counter, constantScalar(64))!;
  assert.is(toMultiples(below).unsignedMaximum, 60);
  assert.is(toMultiples(below).signedMaximum, 60);
  fc.assert(
    fc.property(
      member,
      member,
      fc.constantFrom('lt', 'gt', 'slt', 'sgt', 'ne'),
      (a, b, operator) => {
        for (const taken of [true, false]) {
          const refined = refine(operator, 64, taken, a.range, b.range);
          for (const [index, range] of (refined ?? []).entries()) {
            const rounded = toMultiples(range);
            assert.ok(contains(range, rounded));
            const { value } = [a, b][index]!;
            if (contains(range, constantScalar(value))) {
              assert.ok(contains(rounded, constantScalar(value)), `${value}`);
            }
          }
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

test('types come back as they were where nothing is new', () => {
  const some = scalarType(rangeScalar(0, 100));
  assert.is(joinScalars(some, constant(7)), some);
  assert.is(joinScalars(constant(7), some), some);
  assert.is(widenScalar(some, scalarType(rangeScalar(1, 100)), THRESHOLDS), some);
  const widened = widenScalar(some, scalarType(rangeScalar(0, 101)), THRESHOLDS);
  // The threshold is 255, but no bit above the seventh has been seen.
  assert.ok(equal(widened.range, rangeScalar(0, 0x7f)));
});

test.run();
