/** What is known on the two edges of a branch. */
import type { BpfInstruction } from '../../object/index.ts';
import { refine, type Scalar, toMultiples, ZERO as ZERO_RANGE } from '../domain/index.ts';
import type { ScalarType, ValueType } from '../types.ts';
import { ANY_SCALAR, constant, withRange } from './integer.ts';
import { operandValue } from './transfer.ts';
import { neverNull, withoutNull } from './value.ts';

type Branch = Extract<BpfInstruction, { kind: 'branch' }>;

/** Registers on one edge, or undefined when the edge is impossible. */
type Edge = readonly ValueType[] | undefined;

const ZERO = constant(0);

function isZero(value: ValueType): boolean {
  return value.kind === 'scalar' && value.range === ZERO_RANGE;
}

/** `pointer == 0` and `pointer != 0`. */
function compareWithNull(registers: readonly ValueType[], register: number, equal: boolean): Edge {
  const pointer = registers[register]!;
  if (pointer.kind !== 'pointer') return registers;
  if (equal && neverNull(pointer)) return undefined;
  const refined = registers.slice();
  refined[register] = equal ? ZERO : withoutNull(pointer);
  return refined;
}

function view(value: ValueType): ScalarType | undefined {
  if (value.kind === 'scalar') return value;
  return value.kind === 'unknown' || value.kind === 'none' ? ANY_SCALAR : undefined;
}

function narrowed(type: ScalarType, range: Scalar): ScalarType {
  return range === type.range ? type : withRange(type, toMultiples(range));
}

/**
 * Registers where the branch is taken, or is not; undefined when that cannot be. `proved` are the bits of
 * edges.ts.
 */
export function edge(
  registers: readonly ValueType[],
  branch: Branch,
  taken: boolean,
  proved: number | undefined,
): Edge {
  if (proved !== undefined && (proved & (taken ? 2 : 1)) === 0) return undefined;
  const left = registers[branch.left]!;
  const right = operandValue(registers, branch.right);
  const sameRegister = branch.right.kind === 'register' && branch.right.register === branch.left;
  const equality = branch.operator === 'eq' || branch.operator === 'ne';
  if (equality && branch.width === 64) {
    const equal = (branch.operator === 'eq') === taken;
    if (left.kind === 'pointer' && isZero(right)) {
      return compareWithNull(registers, branch.left, equal);
    }
    if (branch.right.kind === 'register' && right.kind === 'pointer' && isZero(left)) {
      return compareWithNull(registers, branch.right.register, equal);
    }
  }
  const [a, b] = [view(left), view(right)];
  if (a === undefined || b === undefined || sameRegister) return registers;
  const refined = refine(branch.operator, branch.width, taken, a.range, b.range);
  if (refined === undefined) return undefined;
  const newLeft = narrowed(a, refined[0]);
  const newRight = narrowed(b, refined[1]);
  if (newLeft === a && newRight === b) return registers;
  const result = registers.slice();
  if (newLeft !== a) result[branch.left] = newLeft;
  if (newRight !== b && branch.right.kind === 'register') {
    result[branch.right.register] = newRight;
  }
  return result;
}
