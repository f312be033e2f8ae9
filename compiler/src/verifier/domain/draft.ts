/** Where operations write their results: what is known of a value, in halves of 32 bits. */
import { INT32_MAXIMUM, INT32_MINIMUM } from './word.ts';

/**
 * What is known of a 64-bit value. Every field is an int32 with the bits of (half of) the bound:
 * known bits (`value` where `mask` is 0), unsigned and signed ranges of the whole, and of bits 0 to 31.
 */
export interface Bounds {
  readonly valueLow: number;
  readonly valueHigh: number;
  readonly maskLow: number;
  readonly maskHigh: number;
  readonly uminLow: number;
  readonly uminHigh: number;
  readonly umaxLow: number;
  readonly umaxHigh: number;
  readonly sminLow: number;
  readonly sminHigh: number;
  readonly smaxLow: number;
  readonly smaxHigh: number;
  readonly umin32: number;
  readonly umax32: number;
  readonly smin32: number;
  readonly smax32: number;
}

/**
 * Bounds under construction. An operation writes what it knows here, `synchronise` makes the parts
 * agree, and the result is copied into an immutable Scalar, or found to be one that exists already:
 * that is why the draft is no Scalar itself. There is one draft; no operation calls another while its
 * own is unfinished.
 */
export class Draft implements Bounds {
  valueLow = 0;
  valueHigh = 0;
  maskLow = 0;
  maskHigh = 0;
  uminLow = 0;
  uminHigh = 0;
  umaxLow = 0;
  umaxHigh = 0;
  sminLow = 0;
  sminHigh = 0;
  smaxLow = 0;
  smaxHigh = 0;
  umin32 = 0;
  umax32 = 0;
  smin32 = 0;
  smax32 = 0;
  /** Whether a step of `synchronise` learned anything since it was last reset. */
  changed = false;

  /** Starts from bounds that hold. */
  load(from: Bounds): void {
    this.valueLow = from.valueLow;
    this.valueHigh = from.valueHigh;
    this.maskLow = from.maskLow;
    this.maskHigh = from.maskHigh;
    this.uminLow = from.uminLow;
    this.uminHigh = from.uminHigh;
    this.umaxLow = from.umaxLow;
    this.umaxHigh = from.umaxHigh;
    this.sminLow = from.sminLow;
    this.sminHigh = from.sminHigh;
    this.smaxLow = from.smaxLow;
    this.smaxHigh = from.smaxHigh;
    this.umin32 = from.umin32;
    this.umax32 = from.umax32;
    this.smin32 = from.smin32;
    this.smax32 = from.smax32;
  }

  /** Nothing is known. */
  clear(): void {
    this.clearBits();
    this.clearUnsigned();
    this.clearSigned();
    this.clearUnsigned32();
    this.clearSigned32();
  }

  clearBits(): void {
    this.valueLow = 0;
    this.valueHigh = 0;
    this.maskLow = -1;
    this.maskHigh = -1;
  }

  clearUnsigned(): void {
    this.uminLow = 0;
    this.uminHigh = 0;
    this.umaxLow = -1;
    this.umaxHigh = -1;
  }

  clearSigned(): void {
    this.sminLow = 0;
    this.sminHigh = INT32_MINIMUM;
    this.smaxLow = -1;
    this.smaxHigh = INT32_MAXIMUM;
  }

  clearUnsigned32(): void {
    this.umin32 = 0;
    this.umax32 = -1;
  }

  clearSigned32(): void {
    this.smin32 = INT32_MINIMUM;
    this.smax32 = INT32_MAXIMUM;
  }

  /** Makes the value that of its own low half, as every 32-bit operation does with its result. */
  zeroExtend(): void {
    this.valueHigh = 0;
    this.maskHigh = 0;
    this.uminLow = this.umin32;
    this.uminHigh = 0;
    this.umaxLow = this.umax32;
    this.umaxHigh = 0;
    this.sminLow = this.umin32;
    this.sminHigh = 0;
    this.smaxLow = this.umax32;
    this.smaxHigh = 0;
  }
}

/** The one draft. */
export const draft = new Draft();
