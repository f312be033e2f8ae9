/**
 * Refinement by orders: the values of one operand that lie on the right side of some value of the other.
 * `strict` is 1 when the two differ, else 0. Undefined when there is none.
 */
import { draft } from './draft.ts';
import { type Scalar, settle } from './scalar.ts';
import {
  addHigh,
  below,
  below32,
  INT32_MAXIMUM,
  INT32_MINIMUM,
  less,
  subtractHigh,
} from './word.ts';

type Strict = 0 | 1;

/** s <= the greatest of `other`, unsigned. */
export function atMost(
  width: 32 | 64,
  s: Scalar,
  other: Scalar,
  strict: Strict,
): Scalar | undefined {
  if (width === 32) {
    if (strict > other.umax32 >>> 0) return undefined;
    const limit = (other.umax32 - strict) | 0;
    if (below32(limit, s.umin32)) return undefined;
    if (!below32(limit, s.umax32)) return s;
    draft.load(s);
    draft.umax32 = limit;
    return settle();
  }
  if (strict === 1 && (other.umaxLow | other.umaxHigh) === 0) return undefined;
  const low = (other.umaxLow - strict) | 0;
  const high = subtractHigh(other.umaxLow, other.umaxHigh, strict, 0);
  if (below(low, high, s.uminLow, s.uminHigh)) return undefined;
  if (!below(low, high, s.umaxLow, s.umaxHigh)) return s;
  draft.load(s);
  draft.umaxLow = low;
  draft.umaxHigh = high;
  return settle();
}

/** s >= the least of `other`, unsigned. */
export function atLeast(
  width: 32 | 64,
  s: Scalar,
  other: Scalar,
  strict: Strict,
): Scalar | undefined {
  if (width === 32) {
    if (strict === 1 && other.umin32 === -1) return undefined;
    const limit = (other.umin32 + strict) | 0;
    if (below32(s.umax32, limit)) return undefined;
    if (!below32(s.umin32, limit)) return s;
    draft.load(s);
    draft.umin32 = limit;
    return settle();
  }
  if (strict === 1 && (other.uminLow & other.uminHigh) === -1) return undefined;
  const low = (other.uminLow + strict) | 0;
  const high = addHigh(other.uminLow, other.uminHigh, strict, 0);
  if (below(s.umaxLow, s.umaxHigh, low, high)) return undefined;
  if (!below(s.uminLow, s.uminHigh, low, high)) return s;
  draft.load(s);
  draft.uminLow = low;
  draft.uminHigh = high;
  return settle();
}

/** s <= the greatest of `other`, signed. */
export function signedAtMost(
  width: 32 | 64,
  s: Scalar,
  other: Scalar,
  strict: Strict,
): Scalar | undefined {
  if (width === 32) {
    if (strict === 1 && other.smax32 === INT32_MINIMUM) return undefined;
    const limit = other.smax32 - strict;
    if (limit < s.smin32) return undefined;
    if (limit >= s.smax32) return s;
    draft.load(s);
    draft.smax32 = limit;
    return settle();
  }
  if (strict === 1 && other.smaxLow === 0 && other.smaxHigh === INT32_MINIMUM) return undefined;
  const low = (other.smaxLow - strict) | 0;
  const high = subtractHigh(other.smaxLow, other.smaxHigh, strict, 0);
  if (less(low, high, s.sminLow, s.sminHigh)) return undefined;
  if (!less(low, high, s.smaxLow, s.smaxHigh)) return s;
  draft.load(s);
  draft.smaxLow = low;
  draft.smaxHigh = high;
  return settle();
}

/** s >= the least of `other`, signed. */
export function signedAtLeast(
  width: 32 | 64,
  s: Scalar,
  other: Scalar,
  strict: Strict,
): Scalar | undefined {
  if (width === 32) {
    if (strict === 1 && other.smin32 === INT32_MAXIMUM) return undefined;
    const limit = other.smin32 + strict;
    if (limit > s.smax32) return undefined;
    if (limit <= s.smin32) return s;
    draft.load(s);
    draft.smin32 = limit;
    return settle();
  }
  if (strict === 1 && other.sminLow === -1 && other.sminHigh === INT32_MAXIMUM) return undefined;
  const low = (other.sminLow + strict) | 0;
  const high = addHigh(other.sminLow, other.sminHigh, strict, 0);
  if (less(s.smaxLow, s.smaxHigh, low, high)) return undefined;
  if (!less(s.sminLow, s.sminHigh, low, high)) return s;
  draft.load(s);
  draft.sminLow = low;
  draft.sminHigh = high;
  return settle();
}
