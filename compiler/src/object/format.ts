import { formatInstruction, type Instruction } from '../isa/index.ts';
import type { BpfFunction, BpfInstruction, BpfObject, Reference } from './types.ts';

/**
 * One instruction in the notation of llvm-objdump, with the names of what it refers to. With the
 * function that holds it, branches print their distance in slots.
 */
export function formatBpfInstruction(
  object: BpfObject,
  instruction: BpfInstruction,
  holder?: BpfFunction,
): string {
  switch (instruction.kind) {
    case 'reference':
      return `r${instruction.destination} = ${referenceTitle(object, instruction.reference)} ll`;
    case 'call_function':
      return `call ${object.functions[instruction.function]?.name ?? instruction.function}`;
    case 'poison':
      return `<poisoned: ${instruction.reason}>`;
    default: {
      const plain: Instruction = instruction;
      return formatInstruction(plain, holder?.instructions);
    }
  }
}

function referenceTitle(object: BpfObject, reference: Reference): string {
  switch (reference.kind) {
    case 'value':
      return `0x${reference.value.toString(16)}`;
    case 'map':
      return `map[${object.maps[reference.map]?.name}]`;
    case 'map_value':
      return `map[${object.maps[reference.map]?.name}][0]+${reference.offset}`;
    case 'function':
      return `${object.functions[reference.function]?.name}`;
    case 'data': {
      const section = object.data[reference.section];
      const variable = section?.variables.findLast(({ offset }) => offset <= reference.offset);
      const inside = variable === undefined ? reference.offset : reference.offset - variable.offset;
      const holds = variable !== undefined && inside < variable.size;
      const base = holds ? variable.name : section?.name;
      const distance = holds ? inside : reference.offset;
      return distance === 0 && holds ? `${base}` : `${base}+${distance}`;
    }
  }
}
