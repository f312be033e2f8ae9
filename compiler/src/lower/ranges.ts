/**
 * What the facts say of integers, as lowering asks for it: checks, masks and extensions that would change
 * nothing are not written, and LLVM is told of sums that do not wrap.
 *
 * Facts hold where the instruction is, in every run. Where LLVM moves it up to a place at which they do not
 * hold yet it gives poison at worst, which nobody uses there.
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

/**
 * Bounds of 64-bit sums are doubles, each off by at most 2^11 when it is large, outwards; the sum of two
 * may be off by as much inwards. This far from the end none of it matters.
 */
const SLACK = 2 ** 14;

interface Ends {
  readonly least: number;
  readonly most: number;
}

function sum(operator: 'add' | 'sub' | 'mul', l: Ends, r: Ends): Ends {
  if (operator === 'add') return { least: l.least + r.least, most: l.most + r.most };
  if (operator === 'sub') return { least: l.least - r.most, most: l.most - r.least };
  const corners = [l.least * r.least, l.least * r.most, l.most * r.least, l.most * r.most];
  return { least: Math.min(...corners), most: Math.max(...corners) };
}

/** ` nuw` and ` nsw` where an operation certainly does not wrap. */
export function wrapFlags(
  operator: 'add' | 'sub' | 'mul',
  width: Width,
  left: Scalar,
  right: Scalar,
): string {
  const unsigned = (range: Scalar): Ends =>
    width === 64
      ? { least: range.unsignedMinimum, most: range.unsignedMaximum }
      : { least: range.unsigned32Minimum, most: range.unsigned32Maximum };
  const signed = (range: Scalar): Ends =>
    width === 64
      ? { least: range.signedMinimum, most: range.signedMaximum }
      : { least: range.signed32Minimum, most: range.signed32Maximum };
  const slack = width === 64 ? SLACK : 0;
  const half = 2 ** (width - 1);
  const u = sum(operator, unsigned(left), unsigned(right));
  const s = sum(operator, signed(left), signed(right));
  const nuw = u.least >= 0 && u.most <= 2 * half - 1 - slack;
  const nsw = s.least >= -half + slack && s.most <= half - 1 - slack;
  return `${nuw ? ' nuw' : ''}${nsw ? ' nsw' : ''}`;
}
