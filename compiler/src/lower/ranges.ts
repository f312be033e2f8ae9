/**
 * What the facts say of integers, as lowering asks for it: checks and masks that would change nothing are
 * not written. LLVM gets no assumptions and no flags for sums that do not wrap: it learns the same from the
 * comparisons that the facts come from, and on what was measured such flags made loops longer.
 */
import {
  constantScalar,
  decide,
  type Scalar,
  UNKNOWN_SCALAR,
  type ValueType,
} from '../verifier/index.ts';
import type { FunctionState } from './state.ts';

type Width = 32 | 64;
type Operand = { kind: 'register'; register: number } | { kind: 'immediate'; value: number };

/** What is known of the second operand of an instruction, or of a register; of pointers nothing. */
export function rangeOf(state: FunctionState, operand: Operand | number): Scalar {
  if (typeof operand !== 'number') {
    if (operand.kind === 'immediate') return constantScalar(operand.value);
    return rangeOf(state, operand.register);
  }
  const type = state.type(operand);
  return type?.kind === 'scalar' ? type.range : UNKNOWN_SCALAR;
}

/** The number that a value certainly is, as LLVM writes it. */
export function constantText(type: ValueType | undefined): string | undefined {
  const value = type?.kind === 'scalar' ? type.range.constantValue : undefined;
  return value === undefined ? undefined : BigInt.asIntN(64, value).toString();
}

/** Whether the low `width` bits are certainly not those of `value`. */
export function excludes(range: Scalar, width: Width, value: number | bigint): boolean {
  return decide('ne', width, range, constantScalar(value)) === true;
}

/** Whether the low `width` bits are certainly below `limit`. */
export function isBelow(range: Scalar, width: Width, limit: number): boolean {
  return decide('lt', width, range, constantScalar(limit)) === true;
}

/** Whether the sign bit of the low `width` bits is certainly 0. */
export function isNonNegative(range: Scalar, width: Width): boolean {
  return decide('sge', width, range, constantScalar(0)) === true;
}

/** Whether bits 32 to 63 are certainly 0. */
export function fitsIn32(range: Scalar): boolean {
  return range.unsignedMaximum < 2 ** 32;
}

/** Whether all bits that may be 1 are 1 in the mask, so that masking leaves the value as it is. */
export function isWithinMask(range: Scalar, mask: number): boolean {
  const inLow = ((range.valueLow | range.maskLow) & ~mask) === 0;
  return inLow && (mask < 0 || (range.valueHigh | range.maskHigh) === 0);
}

/** Whether sign extension from so many bits leaves the value as it is. */
export function isSignExtended(range: Scalar, width: Width, bits: number): boolean {
  const half = 2 ** (bits - 1);
  return range.signedMaximum < half && range.signedMinimum >= (width === 64 ? -half : 0);
}
