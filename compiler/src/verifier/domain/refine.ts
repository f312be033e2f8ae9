/**
 * What a branch tells of its operands.
 *
 * Soundness. Each operand in turn keeps every value for which some value of the other satisfies the
 * condition: for an order the other's nearest end is the limit; for equality both lie in both sets; for
 * inequality with a constant, that constant may be dropped from the end of a range; a mask that is not hit
 * clears the bits that are certainly in the mask; one that is hit and has one bit in common sets it.
 */
import type { BranchOperator } from '../../isa/index.ts';
import { intersect } from './order.ts';
import { clearCommonBits, haveCommonBit, sameLow, unequal } from './refine-bits.ts';
import { atLeast, atMost, signedAtLeast, signedAtMost } from './refine-order.ts';
import type { Scalar } from './scalar.ts';

/** `clear`: no bit in common. */
type Relation = BranchOperator | 'clear';

/** The relation of the edge that is not taken. Switches: a look-up by key costs more than the rest. */
function inverse(relation: BranchOperator): Relation {
  switch (relation) {
    case 'eq':
      return 'ne';
    case 'ne':
      return 'eq';
    case 'set':
      return 'clear';
    case 'gt':
      return 'le';
    case 'ge':
      return 'lt';
    case 'lt':
      return 'ge';
    case 'le':
      return 'gt';
    case 'sgt':
      return 'sle';
    case 'sge':
      return 'slt';
    case 'slt':
      return 'sge';
    case 'sle':
      return 'sgt';
  }
}

/** The relation with its sides exchanged. */
function mirrored(relation: Relation): Relation {
  switch (relation) {
    case 'gt':
      return 'lt';
    case 'ge':
      return 'le';
    case 'lt':
      return 'gt';
    case 'le':
      return 'ge';
    case 'sgt':
      return 'slt';
    case 'sge':
      return 'sle';
    case 'slt':
      return 'sgt';
    case 'sle':
      return 'sge';
    default:
      return relation;
  }
}

/**
 * The operands on one edge of a branch, in the order given; undefined when that edge is impossible. An
 * operand of which nothing new is learned comes back as the same object.
 */
export function refine(
  operator: BranchOperator,
  width: 32 | 64,
  taken: boolean,
  left: Scalar,
  right: Scalar,
): readonly [Scalar, Scalar] | undefined {
  const relation = taken ? operator : inverse(operator);
  const newLeft = restrict(relation, width, left, right);
  if (newLeft === undefined) return undefined;
  if (relation === 'eq' && width === 64) return [newLeft, newLeft];
  const newRight = restrict(mirrored(relation), width, right, newLeft);
  return newRight === undefined ? undefined : [newLeft, newRight];
}

/** The values of `s` that have the relation to some value of `other`. */
function restrict(
  relation: Relation,
  width: 32 | 64,
  s: Scalar,
  other: Scalar,
): Scalar | undefined {
  switch (relation) {
    case 'eq':
      return width === 32 ? sameLow(s, other) : intersect(s, other);
    case 'ne':
      return unequal(width, s, other);
    case 'set':
      return haveCommonBit(width, s, other);
    case 'clear':
      return clearCommonBits(width, s, other);
    case 'lt':
    case 'le':
      return atMost(width, s, other, relation === 'lt' ? 1 : 0);
    case 'gt':
    case 'ge':
      return atLeast(width, s, other, relation === 'gt' ? 1 : 0);
    case 'slt':
    case 'sle':
      return signedAtMost(width, s, other, relation === 'slt' ? 1 : 0);
    case 'sgt':
    case 'sge':
      return signedAtLeast(width, s, other, relation === 'sgt' ? 1 : 0);
  }
}
