/**
 * The instruction set's arithmetic on scalars. The operations write to the draft; here the results are
 * completed. Constants are computed as such, which is most arithmetic of unrolled and inlined code.
 */
import type { AluOperator } from '../../isa/index.ts';
import { and, or, xor } from './arithmetic-bits.ts';
import {
  divide,
  divideConstants,
  divideSigned,
  powerOfTwo,
  remainder,
  remainderSigned,
} from './arithmetic-divide.ts';
import { leastAmount, mostAmount, shiftLeft, shiftRight, shiftSigned } from './arithmetic-shift.ts';
import { add, multiply, subtract } from './arithmetic-sum.ts';
import { truncate } from './convert.ts';
import { constantWord, finish, type Scalar, UNKNOWN, ZERO } from './scalar.ts';
import {
  addHigh,
  multiplyHigh,
  shiftLeftHigh,
  shiftLeftLow,
  shiftRightHigh,
  shiftRightLow,
  shiftSignedHigh,
  shiftSignedLow,
  subtractHigh,
} from './word.ts';

/**
 * What `left operator right` gives. 32-bit operations see the low halves and zero-extend the result;
 * shifts take their amount modulo the width; division by 0 gives 0, and modulo 0 leaves the dividend.
 */
export function arithmetic(
  operator: AluOperator,
  width: 32 | 64,
  left: Scalar,
  right: Scalar,
): Scalar {
  if (operator === 'mov') return width === 64 ? right : truncate(right, 4);
  if (left.isConstant && right.isConstant) return compute(operator, width, left, right);
  switch (operator) {
    case 'add':
      if (right === ZERO && width === 64) return left;
      if ((left === UNKNOWN || right === UNKNOWN) && width === 64) return UNKNOWN;
      add(width, left, right);
      return finish();
    case 'sub':
      if (right === ZERO && width === 64) return left;
      if ((left === UNKNOWN || right === UNKNOWN) && width === 64) return UNKNOWN;
      subtract(width, left, right);
      return finish();
    case 'mul':
      return product(width, left, right);
    case 'and':
      and(width, left, right);
      return finish();
    case 'or':
      or(width, left, right);
      return finish();
    case 'xor':
      xor(width, left, right);
      return finish();
    case 'lsh':
      shiftLeft(width, left, leastAmount(width, right), mostAmount(width, right));
      return finish();
    case 'rsh':
      shiftRight(width, left, leastAmount(width, right), mostAmount(width, right));
      return finish();
    case 'arsh':
      shiftSigned(width, left, leastAmount(width, right), mostAmount(width, right));
      return finish();
    case 'div':
      return divide(width, left, right);
    case 'sdiv':
      return divideSigned(width, left, right);
    case 'mod':
      return remainder(width, left, right);
    case 'smod':
      return remainderSigned(width, left, right);
  }
}

/** A product with a power of two is a shift, and exact. */
function product(width: 32 | 64, left: Scalar, right: Scalar): Scalar {
  const rightPower = powerOfTwo(right);
  const leftPower = powerOfTwo(left);
  const power = rightPower ?? leftPower;
  if (power === undefined) multiply(width, left, right);
  else if (power >= width) return ZERO;
  else shiftLeft(width, rightPower === undefined ? right : left, power, power);
  return finish();
}

function compute(
  operator: Exclude<AluOperator, 'mov'>,
  width: 32 | 64,
  left: Scalar,
  right: Scalar,
): Scalar {
  const aLow = left.valueLow;
  const aHigh = left.valueHigh;
  const bLow = right.valueLow;
  const bHigh = right.valueHigh;
  const narrow = width === 32;
  const amount = bLow & (width - 1);
  switch (operator) {
    case 'add':
      return constantWord((aLow + bLow) | 0, narrow ? 0 : addHigh(aLow, aHigh, bLow, bHigh));
    case 'sub':
      return constantWord((aLow - bLow) | 0, narrow ? 0 : subtractHigh(aLow, aHigh, bLow, bHigh));
    case 'mul':
      return constantWord(
        Math.imul(aLow, bLow),
        narrow ? 0 : multiplyHigh(aLow, aHigh, bLow, bHigh),
      );
    case 'and':
      return constantWord(aLow & bLow, narrow ? 0 : aHigh & bHigh);
    case 'or':
      return constantWord(aLow | bLow, narrow ? 0 : aHigh | bHigh);
    case 'xor':
      return constantWord(aLow ^ bLow, narrow ? 0 : aHigh ^ bHigh);
    case 'lsh':
      return narrow
        ? constantWord(aLow << amount, 0)
        : constantWord(shiftLeftLow(aLow, amount), shiftLeftHigh(aLow, aHigh, amount));
    case 'rsh':
      return narrow
        ? constantWord((aLow >>> amount) | 0, 0)
        : constantWord(shiftRightLow(aLow, aHigh, amount), shiftRightHigh(aHigh, amount));
    case 'arsh':
      return narrow
        ? constantWord(aLow >> amount, 0)
        : constantWord(shiftSignedLow(aLow, aHigh, amount), shiftSignedHigh(aHigh, amount));
    default:
      return divideConstants(operator, width, left, right);
  }
}

/** 0 - s. */
export function negate(width: 32 | 64, s: Scalar): Scalar {
  return arithmetic('sub', width, ZERO, s);
}
