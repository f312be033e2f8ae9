/**
 * Refinement by equality of low halves, by inequality, and by bits in common. Undefined when no value
 * of the operand is left.
 */
import { draft } from './draft.ts';
import { equal, meetLowRanges } from './order.ts';
import { type Scalar, settle } from './scalar.ts';
import { bitsDisjoint32 } from './tnum.ts';
import { addHigh, below, larger32, subtractHigh } from './word.ts';

/** The draft's scalar, or the same object when it says no more than `s`. */
function settleFrom(s: Scalar): Scalar | undefined {
  const result = settle();
  return result !== undefined && equal(result, s) ? s : result;
}

/** The values whose low half is that of some value of `other`. */
export function sameLow(s: Scalar, other: Scalar): Scalar | undefined {
  if (bitsDisjoint32(s, other)) return undefined;
  draft.load(s);
  draft.maskLow = s.maskLow & other.maskLow;
  draft.valueLow = (s.valueLow | other.valueLow) & ~draft.maskLow;
  meetLowRanges(draft, s, other);
  return settleFrom(s);
}

/** The values that differ from `other`. Only a constant takes one away, and only at an end. */
export function unequal(width: 32 | 64, s: Scalar, other: Scalar): Scalar | undefined {
  if (other.maskLow !== 0 || (width === 64 && other.maskHigh !== 0)) return s;
  return width === 32 ? unequalLow(s, other.valueLow) : unequalTo(s, other);
}

function unequalLow(s: Scalar, low: number): Scalar | undefined {
  if (s.maskLow === 0) return s.valueLow === low ? undefined : s;
  const { umin32, umax32, smin32, smax32 } = s;
  if (low !== umin32 && low !== umax32 && low !== smin32 && low !== smax32) return s;
  draft.load(s);
  if (low === umin32) draft.umin32 = (low + 1) | 0;
  if (low === umax32) draft.umax32 = (low - 1) | 0;
  if (low === smin32) draft.smin32 = (low + 1) | 0;
  if (low === smax32) draft.smax32 = (low - 1) | 0;
  return settle();
}

function unequalTo(s: Scalar, other: Scalar): Scalar | undefined {
  const low = other.valueLow;
  const high = other.valueHigh;
  if (s.isConstant) return s.valueLow === low && s.valueHigh === high ? undefined : s;
  const atUmin = low === s.uminLow && high === s.uminHigh;
  const atUmax = low === s.umaxLow && high === s.umaxHigh;
  const atSmin = low === s.sminLow && high === s.sminHigh;
  const atSmax = low === s.smaxLow && high === s.smaxHigh;
  if (!(atUmin || atUmax || atSmin || atSmax)) return s;
  draft.load(s);
  const lowAbove = (low + 1) | 0;
  const highAbove = addHigh(low, high, 1, 0);
  const lowBelow = (low - 1) | 0;
  const highBelow = subtractHigh(low, high, 1, 0);
  if (atUmin) {
    draft.uminLow = lowAbove;
    draft.uminHigh = highAbove;
  }
  if (atUmax) {
    draft.umaxLow = lowBelow;
    draft.umaxHigh = highBelow;
  }
  if (atSmin) {
    draft.sminLow = lowAbove;
    draft.sminHigh = highAbove;
  }
  if (atSmax) {
    draft.smaxLow = lowBelow;
    draft.smaxHigh = highBelow;
  }
  return settle();
}

/** The values with some bit in common with some value of `other`. */
export function haveCommonBit(width: 32 | 64, s: Scalar, other: Scalar): Scalar | undefined {
  const wide = width === 64 ? -1 : 0;
  const low = (s.valueLow | s.maskLow) & (other.valueLow | other.maskLow);
  const high = (s.valueHigh | s.maskHigh) & (other.valueHigh | other.maskHigh) & wide;
  if ((low | high) === 0) return undefined;
  if (((s.valueLow & other.valueLow) | (s.valueHigh & other.valueHigh & wide)) !== 0) return s;
  draft.load(s);
  if ((low & (low - 1)) === 0 && (high & (high - 1)) === 0 && (low === 0 || high === 0)) {
    draft.valueLow |= low;
    draft.valueHigh |= high;
    draft.maskLow &= ~low;
    draft.maskHigh &= ~high;
  }
  // Whichever bit it is, the value is not below the lowest of them.
  const leastLow = low & -low;
  const leastHigh = low === 0 ? high & -high : 0;
  if (width === 32) {
    draft.umin32 = larger32(s.umin32, leastLow);
  } else if (below(s.uminLow, s.uminHigh, leastLow, leastHigh)) {
    draft.uminLow = leastLow;
    draft.uminHigh = leastHigh;
  }
  return settleFrom(s);
}

/** The values with no bit that all values of `other` have. */
export function clearCommonBits(width: 32 | 64, s: Scalar, other: Scalar): Scalar | undefined {
  const low = other.valueLow;
  const high = width === 64 ? other.valueHigh : 0;
  if (((s.valueLow & low) | (s.valueHigh & high)) !== 0) return undefined;
  if (((s.maskLow & low) | (s.maskHigh & high)) === 0) return s;
  draft.load(s);
  draft.maskLow = s.maskLow & ~low;
  draft.maskHigh = s.maskHigh & ~high;
  return settle();
}
