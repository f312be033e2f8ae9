import { holds } from '../../src/interp/arithmetic.ts';
import type { AluOperator, BranchOperator } from '../../src/isa/index.ts';
import { draft } from '../../src/verifier/domain/draft.ts';
import {
  constantScalar,
  intersect,
  rangeScalar,
  type Scalar,
  signedRange,
} from '../../src/verifier/domain/index.ts';
import { settle } from '../../src/verifier/domain/scalar.ts';
import { highOf, lowOf } from '../../src/verifier/domain/word.ts';

export const ALU: readonly AluOperator[] = [
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

export const BRANCHES: readonly BranchOperator[] = [
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

export const WIDTHS = [32, 64] as const;

/** Scalars with some of the values that they stand for, as positions in one list of words. */
export interface SampleSet {
  readonly words: readonly bigint[];
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly scalar: Scalar;
  readonly members: readonly number[];
}

/** The scalar of which only known bits are given. */
export function knownBits(value: bigint, mask: bigint): Scalar {
  draft.clear();
  draft.valueLow = lowOf(value & ~mask);
  draft.valueHigh = highOf(value & ~mask);
  draft.maskLow = lowOf(mask);
  draft.maskHigh = highOf(mask);
  return settle()!;
}

/** All known bits of `count` bits, as value and mask. */
function allKnownBits(count: number): readonly (readonly [number, number])[] {
  const all: [number, number][] = [];
  for (let mask = 0; mask < 2 ** count; mask++) {
    for (let value = 0; value < 2 ** count; value++) {
      if ((value & mask) === 0) all.push([value, mask]);
    }
  }
  return all;
}

function allRanges(count: number): readonly (readonly [number, number])[] {
  const all: [number, number][] = [];
  for (let from = 0; from < 2 ** count; from++) {
    for (let to = from; to < 2 ** count; to++) all.push([from, to]);
  }
  return all;
}

const positions = (count: number, keep: (word: number) => boolean): readonly number[] =>
  Array.from({ length: 2 ** count }, (_, word) => word).filter(keep);

/** The words whose `count` bits from `shift` on take every value and whose other bits are those of `filler`. */
function field(count: number, shift: number, filler: bigint): (bits: number) => bigint {
  const rest = BigInt.asUintN(64, filler) & ~(BigInt(2 ** count - 1) << BigInt(shift));
  return (bits) => BigInt.asUintN(64, rest | (BigInt(bits) << BigInt(shift)));
}

/** Every choice of known bits in such a field. */
export function knownBitsAt(count: number, shift: number, filler: bigint): SampleSet {
  const word = field(count, shift, filler);
  return {
    words: positions(count, () => true).map(word),
    samples: allKnownBits(count).map(([value, mask]) => ({
      scalar: knownBits(word(value), BigInt.asUintN(64, BigInt(mask) << BigInt(shift))),
      members: positions(count, (bits) => (bits & ~mask) === value),
    })),
  };
}

/** Every range, in either order, between two words of such a field. */
export function rangesAt(count: number, shift: number, filler: bigint): SampleSet {
  const word = field(count, shift, filler);
  const samples = allRanges(count).flatMap(([from, to]) => {
    const members = positions(count, (bits) => bits >= from && bits <= to);
    const low = BigInt.asIntN(64, word(from));
    const high = BigInt.asIntN(64, word(to));
    const unsigned = { scalar: rangeScalar(word(from), word(to)), members };
    // Above 0 the signed range is the same scalar.
    if (low > high || low >= 0n) return [unsigned];
    return [unsigned, { scalar: signedRange(low, high), members }];
  });
  return { words: positions(count, () => true).map(word), samples };
}

/** Both. */
export function bitsAt(count: number, shift: number, filler: bigint): SampleSet {
  const { words, samples } = knownBitsAt(count, shift, filler);
  return { words, samples: [...samples, ...rangesAt(count, shift, filler).samples] };
}

/**
 * The 2^count words around `centre`, in every range of one order or the other, alone and with their low
 * bits known; and in the ranges of their low halves with nothing known of the high ones.
 */
export function around(count: number, centre: bigint): SampleSet {
  const half = 2 ** (count - 1);
  const word = (index: number) => BigInt.asUintN(64, centre + BigInt(index - half));
  const words = positions(count, () => true).map(word);
  const samples: Sample[] = [];
  for (const [from, to] of allRanges(count)) {
    const inside = (index: number) => index >= from && index <= to;
    for (const range of rangesBetween(word(from), word(to))) {
      samples.push({ scalar: range, members: positions(count, inside) });
      for (const mask of [~1n, ~2n]) {
        const fixed = word(from) & ~mask;
        const both = intersect(range, knownBits(fixed, BigInt.asUintN(64, mask)))!;
        const members = positions(
          count,
          (index) => inside(index) && (word(index) & ~mask) === fixed,
        );
        samples.push({ scalar: both, members });
      }
    }
  }
  return { words, samples };
}

/** The ranges from one word to another in each order in which they are one, of 64 and of 32 bits. */
function rangesBetween(from: bigint, to: bigint): readonly Scalar[] {
  const ranges: Scalar[] = [];
  if (from <= to) ranges.push(rangeScalar(from, to));
  if (BigInt.asIntN(64, from) <= BigInt.asIntN(64, to)) {
    ranges.push(signedRange(BigInt.asIntN(64, from), BigInt.asIntN(64, to)));
  }
  draft.clear();
  draft.umin32 = lowOf(from);
  draft.umax32 = lowOf(to);
  if (draft.umin32 >>> 0 <= draft.umax32 >>> 0) ranges.push(settle()!);
  draft.clear();
  draft.smin32 = lowOf(from);
  draft.smax32 = lowOf(to);
  if (draft.smin32 <= draft.smax32) ranges.push(settle()!);
  return ranges;
}

/** Where words wrap or change sign: the sets that every operation is tried on. */
export function interestingSets(count: number): readonly SampleSet[] {
  return [
    bitsAt(count, 0, 0n),
    bitsAt(count, 0, -1n),
    bitsAt(count, 32 - (count >> 1), 0n),
    bitsAt(count, 31 - (count >> 1), -1n),
    bitsAt(count, 64 - count, 0n),
    bitsAt(count, 64 - count, 1n),
    around(count, 0n),
    around(count, 32n),
    around(count, 2n ** 31n),
    around(count, 2n ** 32n),
    around(count, -(2n ** 31n)),
    around(count, 2n ** 63n),
  ];
}

/** A table of results, as scalars, so that the reference is computed once for each pair of words. */
export function tabulate(
  left: readonly bigint[],
  right: readonly bigint[],
  compute: (left: bigint, right: bigint) => bigint,
): readonly (readonly Scalar[])[] {
  return left.map((l) => right.map((r) => constantScalar(compute(l, r))));
}

export function tabulateBranch(
  operator: BranchOperator,
  width: 32 | 64,
  left: readonly bigint[],
  right: readonly bigint[],
): readonly (readonly boolean[])[] {
  return left.map((l) => right.map((r) => holds(operator, width, l, r)));
}
