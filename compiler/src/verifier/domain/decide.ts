/**
 * Branches whose outcome the ranges decide.
 *
 * Soundness. `true` (`false`) only when every pair of words that the operands stand for satisfies
 * (violates) the condition: the ranges lie apart, or no two words have the known bits of both.
 */
import type { BranchOperator } from '../../isa/index.ts';
import type { Scalar } from './scalar.ts';
import { bitsDisjoint, bitsDisjoint32 } from './tnum.ts';
import { below, below32, less } from './word.ts';

/** Whether the branch is taken; undefined when it may go either way. */
export function decide(
  operator: BranchOperator,
  width: 32 | 64,
  left: Scalar,
  right: Scalar,
): boolean | undefined {
  switch (operator) {
    case 'eq':
      return isEqual(width, left, right);
    case 'ne':
      return not(isEqual(width, left, right));
    case 'set':
      return isSet(width, left, right);
    case 'lt':
      return isBelow(width, left, right);
    case 'ge':
      return not(isBelow(width, left, right));
    case 'gt':
      return isBelow(width, right, left);
    case 'le':
      return not(isBelow(width, right, left));
    case 'slt':
      return isLess(width, left, right);
    case 'sge':
      return not(isLess(width, left, right));
    case 'sgt':
      return isLess(width, right, left);
    case 'sle':
      return not(isLess(width, right, left));
  }
}

function not(answer: boolean | undefined): boolean | undefined {
  return answer === undefined ? undefined : !answer;
}

function isEqual(width: 32 | 64, l: Scalar, r: Scalar): boolean | undefined {
  if (
    below32(l.umax32, r.umin32) ||
    below32(r.umax32, l.umin32) ||
    l.smax32 < r.smin32 ||
    r.smax32 < l.smin32 ||
    bitsDisjoint32(l, r)
  ) {
    return false;
  }
  if (width === 32) return (l.maskLow | r.maskLow) === 0 ? true : undefined;
  if (
    below(l.umaxLow, l.umaxHigh, r.uminLow, r.uminHigh) ||
    below(r.umaxLow, r.umaxHigh, l.uminLow, l.uminHigh) ||
    less(l.smaxLow, l.smaxHigh, r.sminLow, r.sminHigh) ||
    less(r.smaxLow, r.smaxHigh, l.sminLow, l.sminHigh) ||
    bitsDisjoint(l, r)
  ) {
    return false;
  }
  return l.isConstant && r.isConstant ? true : undefined;
}

function isSet(width: 32 | 64, l: Scalar, r: Scalar): boolean | undefined {
  const wide = width === 64 ? -1 : 0;
  if (((l.valueLow & r.valueLow) | (l.valueHigh & r.valueHigh & wide)) !== 0) return true;
  const low = (l.valueLow | l.maskLow) & (r.valueLow | r.maskLow);
  const high = (l.valueHigh | l.maskHigh) & (r.valueHigh | r.maskHigh) & wide;
  return (low | high) === 0 ? false : undefined;
}

function isBelow(width: 32 | 64, l: Scalar, r: Scalar): boolean | undefined {
  if (width === 32) {
    if (below32(l.umax32, r.umin32)) return true;
    return below32(l.umin32, r.umax32) ? undefined : false;
  }
  if (below(l.umaxLow, l.umaxHigh, r.uminLow, r.uminHigh)) return true;
  return below(l.uminLow, l.uminHigh, r.umaxLow, r.umaxHigh) ? undefined : false;
}

function isLess(width: 32 | 64, l: Scalar, r: Scalar): boolean | undefined {
  if (width === 32) {
    if (l.smax32 < r.smin32) return true;
    return l.smin32 < r.smax32 ? undefined : false;
  }
  if (less(l.smaxLow, l.smaxHigh, r.sminLow, r.sminHigh)) return true;
  return less(l.sminLow, l.sminHigh, r.smaxLow, r.smaxHigh) ? undefined : false;
}
