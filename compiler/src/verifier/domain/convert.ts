/**
 * Truncation, sign extension, byte swaps.
 *
 * Soundness. The low bits of consecutive integers are consecutive but for the step from all ones to all
 * zeroes, so a range whose ends have the same bits above the cut keeps its order. Sign extension likewise
 * steps once, from the greatest to the least, in any 2^bits consecutive integers: ends that are nearer than
 * that and still in order did not step. A byte swap moves bits, known or not.
 */
import { draft } from './draft.ts';
import { constantWord, finish, type Scalar, signedOfSize, unsignedOfSize } from './scalar.ts';
import { reverseBytes32 } from './word.ts';

/** The low `bytes` bytes, zero-extended. */
export function truncate(s: Scalar, bytes: 1 | 2 | 4 | 8): Scalar {
  if (bytes === 8) return s;
  if (bytes === 4) {
    if (s.umaxHigh === 0) return s;
    draft.valueLow = s.valueLow;
    draft.maskLow = s.maskLow;
    draft.umin32 = s.umin32;
    draft.umax32 = s.umax32;
    draft.smin32 = s.smin32;
    draft.smax32 = s.smax32;
    draft.zeroExtend();
    return share(finish(), unsignedOfSize(4));
  }
  const kept = bytes === 2 ? 0xffff : 0xff;
  if (s.umaxHigh === 0 && s.umaxLow >>> 0 <= kept) return s;
  draft.valueLow = s.valueLow & kept;
  draft.maskLow = s.maskLow & kept;
  draft.clearSigned32();
  const sameAbove = ((s.umin32 ^ s.umax32) & ~kept) === 0;
  draft.umin32 = sameAbove ? s.umin32 & kept : 0;
  draft.umax32 = sameAbove ? s.umax32 & kept : kept;
  draft.zeroExtend();
  return share(finish(), unsignedOfSize(bytes));
}

/** The shared object for a result that says no more than the size. */
function share(made: Scalar, whole: Scalar): Scalar {
  return made.maskLow === whole.maskLow &&
    made.umin32 === 0 &&
    made.umax32 === whole.umax32 &&
    made.smin32 === whole.smin32 &&
    made.smax32 === whole.smax32
    ? whole
    : made;
}

/** The low `bits` bits, sign-extended to `width` bits; 32-bit results are zero-extended after that. */
export function signExtend(width: 32 | 64, bits: 8 | 16 | 32, s: Scalar): Scalar {
  if (bits === 32) {
    if (width === 32) return truncate(s, 4);
    draft.umin32 = s.umin32;
    draft.umax32 = s.umax32;
    draft.smin32 = s.smin32;
    draft.smax32 = s.smax32;
    draft.valueLow = s.valueLow;
    draft.maskLow = s.maskLow;
  } else {
    const shift = 32 - bits;
    draft.valueLow = (s.valueLow << shift) >> shift;
    draft.maskLow = (s.maskLow << shift) >> shift;
    const whole = signedOfSize(bits === 8 ? 1 : 2);
    draft.smin32 = whole.smin32;
    draft.smax32 = whole.smax32;
    const span = 2 ** bits;
    keepOrder(s.smin32, s.smax32, s.smax32 - s.smin32 < span, shift);
    keepOrder(s.umin32, s.umax32, (s.umax32 >>> 0) - (s.umin32 >>> 0) < span, shift);
    draft.clearUnsigned32();
  }
  draft.valueHigh = draft.valueLow >> 31;
  draft.maskHigh = draft.maskLow >> 31;
  if (width === 32) {
    draft.zeroExtend();
  } else {
    draft.clearUnsigned();
    draft.sminLow = draft.smin32;
    draft.sminHigh = draft.smin32 >> 31;
    draft.smaxLow = draft.smax32;
    draft.smaxHigh = draft.smax32 >> 31;
  }
  return finish();
}

/** Narrows the draft's signed 32-bit range to that of the sign-extended ends where they are in order. */
function keepOrder(from: number, to: number, near: boolean, shift: number): void {
  const minimum = (from << shift) >> shift;
  const maximum = (to << shift) >> shift;
  if (!near || minimum > maximum) return;
  draft.smin32 = Math.max(draft.smin32, minimum);
  draft.smax32 = Math.min(draft.smax32, maximum);
}

/**
 * The low `bits` bits in another byte order, zero-extended. Every target is little-endian: `le` only
 * truncates, `be` and `swap` reverse the bytes.
 */
export function swap(to: 'le' | 'be' | 'swap', bits: 16 | 32 | 64, s: Scalar): Scalar {
  if (to === 'le') return truncate(s, bits === 16 ? 2 : bits === 32 ? 4 : 8);
  const valueFirst = reverseBytes32(s.valueLow);
  const maskFirst = reverseBytes32(s.maskLow);
  if (bits === 64) {
    if (s.isConstant) return constantWord(reverseBytes32(s.valueHigh), valueFirst);
    draft.clear();
    draft.valueLow = reverseBytes32(s.valueHigh);
    draft.maskLow = reverseBytes32(s.maskHigh);
    draft.valueHigh = valueFirst;
    draft.maskHigh = maskFirst;
    return finish();
  }
  const shift = bits === 32 ? 0 : 16;
  draft.valueLow = (valueFirst >>> shift) | 0;
  draft.maskLow = (maskFirst >>> shift) | 0;
  draft.clearUnsigned32();
  draft.clearSigned32();
  draft.zeroExtend();
  return finish();
}
