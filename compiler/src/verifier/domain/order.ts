/**
 * Scalars as sets: inclusion, equality, union and intersection, and the low bits that are known to be 0.
 *
 * Soundness. `contains` holds only when each part of the outer one includes the same part of the inner
 * one; a scalar's set is the intersection of its parts, so the sets are included then (the converse may
 * fail). `join` includes both operands part by part; `intersect` drops only what one of them excludes.
 */
import { type Bounds, type Draft, draft } from './draft.ts';
import { constantWord, type Scalar, settle, UNKNOWN } from './scalar.ts';
import { bitsContain, bitsDisjoint, joinBits, meetBits } from './tnum.ts';
import { below, below32, larger32, less, smaller32 } from './word.ts';

/** Whether every value of `inner` is one of `outer`, as far as the parts show. */
export function contains(outer: Scalar, inner: Scalar): boolean {
  if (outer === inner || outer === UNKNOWN) return true;
  return (
    !below(inner.uminLow, inner.uminHigh, outer.uminLow, outer.uminHigh) &&
    !below(outer.umaxLow, outer.umaxHigh, inner.umaxLow, inner.umaxHigh) &&
    !less(inner.sminLow, inner.sminHigh, outer.sminLow, outer.sminHigh) &&
    !less(outer.smaxLow, outer.smaxHigh, inner.smaxLow, inner.smaxHigh) &&
    !below32(inner.umin32, outer.umin32) &&
    !below32(outer.umax32, inner.umax32) &&
    inner.smin32 >= outer.smin32 &&
    inner.smax32 <= outer.smax32 &&
    bitsContain(outer, inner)
  );
}

/** Whether the same is known of both. */
export function equal(a: Bounds, b: Bounds): boolean {
  return (
    a === b ||
    (a.valueLow === b.valueLow &&
      a.valueHigh === b.valueHigh &&
      a.maskLow === b.maskLow &&
      a.maskHigh === b.maskHigh &&
      a.uminLow === b.uminLow &&
      a.uminHigh === b.uminHigh &&
      a.umaxLow === b.umaxLow &&
      a.umaxHigh === b.umaxHigh &&
      a.sminLow === b.sminLow &&
      a.sminHigh === b.sminHigh &&
      a.smaxLow === b.smaxLow &&
      a.smaxHigh === b.smaxHigh &&
      a.umin32 === b.umin32 &&
      a.umax32 === b.umax32 &&
      a.smin32 === b.smin32 &&
      a.smax32 === b.smax32)
  );
}

/** Writes the ranges to the draft whose ends these four have. */
function takeRanges(d: Draft, umin: Scalar, umax: Scalar, smin: Scalar, smax: Scalar): void {
  d.uminLow = umin.uminLow;
  d.uminHigh = umin.uminHigh;
  d.umaxLow = umax.umaxLow;
  d.umaxHigh = umax.umaxHigh;
  d.sminLow = smin.sminLow;
  d.sminHigh = smin.sminHigh;
  d.smaxLow = smax.smaxLow;
  d.smaxHigh = smax.smaxHigh;
}

/** What holds of the values of both. */
export function join(a: Scalar, b: Scalar): Scalar {
  if (contains(a, b)) return a;
  if (contains(b, a)) return b;
  const d = draft;
  joinBits(d, a, b);
  const umin = below(b.uminLow, b.uminHigh, a.uminLow, a.uminHigh) ? b : a;
  const umax = below(a.umaxLow, a.umaxHigh, b.umaxLow, b.umaxHigh) ? b : a;
  const smin = less(b.sminLow, b.sminHigh, a.sminLow, a.sminHigh) ? b : a;
  const smax = less(a.smaxLow, a.smaxHigh, b.smaxLow, b.smaxHigh) ? b : a;
  takeRanges(d, umin, umax, smin, smax);
  d.umin32 = smaller32(a.umin32, b.umin32);
  d.umax32 = larger32(a.umax32, b.umax32);
  d.smin32 = Math.min(a.smin32, b.smin32);
  d.smax32 = Math.max(a.smax32, b.smax32);
  return settle() ?? UNKNOWN;
}

/** What is known of a value that is one of both; undefined when there is none. */
export function intersect(a: Scalar, b: Scalar): Scalar | undefined {
  if (contains(b, a)) return a;
  if (contains(a, b)) return b;
  if (bitsDisjoint(a, b)) return undefined;
  const d = draft;
  meetBits(d, a, b);
  const umin = below(a.uminLow, a.uminHigh, b.uminLow, b.uminHigh) ? b : a;
  const umax = below(b.umaxLow, b.umaxHigh, a.umaxLow, a.umaxHigh) ? b : a;
  const smin = less(a.sminLow, a.sminHigh, b.sminLow, b.sminHigh) ? b : a;
  const smax = less(b.smaxLow, b.smaxHigh, a.smaxLow, a.smaxHigh) ? b : a;
  takeRanges(d, umin, umax, smin, smax);
  meetLowRanges(d, a, b);
  return settle();
}

/** Writes the intersection of the 32-bit ranges to the draft. */
export function meetLowRanges(d: Draft, a: Scalar, b: Scalar): void {
  d.umin32 = larger32(a.umin32, b.umin32);
  d.umax32 = smaller32(a.umax32, b.umax32);
  d.smin32 = Math.max(a.smin32, b.smin32);
  d.smax32 = Math.min(a.smax32, b.smax32);
}

/** How many low bits are known to be 0: 64 for the constant 0. */
export function trailingZeroes(s: Scalar): number {
  const low = s.valueLow | s.maskLow;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = s.valueHigh | s.maskHigh;
  return high === 0 ? 64 : 63 - Math.clz32(high & -high);
}

/** Whether every value is a multiple of `bytes`, a power of two up to 2^31. */
export function isAligned(s: Scalar, bytes: number): boolean {
  return ((s.valueLow | s.maskLow) & (bytes - 1)) === 0;
}

/**
 * All ones (of 64 bits, or of 32 in a zero-extended value) when `s` is either that or 0: the result of an
 * arithmetic shift that leaves the sign alone. No scalar says just that, so what masks do with it is lost
 * unless the two values are looked at one by one, as the kernel does for `and` and `or` with a constant.
 */
export function zeroOrAllOnes(s: Scalar): Scalar | undefined {
  if (s.smin32 !== -1 || s.smax32 !== 0) return undefined;
  if (s.umaxHigh === 0) return constantWord(-1, 0);
  const isExtended = s.sminHigh === -1 && s.sminLow === -1 && (s.smaxHigh | s.smaxLow) === 0;
  return isExtended ? constantWord(-1, -1) : undefined;
}
