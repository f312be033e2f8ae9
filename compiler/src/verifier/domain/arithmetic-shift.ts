/**
 * Shifts. The amount counts modulo the width; it is known to lie between `least` and `most`.
 *
 * Soundness. Right shifts are monotone in the value and move it towards 0 (the signed one: towards 0 or
 * -1) as the amount grows, so each end of the range is shifted by the amount that moves it outwards. A left
 * shift multiplies: while the end shifted by the greatest amount loses no bits, no value does, and it is
 * monotone too. By 32 bits and more, only the low half of a word takes part, so its ranges serve.
 */
import { type Draft, draft } from './draft.ts';
import { trailingZeroes } from './order.ts';
import type { Scalar } from './scalar.ts';
import { shiftBitsLeft, shiftBitsRight, shiftBitsSigned } from './tnum.ts';
import {
  shiftLeftHigh,
  shiftLeftLow,
  shiftRightHigh,
  shiftRightLow,
  shiftSignedHigh,
  shiftSignedLow,
} from './word.ts';

/** The least amount that a shift of this width by `by` can shift. */
export function leastAmount(width: 32 | 64, by: Scalar): number {
  return by.umax32 >>> 0 < width ? by.umin32 : by.valueLow & (width - 1);
}

/** The greatest one. */
export function mostAmount(width: 32 | 64, by: Scalar): number {
  return by.umax32 >>> 0 < width ? by.umax32 : (by.valueLow | by.maskLow) & (width - 1);
}

/** Writes l << amount to the draft. */
export function shiftLeft(width: 32 | 64, l: Scalar, least: number, most: number): void {
  const d = draft;
  if (least === most) {
    shiftBitsLeft(d, l, least);
  } else {
    const zeroes = Math.min(trailingZeroes(l) + least, 63);
    d.valueLow = 0;
    d.valueHigh = 0;
    d.maskLow = shiftLeftLow(-1, zeroes);
    d.maskHigh = shiftLeftHigh(-1, -1, zeroes);
  }
  if (most < 32) {
    shiftLeft32(d, l, least, most);
  } else {
    d.clearUnsigned32();
    d.clearSigned32();
  }
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  d.clearUnsigned();
  d.clearSigned();
  if (least >= 32) shiftLowUp(d, l, least - 32, most - 32);
  else shiftLeft64(d, l, least, most);
}

function shiftLeft32(d: Draft, l: Scalar, least: number, most: number): void {
  if (l.umax32 === ((l.umax32 << most) >>> most) >> 0) {
    d.umin32 = l.umin32 << least;
    d.umax32 = l.umax32 << most;
  } else {
    d.clearUnsigned32();
  }
  const { smin32, smax32 } = l;
  if ((smin32 << most) >> most === smin32 && (smax32 << most) >> most === smax32) {
    d.smin32 = smin32 << (smin32 < 0 ? most : least);
    d.smax32 = smax32 << (smax32 < 0 ? least : most);
  } else {
    d.clearSigned32();
  }
}

/** Shifts by 32 + `least` to 32 + `most`. */
function shiftLowUp(d: Draft, l: Scalar, least: number, most: number): void {
  const { umin32, umax32, smin32, smax32 } = l;
  if (((umax32 << most) >>> most) >> 0 === umax32) {
    d.uminLow = 0;
    d.uminHigh = umin32 << least;
    d.umaxLow = 0;
    d.umaxHigh = umax32 << most;
  }
  if ((smin32 << most) >> most === smin32 && (smax32 << most) >> most === smax32) {
    d.sminLow = 0;
    d.sminHigh = smin32 << (smin32 < 0 ? most : least);
    d.smaxLow = 0;
    d.smaxHigh = smax32 << (smax32 < 0 ? least : most);
  }
}

function shiftLeft64(d: Draft, l: Scalar, least: number, most: number): void {
  const umaxLow = shiftLeftLow(l.umaxLow, most);
  const umaxHigh = shiftLeftHigh(l.umaxLow, l.umaxHigh, most);
  if (
    shiftRightLow(umaxLow, umaxHigh, most) === l.umaxLow &&
    shiftRightHigh(umaxHigh, most) === l.umaxHigh
  ) {
    d.uminLow = shiftLeftLow(l.uminLow, least);
    d.uminHigh = shiftLeftHigh(l.uminLow, l.uminHigh, least);
    d.umaxLow = umaxLow;
    d.umaxHigh = umaxHigh;
  }
  if (keepsSign(l.sminLow, l.sminHigh, most) && keepsSign(l.smaxLow, l.smaxHigh, most)) {
    const down = l.sminHigh < 0 ? most : least;
    const up = l.smaxHigh < 0 ? least : most;
    d.sminLow = shiftLeftLow(l.sminLow, down);
    d.sminHigh = shiftLeftHigh(l.sminLow, l.sminHigh, down);
    d.smaxLow = shiftLeftLow(l.smaxLow, up);
    d.smaxHigh = shiftLeftHigh(l.smaxLow, l.smaxHigh, up);
  }
}

/** Whether the signed word can be shifted left without losing anything. */
function keepsSign(low: number, high: number, amount: number): boolean {
  const shiftedLow = shiftLeftLow(low, amount);
  const shiftedHigh = shiftLeftHigh(low, high, amount);
  return (
    shiftSignedLow(shiftedLow, shiftedHigh, amount) === low &&
    shiftSignedHigh(shiftedHigh, amount) === high
  );
}

/** Writes l >>> amount to the draft. */
export function shiftRight(width: 32 | 64, l: Scalar, least: number, most: number): void {
  const d = draft;
  d.clearBits();
  d.clearUnsigned32();
  d.clearSigned32();
  if (width === 32) {
    if (least === most) {
      d.valueLow = (l.valueLow >>> least) | 0;
      d.maskLow = (l.maskLow >>> least) | 0;
    }
    d.umin32 = (l.umin32 >>> most) | 0;
    d.umax32 = (l.umax32 >>> least) | 0;
    d.zeroExtend();
    return;
  }
  if (least === most) shiftBitsRight(d, l, least);
  d.uminLow = shiftRightLow(l.uminLow, l.uminHigh, most);
  d.uminHigh = shiftRightHigh(l.uminHigh, most);
  d.umaxLow = shiftRightLow(l.umaxLow, l.umaxHigh, least);
  d.umaxHigh = shiftRightHigh(l.umaxHigh, least);
  d.clearSigned();
}

/** Writes l >> amount to the draft. */
export function shiftSigned(width: 32 | 64, l: Scalar, least: number, most: number): void {
  const d = draft;
  d.clearBits();
  d.clearUnsigned32();
  d.clearSigned32();
  if (width === 32) {
    if (least === most) {
      d.valueLow = l.valueLow >> least;
      d.maskLow = l.maskLow >> least;
    }
    d.smin32 = l.smin32 >> (l.smin32 < 0 ? least : most);
    d.smax32 = l.smax32 >> (l.smax32 < 0 ? most : least);
    d.zeroExtend();
    return;
  }
  if (least === most) shiftBitsSigned(d, l, least);
  const down = l.sminHigh < 0 ? least : most;
  const up = l.smaxHigh < 0 ? most : least;
  d.sminLow = shiftSignedLow(l.sminLow, l.sminHigh, down);
  d.sminHigh = shiftSignedHigh(l.sminHigh, down);
  d.smaxLow = shiftSignedLow(l.smaxLow, l.smaxHigh, up);
  d.smaxHigh = shiftSignedHigh(l.smaxHigh, up);
  d.clearUnsigned();
}
