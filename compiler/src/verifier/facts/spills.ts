/**
 * Copies of a register in the frame. A loop with more variables than registers keeps its counter in a
 * slot, loads it to count, stores it and compares the register: what the branch tells of the register
 * is true of the slot as well.
 */
import type { BpfInstruction } from '../../object/index.ts';
import type { Block } from '../flow/blocks.ts';
import type { ValueType } from '../types.ts';
import type { FunctionWork } from './analysis.ts';
import { FRAME_SIZE, SLOTS, type SlotType } from './state.ts';

const FRAME_POINTER = 10;

type Branch = Extract<BpfInstruction, { kind: 'branch' }>;

/** The first and last slot that an access relative to r10 touches. */
function touched(offset: number, size: number): readonly [number, number] {
  const at = offset + FRAME_SIZE;
  return [Math.floor(at / 8), Math.floor((at + size - 1) / 8)];
}

/** The slot that holds all of an 8-byte access relative to r10. */
function wholeSlot(offset: number, size: number): number | undefined {
  const [first, last] = touched(offset, size);
  return size === 8 && first === last && first >= 0 && first < SLOTS ? first : undefined;
}

/**
 * Slots that at the end of a block certainly hold what the register holds. Only instructions that are
 * seen to keep both are looked through, from the end of the block to where the register was written.
 */
function copiesOf(work: FunctionWork, block: Block, register: number): readonly number[] {
  const copies: number[] = [];
  const overwritten = new Set<number>();
  for (let at = block.end - 2; at >= block.first; at--) {
    const instruction = work.instructions[at]!;
    switch (instruction.kind) {
      case 'store': {
        if (instruction.base !== FRAME_POINTER) return copies;
        const { offset, size, source } = instruction;
        const slot = wholeSlot(offset, size);
        const ofRegister = source.kind === 'register' && source.register === register;
        if (ofRegister && slot !== undefined && !overwritten.has(slot)) copies.push(slot);
        const [first, last] = touched(offset, size);
        for (let index = first; index <= last; index++) overwritten.add(index);
        break;
      }
      case 'load': {
        if (instruction.destination !== register) break;
        const { base, offset, size } = instruction;
        const slot = base === FRAME_POINTER ? wholeSlot(offset, size) : undefined;
        if (slot !== undefined && !overwritten.has(slot)) copies.push(slot);
        return copies;
      }
      case 'alu':
      case 'negate':
      case 'swap':
      case 'move_sign_extend':
      case 'reference':
        if (instruction.destination === register) return copies;
        break;
      default:
        return copies;
    }
  }
  return copies;
}

/** The slots on an edge of the branch that ends a block, given what the edge tells of registers. */
export function refineCopies(
  work: FunctionWork,
  block: Block,
  branch: Branch,
  slots: readonly SlotType[],
  before: readonly ValueType[],
  refined: readonly ValueType[],
): readonly SlotType[] {
  if (before === refined) return slots;
  let result: SlotType[] | undefined;
  const compared = [
    branch.left,
    ...(branch.right.kind === 'register' ? [branch.right.register] : []),
  ];
  for (const register of compared) {
    const value = refined[register]!;
    if (value === before[register] || value.kind !== 'scalar') continue;
    for (const slot of copiesOf(work, block, register)) {
      if (slots[slot]!.kind !== 'scalar') continue;
      result ??= slots.slice();
      result[slot] = value;
    }
  }
  return result ?? slots;
}
