/** Conditional jumps: what each edge tells, and edges that are never taken. */
import type { BpfInstruction } from '../../../object/index.ts';
import {
  arithmetic,
  constantScalar,
  decide,
  intersect,
  refine,
  type Scalar,
} from '../../domain/index.ts';
import { releaseIfNull } from '../calls/references.ts';
import type { Path } from '../path.ts';
import type { Linked } from '../pruning/checkpoint.ts';
import type { State } from '../state.ts';
import { type PointerValue, ScalarValue, type Value } from '../value.ts';
import { readable } from './alu.ts';
import { holdersOf, replaceValues } from './links.ts';
import {
  knownPacketTest,
  LENGTH_ID,
  learnLength,
  learnPacketTest,
  type PacketTest,
  packetTest,
} from './packet-range.ts';

type Branch = Extract<BpfInstruction, { kind: 'branch' }>;

/** The states that a branch leads to; what is undefined cannot happen. */
export interface Edges {
  /** Of the next instruction. */
  readonly stays: State | undefined;
  /** Of the target. */
  readonly jumps: State | undefined;
  /** What was refined besides the operands. */
  readonly links: readonly Linked[];
}

interface Operands {
  readonly left: Value;
  readonly right: Value | undefined;
  /** The second operand as a scalar. */
  readonly range: Scalar | undefined;
  readonly test: PacketTest | undefined;
}

function operands(path: Path, i: Branch): Operands {
  const left = readable(path, i.left);
  if (i.right.kind === 'immediate') {
    const range = constantScalar(i.right.value);
    return { left, right: undefined, range, test: undefined };
  }
  const right = readable(path, i.right.register);
  return {
    left,
    right,
    range: right.kind === 'scalar' ? right.range : undefined,
    test:
      i.width === 64 ? packetTest(i.operator, i.left, left, i.right.register, right) : undefined,
  };
}

/**
 * Addresses of objects are not 0; those of an empty packet may be. Nor is what lies behind their start; but
 * objects may lie so low that what is far before it is 0. (Stacks never do.)
 */
function neverNull({ nullable, target, offset, variable }: PointerValue): boolean {
  if (nullable || target.kind.startsWith('packet')) return false;
  return target.kind === 'stack' || offset + variable.signedMinimum >= 0;
}

function known(i: Branch, { left, right, range, test }: Operands): boolean | undefined {
  if (test !== undefined) return knownPacketTest(test);
  if (left.kind === 'scalar' && range !== undefined) {
    return decide(i.operator, i.width, left.range, range);
  }
  if (left.kind === 'pointer' && right === undefined && i.width === 64) {
    if (range?.constantNumber !== 0 || !neverNull(left)) return undefined;
    if (i.operator === 'eq') return false;
    if (i.operator === 'ne') return true;
  }
  return undefined;
}

/** A scalar of the running function is now known to be in `range`, and with it all that are tied to it. */
function narrow(state: State, register: number, range: Scalar): void {
  const { registers } = state.frame;
  const old = registers[register];
  if (old?.kind !== 'scalar' || old.range === range) return;
  registers[register] = new ScalarValue(range, old.id, old.delta);
  if (old.id === 0) return;
  replaceValues(state, (value) => {
    if (value.kind !== 'scalar' || value.id !== old.id || value === registers[register])
      return value;
    const apart = value.delta - old.delta;
    const moved = apart === 0 ? range : arithmetic('add', 64, range, constantScalar(apart));
    // Both are bounds of the same number; where they contradict each other the path is impossible.
    const met = intersect(moved, value.range) ?? moved;
    return new ScalarValue(met, value.id, value.delta);
  });
  if (old.id !== LENGTH_ID) return;
  // Modulo 2^64: a number below `delta` has wrapped around, and then nothing is known of the length.
  const length = arithmetic('sub', 64, range, constantScalar(old.delta));
  learnLength(state, length.unsignedMinimum);
}

/** All pointers that are null together are now known to be null, or not to be. */
function settleNull(state: State, pointer: PointerValue, isNull: boolean): void {
  const zero = new ScalarValue(constantScalar(0));
  replaceValues(state, (value) => {
    if (value.kind !== 'pointer' || !value.nullable || value.id !== pointer.id) return value;
    return isNull ? zero : value.with({ nullable: false });
  });
  if (isNull && pointer.reference !== 0) releaseIfNull(state, pointer.reference);
}

function isNullTest(i: Branch, { left, right, range }: Operands): boolean {
  return (
    left.kind === 'pointer' &&
    left.nullable &&
    right === undefined &&
    range?.constantNumber === 0 &&
    i.width === 64 &&
    (i.operator === 'eq' || i.operator === 'ne')
  );
}

/** Puts what an edge tells into its state; false when no run takes that edge. */
function learn(state: State, i: Branch, taken: boolean, of: Operands): boolean {
  const { left, right, range, test } = of;
  if (test !== undefined) {
    learnPacketTest(state, test, taken);
    return true;
  }
  if (isNullTest(i, of)) {
    settleNull(state, left as PointerValue, (i.operator === 'eq') === taken);
    return true;
  }
  if (left.kind === 'pointer' && right?.kind === 'pointer') {
    equalPointers(state, i, taken, left, right);
    return true;
  }
  if (left.kind !== 'scalar' || range === undefined) return true;
  const same = i.right.kind === 'register' && i.right.register === i.left;
  if (same) return true;
  const refined = refine(i.operator, i.width, taken, left.range, range);
  if (refined === undefined) return false;
  narrow(state, i.left, refined[0]);
  if (i.right.kind === 'register') narrowSecond(state, i.right.register, refined[1]);
  return true;
}

/** The second operand may have been narrowed by its tie to the first: what is known is kept. */
function narrowSecond(state: State, register: number, range: Scalar): void {
  const now = state.frame.registers[register];
  if (now?.kind !== 'scalar') return;
  narrow(state, register, intersect(now.range, range) ?? range);
}

/** A pointer that is equal to one that is not null is not null. */
function equalPointers(
  state: State,
  i: Branch,
  taken: boolean,
  left: PointerValue,
  right: PointerValue,
): void {
  const equal = (i.operator === 'eq' && taken) || (i.operator === 'ne' && !taken);
  if (!equal || i.width !== 64) return;
  if (left.nullable && neverNull(right)) settleNull(state, left, false);
  else if (right.nullable && neverNull(left)) settleNull(state, right, false);
}

/** Scalars that the branch refines besides its operands, for tracing precision. */
function linksOf(state: State, of: Operands): Linked[] {
  const links: Linked[] = [];
  for (const value of [of.left, of.right]) {
    if (value?.kind !== 'scalar' || value.id === 0) continue;
    const holders = holdersOf(state, value.id);
    if (holders.length > 1) links.push(...holders);
  }
  return links;
}

/** The edge taken rests on the operands' bounds. */
function relyOnOperands(path: Path, i: Branch, { left, right }: Operands): void {
  if (left.kind === 'scalar') path.markPrecise(i.left);
  if (right?.kind === 'scalar' && i.right.kind === 'register') path.markPrecise(i.right.register);
}

function isLength(value: Value | undefined): boolean {
  return value?.kind === 'scalar' && value.id === LENGTH_ID;
}

/** Evaluates a conditional jump. `path.state` becomes the state of one of the edges. */
export function branch(path: Path, i: Branch): Edges {
  const { state } = path;
  const of = operands(path, i);
  const certain = known(i, of);
  if (certain !== undefined) {
    relyOnOperands(path, i, of);
    return certain
      ? { stays: undefined, jumps: state, links: [] }
      : { stays: state, jumps: undefined, links: [] };
  }
  // What a test of the length tells goes into pointers: it rests on this being the length.
  if (isLength(of.left) || isLength(of.right)) relyOnOperands(path, i, of);
  const links = linksOf(state, of);
  const jumped = state.copy();
  const jumps = learn(jumped, i, true, of) ? jumped : undefined;
  const stays = learn(state, i, false, of) ? state : undefined;
  if (jumps !== undefined && stays !== undefined) return { stays, jumps, links };
  relyOnOperands(path, i, of);
  // Bounds that leave no edge belong to no run; one is followed all the same.
  return { stays: stays ?? (jumps === undefined ? state : undefined), jumps, links };
}
