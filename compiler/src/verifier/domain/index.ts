/**
 * domain: what is known of 64-bit values that are no pointers: known bits and ranges, as immutable values.
 * In: scalars, operators of the instruction set, constants. Out: scalars, answers to branches, text.
 * Knows nothing of registers, programs, paths or pointers.
 */
export { arithmetic, negate } from './arithmetic.ts';
export { signExtend, swap, truncate } from './convert.ts';
export { decide } from './decide.ts';
export { bounds, formatRanges, formatScalar, type IntegerBounds } from './format.ts';
export {
  contains,
  equal,
  intersect,
  isAligned,
  join,
  trailingZeroes,
  zeroOrAllOnes,
} from './order.ts';
export { refine } from './refine.ts';
export {
  constantScalar,
  rangeScalar,
  Scalar,
  signedOfSize,
  signedRange,
  UNKNOWN,
  unsignedOfSize,
  ZERO,
} from './scalar.ts';
export { NO_THRESHOLDS, Thresholds, toMultiples, widen } from './widen.ts';
