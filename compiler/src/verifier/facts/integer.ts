/**
 * Integers of the facts: scalars of the domain in the shape of a type. The same object comes back where
 * nothing is new, so that states can be compared by identity first.
 */
import {
  constantScalar,
  equal,
  join,
  type Scalar,
  type Thresholds,
  trailingZeroes,
  UNKNOWN,
  unsignedOfSize,
  widen,
} from '../domain/index.ts';
import type { ScalarType } from '../types.ts';

/** Alignments are tracked up to this: a power of two. */
const MAXIMUM_ALIGNMENT = 4096;
const MOST_ZEROES = Math.log2(MAXIMUM_ALIGNMENT);

/** Any 64-bit integer. */
export const ANY_SCALAR: ScalarType = { kind: 'scalar', range: UNKNOWN };
/** Any integer below 2^32. */
export const ANY_SCALAR_32: ScalarType = { kind: 'scalar', range: unsignedOfSize(4) };

/** The type of integers in a range. */
export function scalarType(range: Scalar): ScalarType {
  return range === UNKNOWN ? ANY_SCALAR : { kind: 'scalar', range };
}

/** The type of one integer, taken modulo 2^64. */
export function constant(value: number | bigint): ScalarType {
  return { kind: 'scalar', range: constantScalar(value) };
}

/** The type with another range; the same object when that says the same. */
export function withRange(type: ScalarType, range: Scalar): ScalarType {
  return range === type.range ? type : scalarType(range);
}

/** The largest tracked power of two that divides all values. */
export function alignmentOf(range: Scalar): number {
  return 2 ** Math.min(MOST_ZEROES, trailingZeroes(range));
}

/** Whether the same is known of both. */
export function equalScalars(a: ScalarType, b: ScalarType): boolean {
  return equal(a.range, b.range);
}

/** What holds of both. */
export function joinScalars(a: ScalarType, b: ScalarType): ScalarType {
  const joined = join(a.range, b.range);
  if (joined === a.range) return a;
  return joined === b.range ? b : scalarType(joined);
}

/** An upper bound of both that is reached in few steps, see `widen`. */
export function widenScalar(
  old: ScalarType,
  joined: ScalarType,
  thresholds: Thresholds,
): ScalarType {
  const widened = widen(old.range, joined.range, thresholds);
  if (widened === old.range) return old;
  return withRange(joined, widened);
}
