import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arithmetic as concrete, holds } from '../../src/interp/arithmetic.ts';
import type { AluOperator, BranchOperator, Width } from '../../src/isa/index.ts';
import { refine } from '../../src/verifier/facts/refine.ts';
import {
  ANY_SCALAR,
  arithmetic,
  constant,
  joinScalars,
  negate,
  range,
  reverseBytes,
  signExtend,
  truncate,
  widenScalar,
} from '../../src/verifier/facts/scalar.ts';
import type { ScalarType } from '../../src/verifier/types.ts';

const ALU: readonly AluOperator[] = [
  'add',
  'sub',
  'mul',
  'div',
  'sdiv',
  'mod',
  'smod',
  'or',
  'and',
  'xor',
  'lsh',
  'rsh',
  'arsh',
  'mov',
];
const BRANCHES: readonly BranchOperator[] = [
  'eq',
  'ne',
  'set',
  'gt',
  'ge',
  'lt',
  'le',
  'sgt',
  'sge',
  'slt',
  'sle',
];
const WIDTHS: readonly Width[] = [32, 64];

function contains(set: ScalarType, value: bigint): boolean {
  return value >= set.minimum && value <= set.maximum && value % BigInt(set.alignment) === 0n;
}

function show(set: ScalarType): string {
  return `[${set.minimum}, ${set.maximum}]/${set.alignment}`;
}

/** Sets with all their members, at each of the places where 32 and 64 bits wrap. */
function smallSets(): { readonly set: ScalarType; readonly members: readonly bigint[] }[] {
  const bases = [0n, (1n << 31n) - 3n, (1n << 32n) - 3n, (1n << 63n) - 3n, (1n << 64n) - 6n];
  const sets: { set: ScalarType; members: bigint[] }[] = [];
  for (const base of bases) {
    for (const [low, high] of [
      [0n, 0n],
      [3n, 3n],
      [0n, 5n],
      [1n, 4n],
      [2n, 3n],
    ] as const) {
      for (const alignment of [1, 2, 4]) {
        const members: bigint[] = [];
        for (let value = base + low; value <= base + high; value++) {
          if (value % BigInt(alignment) === 0n) members.push(value);
        }
        if (members.length > 0)
          sets.push({ set: range(base + low, base + high, alignment), members });
      }
    }
  }
  return sets;
}

const SMALL = smallSets();

test('arithmetic on small sets holds every result', () => {
  for (const operator of ALU) {
    for (const width of WIDTHS) {
      for (const left of SMALL) {
        for (const right of SMALL) {
          const result = arithmetic(operator, width, left.set, right.set);
          for (const a of left.members) {
            for (const b of right.members) {
              const value = concrete(operator, width, a, b);
              if (contains(result, value)) continue;
              const what = `${show(left.set)} ${operator}${width} ${show(right.set)}`;
              assert.unreachable(`${what} = ${show(result)} lacks ${value} of ${a}, ${b}`);
            }
          }
        }
      }
    }
  }
});

test('refinement on small sets keeps every pair for which the branch goes that way', () => {
  for (const operator of BRANCHES) {
    for (const width of WIDTHS) {
      for (const left of SMALL) {
        for (const right of SMALL) {
          for (const taken of [true, false]) {
            const refined = refine(operator, width, left.set, right.set, taken);
            for (const a of left.members) {
              for (const b of right.members) {
                if (holds(operator, width, a, b) !== taken) continue;
                const kept =
                  refined !== undefined && contains(refined[0], a) && contains(refined[1], b);
                if (kept) continue;
                const what = `${show(left.set)} ${operator}${width} ${show(right.set)} ${taken}`;
                assert.unreachable(`${what} loses ${a}, ${b}`);
              }
            }
          }
        }
      }
    }
  }
});

test('joins and widenings hold both sides, and widening ends', () => {
  for (const { set: a, members } of SMALL) {
    for (const { set: b, members: others } of SMALL) {
      const joined = joinScalars(a, b);
      const widened = widenScalar(a, joined, [7n, 255n]);
      for (const value of [...members, ...others]) {
        assert.ok(contains(joined, value));
        assert.ok(contains(widened, value));
      }
    }
  }
  let state = constant(0n);
  let steps = 0;
  for (; steps < 10; steps++) {
    const grown = joinScalars(state, arithmetic('add', 64, state, constant(1n)));
    const next = widenScalar(state, grown, [100n]);
    if (next.maximum === state.maximum) break;
    state = next;
  }
  assert.is(steps, 2);
  assert.is(state.maximum, ANY_SCALAR.maximum);
});

/** A set and one member of it. */
const setWithMember = fc
  .tuple(fc.bigInt(0n, (1n << 64n) - 1n), fc.nat(64), fc.nat(64), fc.nat(4))
  .map(([value, below, above, power]) => {
    const alignment = 2 ** power;
    const member = value - (value % BigInt(alignment));
    const least = member >> BigInt(below);
    const span = (1n << BigInt(above)) - 1n;
    const most = member + span >= 1n << 64n ? (1n << 64n) - 1n : member + span;
    return {
      member,
      set: below === 0 && above === 0 ? constant(member) : range(least, most, alignment),
    };
  });

test('arithmetic on large sets holds the result of any members', () => {
  fc.assert(
    fc.property(
      setWithMember,
      setWithMember,
      fc.constantFrom(...ALU),
      fc.constantFrom(...WIDTHS),
      (left, right, operator, width) =>
        contains(
          arithmetic(operator, width, left.set, right.set),
          concrete(operator, width, left.member, right.member),
        ),
    ),
    { numRuns: 20_000 },
  );
});

test('refinement of large sets keeps members', () => {
  fc.assert(
    fc.property(
      setWithMember,
      setWithMember,
      fc.constantFrom(...BRANCHES),
      fc.constantFrom(...WIDTHS),
      (left, right, operator, width) => {
        const taken = holds(operator, width, left.member, right.member);
        const refined = refine(operator, width, left.set, right.set, taken);
        return (
          refined !== undefined &&
          contains(refined[0], left.member) &&
          contains(refined[1], right.member)
        );
      },
    ),
    { numRuns: 20_000 },
  );
});

test('operations on one value hold its result', () => {
  fc.assert(
    fc.property(setWithMember, ({ set, member }) => {
      for (const bits of [8, 16, 32] as const) {
        assert.ok(contains(truncate(set, bits), BigInt.asUintN(bits, member)));
        for (const width of WIDTHS) {
          const extended = BigInt.asUintN(width, BigInt.asIntN(bits, member));
          assert.ok(contains(signExtend(width, bits, set), extended));
        }
      }
      for (const width of WIDTHS) {
        const low = width === 32 ? truncate(set, 32) : set;
        assert.ok(contains(negate(width, low), BigInt.asUintN(width, -member)));
      }
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setBigUint64(0, member, true);
      assert.ok(contains(reverseBytes(64, set), bytes.getBigUint64(0, false)));
      assert.ok(contains(reverseBytes(16, set), BigInt(bytes.getUint16(0, false))));
    }),
    { numRuns: 5000 },
  );
});

test('known operands give known results', () => {
  assert.equal(arithmetic('add', 64, constant(-1n), constant(2n)), constant(1n));
  assert.equal(arithmetic('add', 32, constant(0xffffffffn), constant(1n)), constant(0n));
  assert.equal(arithmetic('sdiv', 64, constant(1n << 63n), constant(-1n)), constant(1n << 63n));
  assert.equal(arithmetic('div', 64, constant(5n), constant(0n)), constant(0n));
  assert.equal(arithmetic('mod', 64, constant(5n), constant(0n)), constant(5n));
  assert.equal(arithmetic('and', 64, ANY_SCALAR, constant(0x38n)), range(0n, 0x38n, 8));
  assert.equal(arithmetic('lsh', 64, range(0n, 7n), constant(3n)), range(0n, 56n, 8));
  assert.equal(arithmetic('mod', 64, ANY_SCALAR, constant(10n)), range(0n, 9n));
  assert.equal(refine('lt', 64, ANY_SCALAR, constant(64n), true)?.[0], range(0n, 63n));
  assert.equal(refine('sgt', 64, range(0n, 100n), constant(-1n), false), undefined);
  assert.equal(refine('slt', 32, range(0n, 0x7fffffffn), constant(9n), true)?.[0], range(0n, 8n));
});

test.run();
