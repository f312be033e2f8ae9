/**
 * Addition, subtraction, multiplication.
 *
 * Soundness of the ranges. Over the integers the results lie between the results of the ends, as sum
 * and difference are monotone in each operand, and a product is greatest and least at corners. The word
 * is that integer plus a multiple of 2^64 (2^32). When both ends need the same multiple, so does all
 * between them, and the wrapped ends bound the wrapped results. When they do not, nothing is known.
 */
import { type Draft, draft } from './draft.ts';
import type { Scalar } from './scalar.ts';
import { addBits, multiplyBits, subtractBits } from './tnum.ts';
import {
  addHigh,
  below,
  highOf,
  INT32_MAXIMUM,
  INT32_MINIMUM,
  lowOf,
  multiplyHigh,
  productOverflows,
  signedBig,
  signedDown,
  signedUp,
  subtractHigh,
} from './word.ts';

const UINT32_MAXIMUM = 0xffff_ffff;
const INT64_MINIMUM = -(2n ** 63n);
const INT64_MAXIMUM = 2n ** 63n - 1n;

/** Sets the unsigned 32-bit range from integers that are less than 2^32 out of it. */
function setUnsigned32(d: Draft, minimum: number, maximum: number): void {
  const same =
    minimum < 0 ? maximum < 0 : minimum <= UINT32_MAXIMUM ? maximum <= UINT32_MAXIMUM : true;
  if (same) {
    d.umin32 = minimum | 0;
    d.umax32 = maximum | 0;
  } else {
    d.clearUnsigned32();
  }
}

/** The same for the signed one. */
function setSigned32(d: Draft, minimum: number, maximum: number): void {
  const same =
    minimum < INT32_MINIMUM
      ? maximum < INT32_MINIMUM
      : minimum <= INT32_MAXIMUM
        ? maximum <= INT32_MAXIMUM
        : true;
  if (same) {
    d.smin32 = minimum | 0;
    d.smax32 = maximum | 0;
  } else {
    d.clearSigned32();
  }
}

/** How often 2^64 is to be added to the integer to get the word: when its sign is not that of `exact`. */
function signedWraps(exactIsNegative: boolean, wordHigh: number): number {
  return exactIsNegative === wordHigh < 0 ? 0 : exactIsNegative ? 1 : -1;
}

/** Writes left + right to the draft. */
export function add(width: 32 | 64, l: Scalar, r: Scalar): void {
  const d = draft;
  addBits(d, l, r);
  setUnsigned32(d, (l.umin32 >>> 0) + (r.umin32 >>> 0), (l.umax32 >>> 0) + (r.umax32 >>> 0));
  setSigned32(d, l.smin32 + r.smin32, l.smax32 + r.smax32);
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  d.uminLow = (l.uminLow + r.uminLow) | 0;
  d.uminHigh = addHigh(l.uminLow, l.uminHigh, r.uminLow, r.uminHigh);
  d.umaxLow = (l.umaxLow + r.umaxLow) | 0;
  d.umaxHigh = addHigh(l.umaxLow, l.umaxHigh, r.umaxLow, r.umaxHigh);
  const minimumWraps = below(d.uminLow, d.uminHigh, l.uminLow, l.uminHigh);
  const maximumWraps = below(d.umaxLow, d.umaxHigh, l.umaxLow, l.umaxHigh);
  if (minimumWraps !== maximumWraps) d.clearUnsigned();

  d.sminLow = (l.sminLow + r.sminLow) | 0;
  d.sminHigh = addHigh(l.sminLow, l.sminHigh, r.sminLow, r.sminHigh);
  d.smaxLow = (l.smaxLow + r.smaxLow) | 0;
  d.smaxHigh = addHigh(l.smaxLow, l.smaxHigh, r.smaxLow, r.smaxHigh);
  if (
    sumWraps(l.sminHigh, r.sminHigh, d.sminHigh) !== sumWraps(l.smaxHigh, r.smaxHigh, d.smaxHigh)
  ) {
    d.clearSigned();
  }
}

/** Only operands of one sign can leave the signed range. */
function sumWraps(leftHigh: number, rightHigh: number, sumHigh: number): number {
  return (leftHigh ^ rightHigh) < 0 ? 0 : signedWraps(leftHigh < 0, sumHigh);
}

/** Writes left - right to the draft. */
export function subtract(width: 32 | 64, l: Scalar, r: Scalar): void {
  const d = draft;
  subtractBits(d, l, r);
  setUnsigned32(d, (l.umin32 >>> 0) - (r.umax32 >>> 0), (l.umax32 >>> 0) - (r.umin32 >>> 0));
  setSigned32(d, l.smin32 - r.smax32, l.smax32 - r.smin32);
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  d.uminLow = (l.uminLow - r.umaxLow) | 0;
  d.uminHigh = subtractHigh(l.uminLow, l.uminHigh, r.umaxLow, r.umaxHigh);
  d.umaxLow = (l.umaxLow - r.uminLow) | 0;
  d.umaxHigh = subtractHigh(l.umaxLow, l.umaxHigh, r.uminLow, r.uminHigh);
  const minimumWraps = below(l.uminLow, l.uminHigh, r.umaxLow, r.umaxHigh);
  const maximumWraps = below(l.umaxLow, l.umaxHigh, r.uminLow, r.uminHigh);
  if (minimumWraps !== maximumWraps) d.clearUnsigned();

  d.sminLow = (l.sminLow - r.smaxLow) | 0;
  d.sminHigh = subtractHigh(l.sminLow, l.sminHigh, r.smaxLow, r.smaxHigh);
  d.smaxLow = (l.smaxLow - r.sminLow) | 0;
  d.smaxHigh = subtractHigh(l.smaxLow, l.smaxHigh, r.sminLow, r.sminHigh);
  if (
    differenceWraps(l.sminHigh, r.smaxHigh, d.sminHigh) !==
    differenceWraps(l.smaxHigh, r.sminHigh, d.smaxHigh)
  ) {
    d.clearSigned();
  }
}

/** Only operands of different signs can leave the signed range. */
function differenceWraps(leftHigh: number, rightHigh: number, high: number): number {
  return (leftHigh ^ rightHigh) >= 0 ? 0 : signedWraps(leftHigh < 0, high);
}

/** Writes left * right to the draft. */
export function multiply(width: 32 | 64, l: Scalar, r: Scalar): void {
  const d = draft;
  multiplyBits(d, l, r);
  multiplyRanges32(d, l, r);
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  if (productOverflows(l.umaxLow, l.umaxHigh, r.umaxLow, r.umaxHigh)) {
    d.clearUnsigned();
  } else {
    d.uminLow = Math.imul(l.uminLow, r.uminLow);
    d.uminHigh = multiplyHigh(l.uminLow, l.uminHigh, r.uminLow, r.uminHigh);
    d.umaxLow = Math.imul(l.umaxLow, r.umaxLow);
    d.umaxHigh = multiplyHigh(l.umaxLow, l.umaxHigh, r.umaxLow, r.umaxHigh);
  }
  multiplySigned(d, l, r);
}

function multiplyRanges32(d: Draft, l: Scalar, r: Scalar): void {
  // Products are exact as doubles as far as they fit 32 bits, and stay out of them when they do not.
  if ((l.umax32 >>> 0) * (r.umax32 >>> 0) <= UINT32_MAXIMUM) {
    d.umin32 = Math.imul(l.umin32, r.umin32);
    d.umax32 = Math.imul(l.umax32, r.umax32);
  } else {
    d.clearUnsigned32();
  }
  const a = l.smin32 * r.smin32;
  const b = l.smin32 * r.smax32;
  const c = l.smax32 * r.smin32;
  const e = l.smax32 * r.smax32;
  const minimum = Math.min(a, b, c, e);
  const maximum = Math.max(a, b, c, e);
  if (minimum >= INT32_MINIMUM && maximum <= INT32_MAXIMUM) {
    d.smin32 = minimum | 0;
    d.smax32 = maximum | 0;
  } else {
    d.clearSigned32();
  }
}

function multiplySigned(d: Draft, l: Scalar, r: Scalar): void {
  const leftMinimum = signedDown(l.sminLow, l.sminHigh);
  const leftMaximum = signedUp(l.smaxLow, l.smaxHigh);
  const rightMinimum = signedDown(r.sminLow, r.sminHigh);
  const rightMaximum = signedUp(r.smaxLow, r.smaxHigh);
  const a = leftMinimum * rightMinimum;
  const b = leftMinimum * rightMaximum;
  const c = leftMaximum * rightMinimum;
  const e = leftMaximum * rightMaximum;
  const minimum = Math.min(a, b, c, e);
  const maximum = Math.max(a, b, c, e);
  if (Number.isSafeInteger(minimum) && Number.isSafeInteger(maximum)) {
    // Operands that doubles cannot hold exactly have such products only with 0.
    d.sminLow = lowOf(minimum);
    d.sminHigh = highOf(minimum);
    d.smaxLow = lowOf(maximum);
    d.smaxHigh = highOf(maximum);
  } else if (minimum < -1e19 || maximum > 1e19) {
    d.clearSigned();
  } else {
    multiplySignedExactly(d, l, r);
  }
}

/** For products between 2^53 and 2^63, which are rare. */
function multiplySignedExactly(d: Draft, l: Scalar, r: Scalar): void {
  const leftEnds = [signedBig(l.sminLow, l.sminHigh), signedBig(l.smaxLow, l.smaxHigh)];
  const rightEnds = [signedBig(r.sminLow, r.sminHigh), signedBig(r.smaxLow, r.smaxHigh)];
  const corners = leftEnds.flatMap((left) => rightEnds.map((right) => left * right));
  let minimum = corners[0]!;
  let maximum = minimum;
  for (const corner of corners) {
    if (corner < minimum) minimum = corner;
    if (corner > maximum) maximum = corner;
  }
  if (minimum < INT64_MINIMUM || maximum > INT64_MAXIMUM) {
    d.clearSigned();
    return;
  }
  d.sminLow = lowOf(minimum);
  d.sminHigh = highOf(minimum);
  d.smaxLow = lowOf(maximum);
  d.smaxHigh = highOf(maximum);
}
