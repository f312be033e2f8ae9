import { Failure, type Place, quote } from '../diag/index.ts';
import type { DecodedCode, Instruction } from '../isa/index.ts';
import type { BpfInstruction, Reference } from './types.ts';

/** What a linked operand of an instruction comes to. */
export type Linked =
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'call'; readonly function: number }
  | { readonly kind: 'poison'; readonly reason: string };

type LinkedInstruction = Extract<
  Instruction,
  { kind: 'constant' | 'call_local' | 'call_kernel' | 'address_space_cast' }
>;

/** A function's place in decoded code, and how its symbolic operands are resolved. */
export interface ConversionInput {
  readonly name: string;
  readonly code: DecodedCode;
  /** First and last-plus-one index in `code.instructions`. */
  readonly first: number;
  readonly end: number;
  /** Called for every instruction that may refer to something outside the function. */
  link(instruction: LinkedInstruction, index: number): Linked;
  /** Reason why the instruction may not be reached, when something made it so. */
  poison(slot: number): string | undefined;
  /** The place of an instruction of `code`. */
  place(index: number): Place;
}

/** Cuts one function out of decoded code: targets and slots become relative to it, operands linked. */
export function convertFunction(input: ConversionInput): BpfInstruction[] {
  const { code, first, end } = input;
  const firstSlot = code.instructions[first]!.slot;
  const result: BpfInstruction[] = [];
  for (let index = first; index < end; index++) {
    const instruction = code.instructions[index]!;
    const slot = instruction.slot - firstSlot;
    const reason = input.poison(instruction.slot);
    if (reason !== undefined) {
      result.push({ kind: 'poison', slot, reason });
      continue;
    }
    switch (instruction.kind) {
      case 'jump':
      case 'branch':
      case 'may_goto': {
        const target = instruction.target - first;
        if (target < 0 || instruction.target >= end) refuseBranch(input, index);
        result.push({ ...instruction, slot, target });
        break;
      }
      case 'constant':
      case 'call_local':
      case 'call_kernel':
      case 'address_space_cast':
        result.push(linkedInstruction(instruction, slot, input.link(instruction, index)));
        break;
      default:
        result.push({ ...instruction, slot });
    }
  }
  return result;
}

function linkedInstruction(
  instruction: LinkedInstruction,
  slot: number,
  linked: Linked,
): BpfInstruction {
  switch (linked.kind) {
    case 'poison':
      return { kind: 'poison', slot, reason: linked.reason };
    case 'call':
      return { kind: 'call_function', slot, function: linked.function };
    case 'reference': {
      const destination = instruction.kind === 'constant' ? instruction.destination : 0;
      return { kind: 'reference', slot, destination, reference: linked.reference };
    }
  }
}

function refuseBranch(input: ConversionInput, index: number): never {
  throw new Failure({
    code: 'BPF-O010',
    message: `a branch leaves the function ${quote(input.name)}`,
    place: input.place(index),
  });
}
