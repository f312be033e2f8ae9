/**
 * And, or, exclusive or.
 *
 * Soundness. The known bits are exact bit by bit. a & b is not above a nor b, a | b not below either;
 * for signed words of one sign the order is the same, so no more needs to be said here: `synchronise`
 * draws it from the unsigned ranges and the sign bit.
 */
import { draft } from './draft.ts';
import type { Scalar } from './scalar.ts';
import { andBits, orBits, xorBits } from './tnum.ts';
import { below, larger32, smaller32 } from './word.ts';

/** Writes left & right to the draft. */
export function and(width: 32 | 64, l: Scalar, r: Scalar): void {
  const d = draft;
  andBits(d, l, r);
  d.umin32 = 0;
  d.umax32 = smaller32(l.umax32, r.umax32);
  d.clearSigned32();
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  d.uminLow = 0;
  d.uminHigh = 0;
  const least = below(l.umaxLow, l.umaxHigh, r.umaxLow, r.umaxHigh) ? l : r;
  d.umaxLow = least.umaxLow;
  d.umaxHigh = least.umaxHigh;
  d.clearSigned();
}

/** Writes left | right to the draft. */
export function or(width: 32 | 64, l: Scalar, r: Scalar): void {
  const d = draft;
  orBits(d, l, r);
  d.umin32 = larger32(l.umin32, r.umin32);
  d.umax32 = -1;
  d.clearSigned32();
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  const most = below(l.uminLow, l.uminHigh, r.uminLow, r.uminHigh) ? r : l;
  d.uminLow = most.uminLow;
  d.uminHigh = most.uminHigh;
  d.umaxLow = -1;
  d.umaxHigh = -1;
  d.clearSigned();
}

/** Writes left ^ right to the draft. */
export function xor(width: 32 | 64, l: Scalar, r: Scalar): void {
  const d = draft;
  xorBits(d, l, r);
  d.clearUnsigned32();
  d.clearSigned32();
  if (width === 32) {
    d.zeroExtend();
    return;
  }
  d.clearUnsigned();
  d.clearSigned();
}
