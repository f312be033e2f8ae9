/**
 * Division and remainder. Division by 0 gives 0, the remainder modulo 0 is the dividend.
 *
 * Soundness. The unsigned quotient grows with the dividend and falls with the divisor: the ends give the
 * ends, and the quotient 0 of a divisor 0 is covered by the least one when 0 is among the divisors. The
 * remainder is below the divisor, not above the dividend, and is the dividend where that is smaller or the
 * divisor is 0; and when 2^k divides every divisor, it has the dividend's low k bits. Signed: the quotient by
 * a constant is monotone; the remainder has the dividend's sign and is nearer to 0 than the divisor.
 */
import { and } from './arithmetic-bits.ts';
import { shiftRight } from './arithmetic-shift.ts';
import { subtract } from './arithmetic-sum.ts';
import { truncate } from './convert.ts';
import { draft } from './draft.ts';
import { trailingZeroes } from './order.ts';
import {
  constantScalar,
  constantWord,
  finish,
  rangeScalar,
  type Scalar,
  signedRange,
  ZERO,
} from './scalar.ts';
import {
  highOf,
  lowOf,
  shiftLeftHigh,
  shiftLeftLow,
  signedBig,
  unsignedBig,
  unsignedDown,
} from './word.ts';

/** High halves below this make words that are exact as numbers. */
const EXACT_HIGH = 0x20_0000;

interface Range<Integer extends number | bigint> {
  readonly minimum: Integer;
  readonly maximum: Integer;
}

/** The unsigned range as numbers where they are exact. */
function exactRange(width: 32 | 64, s: Scalar): Range<number> | undefined {
  if (width === 32) return { minimum: s.umin32 >>> 0, maximum: s.umax32 >>> 0 };
  if (s.umaxHigh >>> 0 >= EXACT_HIGH) return undefined;
  return {
    minimum: unsignedDown(s.uminLow, s.uminHigh),
    maximum: unsignedDown(s.umaxLow, s.umaxHigh),
  };
}

function bigRange(s: Scalar): Range<bigint> {
  return {
    minimum: unsignedBig(s.uminLow, s.uminHigh),
    maximum: unsignedBig(s.umaxLow, s.umaxHigh),
  };
}

function signedBounds(width: 32 | 64, s: Scalar): Range<bigint> {
  if (width === 32) return { minimum: BigInt(s.smin32), maximum: BigInt(s.smax32) };
  return {
    minimum: signedBig(s.sminLow, s.sminHigh),
    maximum: signedBig(s.smaxLow, s.smaxHigh),
  };
}

/** The greatest distance from 0. */
function largest(range: Range<bigint>): bigint {
  if (range.maximum > -range.minimum) return range.maximum;
  return -range.minimum;
}

/** The operand as an operation of this width sees it, zero-extended. */
function operand(width: 32 | 64, s: Scalar): Scalar {
  return width === 32 ? truncate(s, 4) : s;
}

/** The exponent of a constant power of two; undefined for anything else. */
export function powerOfTwo(s: Scalar): number | undefined {
  if (!s.isConstant || (s.valueLow | s.valueHigh) === 0) return undefined;
  const lowestOnly =
    s.valueLow === 0
      ? (s.valueHigh & (s.valueHigh - 1)) === 0
      : s.valueHigh === 0 && (s.valueLow & (s.valueLow - 1)) === 0;
  return lowestOnly ? trailingZeroes(s) : undefined;
}

/** Unsigned left / right. */
export function divide(width: 32 | 64, left: Scalar, right: Scalar): Scalar {
  const divisor = operand(width, right);
  const power = powerOfTwo(divisor);
  if (power !== undefined) {
    shiftRight(width, left, power, power);
    return finish();
  }
  if (divisor === ZERO) return ZERO;
  const l = exactRange(width, left);
  const r = exactRange(width, divisor);
  if (l && r) {
    // Below 2^53 the rounded quotient never reaches the next integer.
    const minimum = r.minimum === 0 ? 0 : Math.floor(l.minimum / r.maximum);
    return rangeScalar(minimum, r.minimum === 0 ? l.maximum : Math.floor(l.maximum / r.minimum));
  }
  const dividends = bigRange(left);
  const divisors = bigRange(divisor);
  if (divisors.minimum === 0n) return rangeScalar(0, dividends.maximum);
  return rangeScalar(dividends.minimum / divisors.maximum, dividends.maximum / divisors.minimum);
}

/** Unsigned left mod right. */
export function remainder(width: 32 | 64, left: Scalar, right: Scalar): Scalar {
  const dividend = operand(width, left);
  const divisor = operand(width, right);
  if (divisor === ZERO) return dividend;
  const power = powerOfTwo(divisor);
  if (power !== undefined) {
    const low = shiftLeftLow(1, power);
    const high = shiftLeftHigh(1, 0, power);
    and(64, dividend, constantWord((low - 1) | 0, low === 0 ? (high - 1) | 0 : 0));
    return finish();
  }
  const l = exactRange(64, dividend);
  const r = exactRange(64, divisor);
  const most =
    l && r
      ? mostRemainder(l, r, 1)
      : mostRemainder<bigint>(bigRange(dividend), bigRange(divisor), 1n);
  if (most === undefined) return dividend;
  keepLowBits(dividend, divisor);
  draft.clearUnsigned();
  draft.umaxLow = lowOf(most);
  draft.umaxHigh = highOf(most);
  draft.clearSigned();
  draft.clearUnsigned32();
  draft.clearSigned32();
  return finish();
}

/** The greatest remainder; undefined when every dividend is its own. */
function mostRemainder<Integer extends number | bigint>(
  dividends: Range<Integer>,
  divisors: Range<Integer>,
  one: Integer,
): Integer | undefined {
  if (dividends.maximum < divisors.minimum) return undefined;
  // Modulo 0, and modulo what is greater, the dividend stays.
  if (divisors.minimum < one || dividends.maximum < divisors.maximum) return dividends.maximum;
  return (divisors.maximum - one) as Integer;
}

/** Writes to the draft's known bits those that a remainder takes from the dividend. */
function keepLowBits(dividend: Scalar, divisor: Scalar): void {
  const count = Math.min(trailingZeroes(divisor), 63);
  const freeLow = shiftLeftLow(-1, count);
  const freeHigh = shiftLeftHigh(-1, -1, count);
  draft.valueLow = dividend.valueLow & ~freeLow;
  draft.valueHigh = dividend.valueHigh & ~freeHigh;
  draft.maskLow = dividend.maskLow | freeLow;
  draft.maskHigh = dividend.maskHigh | freeHigh;
}

/** Signed left / right, rounded towards 0. */
export function divideSigned(width: 32 | 64, left: Scalar, right: Scalar): Scalar {
  const l = signedBounds(width, left);
  const r = signedBounds(width, right);
  if (l.minimum >= 0n && r.minimum >= 0n) return divide(width, left, right);
  if (r.minimum === r.maximum) {
    const divisor = r.minimum;
    if (divisor === 0n) return ZERO;
    if (divisor === -1n) {
      subtract(width, ZERO, left);
      return finish();
    }
    const first = l.minimum / divisor;
    const last = l.maximum / divisor;
    return divisor > 0n ? signedResult(width, first, last) : signedResult(width, last, first);
  }
  // The quotient is not farther from 0 than the dividend. The least dividend divided by -1 wraps to itself.
  const most = largest(l);
  const limit = 2n ** BigInt(width - 1) - 1n;
  return most > limit ? signedResult(width, -limit - 1n, limit) : signedResult(width, -most, most);
}

/** Signed left mod right, with the sign of left. */
export function remainderSigned(width: 32 | 64, left: Scalar, right: Scalar): Scalar {
  const l = signedBounds(width, left);
  const r = signedBounds(width, right);
  if (l.minimum >= 0n && r.minimum >= 0n) return remainder(width, left, right);
  let minimum = l.minimum < 0n ? l.minimum : 0n;
  let maximum = l.maximum > 0n ? l.maximum : 0n;
  if (r.minimum > 0n || r.maximum < 0n) {
    const most = largest(r) - 1n;
    if (minimum < -most) minimum = -most;
    if (maximum > most) maximum = most;
  }
  return signedResult(width, minimum, maximum);
}

/** The signed range as the result of an operation of this width. */
function signedResult(width: 32 | 64, minimum: bigint, maximum: bigint): Scalar {
  const range = signedRange(minimum, maximum);
  return width === 32 ? truncate(range, 4) : range;
}

/** The exact result of a division of constants. */
export function divideConstants(
  operator: 'div' | 'sdiv' | 'mod' | 'smod',
  width: 32 | 64,
  left: Scalar,
  right: Scalar,
): Scalar {
  const isSigned = operator === 'sdiv' || operator === 'smod';
  const l = isSigned ? signedBounds(width, left) : bigRange(operand(width, left));
  const r = isSigned ? signedBounds(width, right) : bigRange(operand(width, right));
  const isQuotient = operator === 'div' || operator === 'sdiv';
  if (r.minimum === 0n) return isQuotient ? ZERO : operand(width, left);
  const exact = isQuotient ? l.minimum / r.minimum : l.minimum % r.minimum;
  return operand(width, constantScalar(exact));
}
