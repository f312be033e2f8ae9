import type { BpfInstruction } from '../object/index.ts';
import { narrowOperand, truncated } from './alu.ts';
import type { Value } from './registers.ts';
import type { FunctionState } from './state.ts';

/** A conditional branch. */
export type Branch = Extract<BpfInstruction, { kind: 'branch' }>;

const PREDICATES: Readonly<Record<Exclude<Branch['operator'], 'set'>, string>> = {
  eq: 'eq',
  ne: 'ne',
  gt: 'ugt',
  ge: 'uge',
  lt: 'ult',
  le: 'ule',
  sgt: 'sgt',
  sge: 'sge',
  slt: 'slt',
  sle: 'sle',
};

/** The condition of a branch as an i1. */
export function condition(state: FunctionState, branch: Branch): string {
  const { operator, width, left, right } = branch;
  const { registers, writer } = state;
  if (width === 64 && operator !== 'set') {
    const compared = comparePointers(state, branch);
    if (compared !== undefined) return compared;
  }
  const type = `i${width}`;
  const first = truncated(state, registers.integer(left), width);
  const second = width === 64 ? state.operand(right) : narrowOperand(state, right);
  if (operator === 'set') {
    const bits = writer.define(`and ${type} ${first}, ${second}`);
    return writer.define(`icmp ne ${type} ${bits}, 0`);
  }
  return writer.define(`icmp ${PREDICATES[operator]} ${type} ${first}, ${second}`);
}

/** Pointers are compared as pointers, and with null; anything else as numbers. */
function comparePointers(state: FunctionState, branch: Branch): string | undefined {
  const { operator, left, right } = branch;
  if (operator === 'set' || operator.startsWith('s')) return undefined;
  const { registers, writer } = state;
  const first = registers.get(left);
  const second = state.operandValue(right);
  const predicate = PREDICATES[operator];
  if (isNull(first) || isNull(second)) {
    const other = isNull(second) ? first : second;
    if (other.kind === 'integer' || (operator !== 'eq' && operator !== 'ne')) return undefined;
    return writer.define(`icmp ${predicate} i8* ${registers.toPointer(other)}, null`);
  }
  if (first.kind === 'integer' || second.kind === 'integer') return undefined;
  // A constant place in the frame belongs to the object that the other side points into.
  const leftType = state.type(left);
  const rightType = right.kind === 'register' ? state.type(right.register) : undefined;
  const from = registers.toPointer(
    first,
    state.partOf(first.kind === 'frame' ? rightType : leftType),
  );
  const to = registers.toPointer(
    second,
    state.partOf(second.kind === 'frame' ? leftType : rightType),
  );
  return writer.define(`icmp ${predicate} i8* ${from}, ${to}`);
}

function isNull(value: Value): boolean {
  return value.kind === 'integer' && value.text === '0';
}
