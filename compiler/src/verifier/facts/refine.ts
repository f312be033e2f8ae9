/**
 * What a comparison says about its operands on each of its edges.
 *
 * Soundness: each refinement is an intersection of an operand's set with a set that holds every value
 * for which the comparison can come out so; where that set is no interval the operand stays as it is.
 * An empty intersection means that the edge cannot be taken.
 */
import type { BranchOperator, Width } from '../../isa/index.ts';
import type { ScalarType } from '../types.ts';
import { constantOf, range, truncate } from './scalar.ts';

type Comparison = BranchOperator | 'clear';

const OPPOSITE: Readonly<Record<BranchOperator, Comparison>> = {
  eq: 'ne',
  ne: 'eq',
  set: 'clear',
  gt: 'le',
  ge: 'lt',
  lt: 'ge',
  le: 'gt',
  sgt: 'sle',
  sge: 'slt',
  slt: 'sge',
  sle: 'sgt',
};

/** Both operands where the comparison holds, undefined when it cannot. */
type Refined = readonly [ScalarType, ScalarType] | undefined;

function clip(value: ScalarType, minimum: bigint, maximum: bigint): ScalarType | undefined {
  const least = value.minimum > minimum ? value.minimum : minimum;
  const most = value.maximum < maximum ? value.maximum : maximum;
  if (least > most) return undefined;
  if (least === value.minimum && most === value.maximum) return value;
  const clipped = range(least, most, value.alignment);
  return clipped.minimum > clipped.maximum ? undefined : clipped;
}

function pair(a: ScalarType | undefined, b: ScalarType | undefined): Refined {
  return a === undefined || b === undefined ? undefined : [a, b];
}

/** `value` without the one value of `other`, which only its ends can show. */
function without(value: ScalarType, other: ScalarType): ScalarType | undefined {
  const excluded = constantOf(other);
  if (excluded === undefined) return value;
  if (value.minimum === excluded && value.maximum === excluded) return undefined;
  if (value.minimum === excluded) return clip(value, excluded + 1n, value.maximum);
  if (value.maximum === excluded) return clip(value, value.minimum, excluded - 1n);
  return value;
}

/** a < b, or a <= b. */
function ordered(a: ScalarType, b: ScalarType, strict: boolean): Refined {
  const gap = strict ? 1n : 0n;
  return pair(clip(a, a.minimum, b.maximum - gap), clip(b, a.minimum + gap, b.maximum));
}

function signedBounds(value: ScalarType, width: Width): readonly [bigint, bigint] {
  const sign = 1n << BigInt(width - 1);
  if (value.minimum < sign && value.maximum >= sign) return [-sign, sign - 1n];
  return [BigInt.asIntN(width, value.minimum), BigInt.asIntN(width, value.maximum)];
}

/** Intersection with a signed interval, where that is an unsigned one. */
function clipSigned(
  value: ScalarType,
  minimum: bigint,
  maximum: bigint,
  width: Width,
): ScalarType | undefined {
  if (minimum > maximum) return undefined;
  if (minimum < 0n && maximum >= 0n) return value;
  return clip(value, BigInt.asUintN(width, minimum), BigInt.asUintN(width, maximum));
}

/** Signed a < b, or a <= b. */
function orderedSigned(a: ScalarType, b: ScalarType, strict: boolean, width: Width): Refined {
  const gap = strict ? 1n : 0n;
  const [leastA, mostA] = signedBounds(a, width);
  const [leastB, mostB] = signedBounds(b, width);
  const limit = mostB - gap < mostA ? mostB - gap : mostA;
  const floor = leastA + gap > leastB ? leastA + gap : leastB;
  return pair(clipSigned(a, leastA, limit, width), clipSigned(b, floor, mostB, width));
}

function swapped(refined: Refined): Refined {
  return refined === undefined ? undefined : [refined[1], refined[0]];
}

function bitTest(a: ScalarType, b: ScalarType, set: boolean): Refined {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== undefined && y !== undefined) return ((x & y) !== 0n) === set ? [a, b] : undefined;
  if (!set) return [a, b];
  // Some bit is common, so neither is zero.
  return pair(clip(a, 1n, a.maximum), clip(b, 1n, b.maximum));
}

function hold(comparison: Comparison, a: ScalarType, b: ScalarType, width: Width): Refined {
  switch (comparison) {
    case 'eq':
      return pair(clip(a, b.minimum, b.maximum), clip(b, a.minimum, a.maximum));
    case 'ne':
      return pair(without(a, b), without(b, a));
    case 'lt':
      return ordered(a, b, true);
    case 'le':
      return ordered(a, b, false);
    case 'gt':
      return swapped(ordered(b, a, true));
    case 'ge':
      return swapped(ordered(b, a, false));
    case 'slt':
      return orderedSigned(a, b, true, width);
    case 'sle':
      return orderedSigned(a, b, false, width);
    case 'sgt':
      return swapped(orderedSigned(b, a, true, width));
    case 'sge':
      return swapped(orderedSigned(b, a, false, width));
    case 'set':
      return bitTest(a, b, true);
    case 'clear':
      return bitTest(a, b, false);
  }
}

/** The operands on the edge where the branch is taken or not; undefined when that edge is impossible. */
export function refine(
  operator: BranchOperator,
  width: Width,
  left: ScalarType,
  right: ScalarType,
  taken: boolean,
): Refined {
  const comparison = taken ? operator : OPPOSITE[operator];
  if (width === 64) return hold(comparison, left, right, 64);
  // A 32-bit comparison sees the low halves; what it says carries over where they are all there is.
  const [a, b] = [truncate(left, 32), truncate(right, 32)];
  const refined = hold(comparison, a, b, 32);
  if (refined === undefined) return undefined;
  return [a === left ? refined[0] : left, b === right ? refined[1] : right];
}
