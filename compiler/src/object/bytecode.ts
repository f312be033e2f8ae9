import { Failure, type Place } from '../diag/index.ts';
import {
  BPF_PSEUDO_FUNC,
  type DecodedCode,
  decode,
  formatInstruction,
  type Instruction,
  SLOT_SIZE,
} from '../isa/index.ts';
import { refuseRecursion } from './call-graph.ts';
import { convertFunction, type Linked } from './convert.ts';
import { contentHash, objectName } from './names.ts';
import type { BpfFunction, BpfObject } from './types.ts';

/** What stands for the section in places of bare bytecode. */
const SECTION = 'bytecode';

/** Index of the instruction whose address a constant takes (BPF_PSEUDO_FUNC), when it is one. */
function addressedFunction(instruction: Instruction, code: DecodedCode): number | undefined {
  if (instruction.kind !== 'constant' || instruction.pseudo !== BPF_PSEUDO_FUNC) return undefined;
  const index = code.indexOfSlot[instruction.slot + 1 + instruction.low];
  return index === undefined || index < 0 ? undefined : index;
}

/**
 * Bare bytecode, without ELF: one program `main` of kind `raw` that starts at the first instruction.
 * Functions begin where local calls and function addresses point; each ends where the next begins.
 */
export function objectFromBytecode(bytes: Uint8Array, file: string): BpfObject {
  const code = decode(bytes, { file, section: SECTION });
  if (code.instructions.length === 0) {
    throw new Failure({ code: 'BPF-O001', message: 'there is no code', place: { file } });
  }
  const entries = new Set([0]);
  for (const instruction of code.instructions) {
    const entry =
      instruction.kind === 'call_local' ? instruction.target : addressedFunction(instruction, code);
    if (entry !== undefined) entries.add(entry);
  }
  const starts = [...entries].sort((left, right) => left - right);
  const functionAt = new Map(starts.map((start, index) => [start, index]));
  const placeAt = (index: number): Place => ({
    file,
    section: SECTION,
    offset: code.instructions[index]!.slot * SLOT_SIZE,
    instruction: formatInstruction(code.instructions[index]!, code.instructions),
  });
  const link = (instruction: Instruction, index: number): Linked => {
    if (instruction.kind === 'call_local') {
      return { kind: 'call', function: functionAt.get(instruction.target)! };
    }
    if (instruction.kind === 'constant' && instruction.pseudo === 0) {
      const value = BigInt.asUintN(
        64,
        (BigInt(instruction.high) << 32n) | BigInt(instruction.low >>> 0),
      );
      return { kind: 'reference', reference: { kind: 'value', value } };
    }
    const target = addressedFunction(instruction, code);
    if (target !== undefined) {
      return {
        kind: 'reference',
        reference: { kind: 'function', function: functionAt.get(target)! },
      };
    }
    throw new Failure({
      code: 'BPF-O002',
      message: 'bare bytecode cannot refer to maps, variables, address spaces or kernel functions',
      place: placeAt(index),
      help: 'give an ELF object, which says what they are',
    });
  };
  const functions = starts.map((first, index): BpfFunction => {
    const name = index === 0 ? 'main' : `function_${code.instructions[first]!.slot}`;
    return {
      index,
      name,
      section: SECTION,
      sectionOffset: code.instructions[first]!.slot * SLOT_SIZE,
      instructions: convertFunction({
        name,
        code,
        first,
        end: starts[index + 1] ?? code.instructions.length,
        link,
        poison: () => undefined,
        place: placeAt,
      }),
      linkage: index === 0 ? 'global' : 'static',
      ...(index === 0 ? { program: 0 } : {}),
    };
  });
  const place = (functionIndex: number, instructionIndex: number): Place =>
    placeAt(starts[functionIndex]! + instructionIndex);
  refuseRecursion(functions, place);
  return {
    file,
    hash: contentHash(bytes),
    name: objectName(file),
    functions,
    programs: [
      {
        index: 0,
        name: 'main',
        kind: 'raw',
        attach: { section: 'raw', type: 'raw', target: '', optional: false, sleepable: false },
        entry: 0,
      },
    ],
    maps: [],
    data: [],
    license: '',
    place,
  };
}
