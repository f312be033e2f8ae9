/**
 * Upper bounds of scalars that are reached in few steps, for analyses that go round loops until nothing
 * new is learned.
 *
 * Soundness. `widen` starts from a scalar that holds and only moves bounds outwards and forgets bits.
 * `toMultiples` drops only words that the known low bits exclude.
 *
 * Termination. Each range moves through the thresholds and then to its end; known bits are forgotten from
 * the lowest changed one upwards. What making the parts agree takes back does not count as a step: where
 * a part of the result is smaller than it was, all of it is given up.
 */
import { draft } from './draft.ts';
import { contains, trailingZeroes } from './order.ts';
import { finish, type Scalar, settle, UNKNOWN } from './scalar.ts';
import { addHigh, below, below32, highOf, INT32_MAXIMUM, less, lowOf } from './word.ts';

/** A 64-bit word by its halves. */
interface Word {
  readonly low: number;
  readonly high: number;
}

function ascending(words: readonly Word[], isBefore: typeof below): readonly Word[] {
  return [...words].sort((a, b) =>
    isBefore(a.low, a.high, b.low, b.high) ? -1 : isBefore(b.low, b.high, a.low, a.high) ? 1 : 0,
  );
}

/** Where bounds that move may come to rest. */
export class Thresholds {
  readonly unsigned: readonly Word[];
  readonly signed: readonly Word[];
  /** Of the low half: the values as int32. */
  readonly signed32: readonly number[];
  readonly unsigned32: readonly number[];

  /** Takes each value as 64-bit and, by its low half, as 32-bit threshold. */
  constructor(values: readonly (number | bigint)[]) {
    const words = values.map((value) => ({ low: lowOf(value), high: highOf(value) }));
    const halves = words.map(({ low }) => low);
    this.unsigned = ascending(words, below);
    this.signed = ascending(words, less);
    this.signed32 = [...halves].sort((a, b) => a - b);
    this.unsigned32 = [...halves].sort((a, b) => (a >>> 0) - (b >>> 0));
  }
}

/** No thresholds: a bound that moves is given up. */
export const NO_THRESHOLDS = new Thresholds([]);

function widenUnsigned(old: Scalar, joined: Scalar, thresholds: Thresholds): void {
  if (below(joined.uminLow, joined.uminHigh, old.uminLow, old.uminHigh)) {
    const next = thresholds.unsigned.findLast(
      ({ low, high }) => !below(joined.uminLow, joined.uminHigh, low, high),
    );
    draft.uminLow = next?.low ?? 0;
    draft.uminHigh = next?.high ?? 0;
  }
  if (below(old.umaxLow, old.umaxHigh, joined.umaxLow, joined.umaxHigh)) {
    const next = thresholds.unsigned.find(
      ({ low, high }) => !below(low, high, joined.umaxLow, joined.umaxHigh),
    );
    draft.umaxLow = next?.low ?? -1;
    draft.umaxHigh = next?.high ?? -1;
  }
}

function widenSigned(old: Scalar, joined: Scalar, thresholds: Thresholds): void {
  if (less(joined.sminLow, joined.sminHigh, old.sminLow, old.sminHigh)) {
    const next = thresholds.signed.findLast(
      ({ low, high }) => !less(joined.sminLow, joined.sminHigh, low, high),
    );
    draft.sminLow = next?.low ?? 0;
    draft.sminHigh = next?.high ?? ~INT32_MAXIMUM;
  }
  if (less(old.smaxLow, old.smaxHigh, joined.smaxLow, joined.smaxHigh)) {
    const next = thresholds.signed.find(
      ({ low, high }) => !less(low, high, joined.smaxLow, joined.smaxHigh),
    );
    draft.smaxLow = next?.low ?? -1;
    draft.smaxHigh = next?.high ?? INT32_MAXIMUM;
  }
}

function widenLow(old: Scalar, joined: Scalar, { signed32, unsigned32 }: Thresholds): void {
  if (below32(joined.umin32, old.umin32)) {
    draft.umin32 = unsigned32.findLast((value) => !below32(joined.umin32, value)) ?? 0;
  }
  if (below32(old.umax32, joined.umax32)) {
    draft.umax32 = unsigned32.find((value) => !below32(value, joined.umax32)) ?? -1;
  }
  if (joined.smin32 < old.smin32) {
    draft.smin32 = signed32.findLast((value) => value <= joined.smin32) ?? ~INT32_MAXIMUM;
  }
  if (joined.smax32 > old.smax32) {
    draft.smax32 = signed32.find((value) => value >= joined.smax32) ?? INT32_MAXIMUM;
  }
}

/** Forgets every bit from the lowest on that is no longer known. */
function widenBits(old: Scalar, joined: Scalar): void {
  const changedLow = joined.maskLow & ~old.maskLow;
  const changedHigh = joined.maskHigh & ~old.maskHigh;
  if ((changedLow | changedHigh) === 0) return;
  if (changedLow === 0) {
    draft.maskHigh |= -(changedHigh & -changedHigh);
  } else {
    draft.maskLow |= -(changedLow & -changedLow);
    draft.maskHigh = -1;
  }
  draft.valueLow &= ~draft.maskLow;
  draft.valueHigh &= ~draft.maskHigh;
}

/**
 * An upper bound of both; `joined` holds all of `old`. The same object as `old` when nothing is new. A bound
 * that moved goes to the next threshold, at last to the end of its range.
 */
export function widen(old: Scalar, joined: Scalar, thresholds: Thresholds): Scalar {
  const reached = toMultiples(joined);
  if (contains(old, reached)) return old;
  draft.load(reached);
  widenUnsigned(old, reached, thresholds);
  widenSigned(old, reached, thresholds);
  widenLow(old, reached, thresholds);
  widenBits(old, reached);
  // A threshold that is no multiple would be stepped over.
  const widened = toMultiples(finish());
  const grows = contains(widened, reached) && contains(widened, toMultiples(old));
  return grows ? widened : UNKNOWN;
}

/**
 * The same values with bounds that are multiples of what divides them all: where `i != 64` and i is a
 * multiple of 4, i is at most 60 below that.
 */
export function toMultiples(s: Scalar): Scalar {
  if (s.isConstant) return s;
  const mask = 2 ** Math.min(30, trailingZeroes(s)) - 1;
  if (((s.uminLow | s.umaxLow | s.sminLow | s.smaxLow | s.umin32 | s.umax32) & mask) === 0)
    return s;
  draft.load(s);
  draft.umaxLow &= ~mask;
  draft.smaxLow &= ~mask;
  draft.umax32 &= ~mask;
  draft.smax32 &= ~mask;
  // Upwards only where that does not come round.
  const uminHigh = addHigh(s.uminLow, s.uminHigh, mask, 0);
  if (!below(s.uminLow, uminHigh, s.uminLow, s.uminHigh)) {
    draft.uminLow = (s.uminLow + mask) & ~mask;
    draft.uminHigh = uminHigh;
  }
  const sminHigh = addHigh(s.sminLow, s.sminHigh, mask, 0);
  if (sminHigh >= s.sminHigh) {
    draft.sminLow = (s.sminLow + mask) & ~mask;
    draft.sminHigh = sminHigh;
  }
  if (below32(s.umin32, ~mask)) draft.umin32 = (s.umin32 + mask) & ~mask;
  return settle() ?? s;
}
