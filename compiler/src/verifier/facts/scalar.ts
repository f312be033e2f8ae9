/**
 * The domain of integers: an unsigned 64-bit interval and a power of two that divides the value.
 *
 * Soundness: every operation is monotone on the two sets it stands for. Its result holds each value
 * that the concrete operation gives for members of the operands: bounds are computed without wrapping
 * in unbounded integers and given up (the whole width) unless both ends wrap alike; a common divisor
 * that is a power of two survives wrapping because it divides 2^32 and 2^64. 32-bit operations act on
 * the truncated operands and their result is below 2^32: that is the zero extension.
 */
import type { AluOperator, Width } from '../../isa/index.ts';
import type { ScalarType } from '../types.ts';

/** Alignments are tracked up to this. */
export const MAXIMUM_ALIGNMENT = 4096;
const ALIGNMENT_MASK = BigInt(MAXIMUM_ALIGNMENT - 1);

const MAXIMUM_64 = (1n << 64n) - 1n;
const MAXIMUM_32 = (1n << 32n) - 1n;

/** Any 64-bit integer. */
export const ANY_SCALAR: ScalarType = {
  kind: 'scalar',
  minimum: 0n,
  maximum: MAXIMUM_64,
  alignment: 1,
};
/** Any integer below 2^32. */
export const ANY_SCALAR_32: ScalarType = {
  kind: 'scalar',
  minimum: 0n,
  maximum: MAXIMUM_32,
  alignment: 1,
};

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The largest tracked power of two that divides the value. */
export function alignmentOf(value: bigint): number {
  const low = Number(value & ALIGNMENT_MASK);
  return low === 0 ? MAXIMUM_ALIGNMENT : low & -low;
}

/** The set of one value (taken modulo 2^64). */
export function constant(value: bigint): ScalarType {
  const wrapped = BigInt.asUintN(64, value);
  return { kind: 'scalar', minimum: wrapped, maximum: wrapped, alignment: alignmentOf(wrapped) };
}

/**
 * The integers from minimum to maximum that alignment divides; there must be one. Bounds are multiples
 * of the alignment, so that `i != 64` keeps a counter of step 4 at or below 60.
 */
export function range(minimum: bigint, maximum: bigint, alignment = 1): ScalarType {
  if (minimum === maximum) return constant(minimum);
  if (alignment === 1) return { kind: 'scalar', minimum, maximum, alignment };
  const step = BigInt(alignment);
  const least = minimum + ((step - (minimum % step)) % step);
  const most = maximum - (maximum % step);
  if (least === most) return constant(least);
  return {
    kind: 'scalar',
    minimum: least,
    maximum: most,
    alignment: Math.min(alignment, MAXIMUM_ALIGNMENT),
  };
}

/** The one value of the set, if it has one only. */
export function constantOf(value: ScalarType): bigint | undefined {
  return value.minimum === value.maximum ? value.minimum : undefined;
}

/** All integers of `width` bits that alignment divides. */
function whole(width: Width, alignment = 1): ScalarType {
  if (alignment === 1) return width === 32 ? ANY_SCALAR_32 : ANY_SCALAR;
  return range(0n, width === 32 ? MAXIMUM_32 : MAXIMUM_64, alignment);
}

/** The low `bits` bits. */
export function truncate(value: ScalarType, bits: number): ScalarType {
  const limit = 1n << BigInt(bits);
  if (value.maximum < limit) return value;
  const shift = BigInt(bits);
  if (value.minimum >> shift === value.maximum >> shift) {
    return range(
      BigInt.asUintN(bits, value.minimum),
      BigInt.asUintN(bits, value.maximum),
      value.alignment,
    );
  }
  // alignment may exceed 2^8 for an 8-bit truncation: then the value is 0.
  if (BigInt(value.alignment) >= limit) return constant(0n);
  return range(0n, limit - 1n, value.alignment);
}

/** [minimum, maximum] computed in unbounded integers, brought back to `width` bits. */
function wrap(minimum: bigint, maximum: bigint, width: Width, alignment: number): ScalarType {
  const shift = BigInt(width);
  if (minimum >> shift !== maximum >> shift) return whole(width, alignment);
  return range(BigInt.asUintN(width, minimum), BigInt.asUintN(width, maximum), alignment);
}

/** 2^n - 1, the least that is not below the value. */
function onesAbove(value: bigint): bigint {
  return value === 0n ? 0n : (1n << BigInt(value.toString(2).length)) - 1n;
}

function shiftLeft(a: ScalarType, b: ScalarType, width: Width): ScalarType {
  // Amounts are masked; a range that may exceed the width can mask to anything.
  const amount = constantOf(b);
  const least = amount !== undefined ? amount & BigInt(width - 1) : b.minimum;
  const most = amount !== undefined ? least : b.maximum;
  if (most >= BigInt(width)) return whole(width, a.alignment);
  const alignment = Math.min(MAXIMUM_ALIGNMENT, a.alignment * 2 ** Number(least));
  const maximum = a.maximum << most;
  if (maximum >> BigInt(width) === 0n) return range(a.minimum << least, maximum, alignment);
  const value = constantOf(a);
  if (value !== undefined && amount !== undefined) {
    return constant(BigInt.asUintN(width, value << least));
  }
  return whole(width, alignment);
}

function shiftRight(a: ScalarType, b: ScalarType, width: Width): ScalarType {
  const amount = constantOf(b);
  if (amount !== undefined) {
    const shift = amount & BigInt(width - 1);
    const alignment = Math.max(1, a.alignment / 2 ** Number(shift));
    return range(a.minimum >> shift, a.maximum >> shift, alignment);
  }
  if (b.maximum >= BigInt(width)) return range(0n, a.maximum);
  return range(a.minimum >> b.maximum, a.maximum >> b.minimum);
}

function shiftRightSigned(a: ScalarType, b: ScalarType, width: Width): ScalarType {
  const sign = 1n << BigInt(width - 1);
  if (a.maximum < sign) return shiftRight(a, b, width);
  const amount = constantOf(b);
  if (amount === undefined || a.minimum < sign) return whole(width);
  const shift = amount & BigInt(width - 1);
  return range(
    BigInt.asUintN(width, BigInt.asIntN(width, a.minimum) >> shift),
    BigInt.asUintN(width, BigInt.asIntN(width, a.maximum) >> shift),
  );
}

function bitwiseAnd(a: ScalarType, b: ScalarType): ScalarType {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) return constant(x & y);
  // A mask of low ones that covers the other operand changes nothing.
  if (y !== undefined && (y & (y + 1n)) === 0n && a.maximum <= y) return a;
  if (x !== undefined && (x & (x + 1n)) === 0n && b.maximum <= x) return b;
  const alignment = Math.max(a.alignment, b.alignment);
  return range(0n, smaller(a.maximum, b.maximum), alignment);
}

function bitwiseOr(a: ScalarType, b: ScalarType): ScalarType {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) return constant(x | y);
  const least = larger(a.minimum, b.minimum);
  return range(least, onesAbove(a.maximum | b.maximum), Math.min(a.alignment, b.alignment));
}

function bitwiseXor(a: ScalarType, b: ScalarType): ScalarType {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) return constant(x ^ y);
  return range(0n, onesAbove(a.maximum | b.maximum), Math.min(a.alignment, b.alignment));
}

function multiply(a: ScalarType, b: ScalarType, width: Width): ScalarType {
  const alignment = Math.min(MAXIMUM_ALIGNMENT, a.alignment * b.alignment);
  return wrap(a.minimum * b.minimum, a.maximum * b.maximum, width, alignment);
}

function divide(a: ScalarType, b: ScalarType): ScalarType {
  // Division by zero gives zero.
  if (b.maximum === 0n) return constant(0n);
  if (b.minimum === 0n) return range(0n, a.maximum);
  return range(a.minimum / b.maximum, a.maximum / b.minimum);
}

function remainder(a: ScalarType, b: ScalarType): ScalarType {
  // Modulo zero leaves the dividend.
  if (b.maximum === 0n) return a;
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) return constant(x % y);
  if (b.minimum > a.maximum) return a;
  const alignment = Math.min(a.alignment, b.alignment);
  if (b.minimum === 0n) return range(0n, a.maximum, alignment);
  return range(0n, smaller(a.maximum, b.maximum - 1n), alignment);
}

function signedDivision(
  operator: 'sdiv' | 'smod',
  a: ScalarType,
  b: ScalarType,
  width: Width,
): ScalarType {
  const sign = 1n << BigInt(width - 1);
  if (a.maximum < sign && b.maximum < sign) {
    return operator === 'sdiv' ? divide(a, b) : remainder(a, b);
  }
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x === undefined || y === undefined) return whole(width);
  const [dividend, divisor] = [BigInt.asIntN(width, x), BigInt.asIntN(width, y)];
  if (divisor === 0n) return operator === 'sdiv' ? constant(0n) : a;
  const value = operator === 'sdiv' ? dividend / divisor : dividend % divisor;
  return constant(BigInt.asUintN(width, value));
}

/** What an arithmetic instruction can give. */
export function arithmetic(
  operator: AluOperator,
  width: Width,
  left: ScalarType,
  right: ScalarType,
): ScalarType {
  const a = width === 32 ? truncate(left, 32) : left;
  const b = width === 32 ? truncate(right, 32) : right;
  switch (operator) {
    case 'mov':
      return b;
    case 'add':
      return wrap(
        a.minimum + b.minimum,
        a.maximum + b.maximum,
        width,
        Math.min(a.alignment, b.alignment),
      );
    case 'sub':
      return wrap(
        a.minimum - b.maximum,
        a.maximum - b.minimum,
        width,
        Math.min(a.alignment, b.alignment),
      );
    case 'mul':
      return multiply(a, b, width);
    case 'div':
      return divide(a, b);
    case 'mod':
      return remainder(a, b);
    case 'sdiv':
    case 'smod':
      return signedDivision(operator, a, b, width);
    case 'and':
      return bitwiseAnd(a, b);
    case 'or':
      return bitwiseOr(a, b);
    case 'xor':
      return bitwiseXor(a, b);
    case 'lsh':
      return shiftLeft(a, b, width);
    case 'rsh':
      return shiftRight(a, b, width);
    case 'arsh':
      return shiftRightSigned(a, b, width);
  }
}

/** What negation can give. */
export function negate(width: Width, value: ScalarType): ScalarType {
  return arithmetic('sub', width, constant(0n), value);
}

/** What a move with sign extension from `bits` can give. */
export function signExtend(width: Width, bits: number, value: ScalarType): ScalarType {
  const low = truncate(value, bits);
  const sign = 1n << BigInt(bits - 1);
  if (low.maximum < sign) return low;
  if (low.minimum < sign) return whole(width, low.alignment);
  return range(
    BigInt.asUintN(width, BigInt.asIntN(bits, low.minimum)),
    BigInt.asUintN(width, BigInt.asIntN(bits, low.maximum)),
    low.alignment,
  );
}

/** The low `bits` bits with their bytes in the other order. */
export function reverseBytes(bits: 16 | 32 | 64, value: ScalarType): ScalarType {
  const known = constantOf(value);
  if (known === undefined) return range(0n, (1n << BigInt(bits)) - 1n);
  let rest = BigInt.asUintN(bits, known);
  let reversed = 0n;
  for (let done = 0; done < bits; done += 8) {
    reversed = (reversed << 8n) | (rest & 0xffn);
    rest >>= 8n;
  }
  return constant(reversed);
}

/** The least interval that holds both. */
export function joinScalars(a: ScalarType, b: ScalarType): ScalarType {
  const minimum = smaller(a.minimum, b.minimum);
  const maximum = larger(a.maximum, b.maximum);
  const alignment = Math.min(a.alignment, b.alignment);
  for (const same of [a, b]) {
    if (same.minimum === minimum && same.maximum === maximum && same.alignment === alignment) {
      return same;
    }
  }
  return range(minimum, maximum, alignment);
}

/**
 * An upper bound of both that is reached in few steps: a bound that moves jumps to the next of the
 * thresholds (ascending), at last to the end of the range.
 */
export function widenScalar(
  old: ScalarType,
  joined: ScalarType,
  thresholds: readonly bigint[],
): ScalarType {
  let { minimum, maximum } = joined;
  if (minimum < old.minimum) {
    minimum = thresholds.findLast((candidate) => candidate <= minimum) ?? 0n;
  }
  if (maximum > old.maximum) {
    maximum = thresholds.find((candidate) => candidate >= maximum) ?? MAXIMUM_64;
  }
  return range(minimum, maximum, joined.alignment);
}
