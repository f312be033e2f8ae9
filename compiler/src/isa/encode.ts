import { Failure } from '../diag/index.ts';
import * as bpf from './constants.ts';
import { aluNumbers, atomicNumbers, branchNumbers, sizeNumbers } from './operators.ts';
import type { Instruction, Operand } from './types.ts';

/** The value fields of one slot; what is left out is 0. */
interface Slot {
  readonly opcode: number;
  readonly destination?: number;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

/**
 * Encodes instructions, the inverse of `decode`. Slots are counted anew: `slot` of the instructions is
 * not read, targets are indices into `instructions`.
 */
export function encode(instructions: readonly Instruction[]): Uint8Array {
  const slotOfIndex = new Int32Array(instructions.length + 1);
  instructions.forEach((instruction, index) => {
    slotOfIndex[index + 1] = slotOfIndex[index]! + (instruction.kind === 'constant' ? 2 : 1);
  });
  const code = new Uint8Array(slotOfIndex[instructions.length]! * bpf.SLOT_SIZE);
  const view = new DataView(code.buffer);
  instructions.forEach((instruction, index) => {
    const slot = slotOfIndex[index]!;
    const distance = (target: number): number => {
      const targetSlot = slotOfIndex[target];
      if (targetSlot === undefined || target === instructions.length) {
        unencodable(index, `its target ${target} lies outside the code`);
      }
      return targetSlot - slot - 1;
    };
    const fields = slotFields(instruction, distance);
    const offset = fields.offset ?? 0;
    if (offset < -0x8000 || offset > 0x7fff) {
      unencodable(index, `${offset} does not fit the 16-bit offset field`);
    }
    const at = slot * bpf.SLOT_SIZE;
    view.setUint8(at, fields.opcode);
    view.setUint8(at + 1, (fields.destination ?? 0) | ((fields.source ?? 0) << 4));
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, fields.immediate ?? 0, true);
    if (instruction.kind === 'constant') view.setInt32(at + 12, instruction.high, true);
  });
  return code;
}

function unencodable(index: number, why: string): never {
  throw new Failure(
    { code: 'BPF-I010', message: `instruction ${index} cannot be encoded: ${why}` },
    'internal',
  );
}

function operandFields(operand: Operand): { source: number; immediate: number; bit: number } {
  return operand.kind === 'register'
    ? { source: operand.register, immediate: 0, bit: bpf.BPF_X }
    : { source: 0, immediate: operand.value, bit: bpf.BPF_K };
}

function slotFields(instruction: Instruction, distance: (target: number) => number): Slot {
  switch (instruction.kind) {
    case 'alu': {
      const { operator, width, destination } = instruction;
      const { source, immediate, bit } = operandFields(instruction.source);
      return {
        opcode: arithmeticClass(width) | aluNumbers[operator] | bit,
        destination,
        source,
        offset: operator === 'sdiv' || operator === 'smod' ? 1 : 0,
        immediate,
      };
    }
    case 'negate':
      return {
        opcode: arithmeticClass(instruction.width) | bpf.BPF_NEG,
        destination: instruction.destination,
      };
    case 'move_sign_extend':
      return {
        opcode: arithmeticClass(instruction.width) | bpf.BPF_MOV | bpf.BPF_X,
        destination: instruction.destination,
        source: instruction.source,
        offset: instruction.bits,
      };
    case 'address_space_cast':
      return {
        opcode: bpf.BPF_ALU64 | bpf.BPF_MOV | bpf.BPF_X,
        destination: instruction.destination,
        source: instruction.source,
        offset: 1,
        immediate: instruction.immediate,
      };
    case 'swap': {
      const { to, bits, destination } = instruction;
      const which = to === 'swap' ? bpf.BPF_ALU64 : bpf.BPF_ALU | (to === 'be' ? bpf.BPF_X : 0);
      return { opcode: bpf.BPF_END | which, destination, immediate: bits };
    }
    case 'constant':
      return {
        opcode: bpf.BPF_LD | bpf.BPF_IMM | bpf.BPF_DW,
        destination: instruction.destination,
        source: instruction.pseudo,
        immediate: instruction.low,
      };
    case 'jump':
      return instruction.long
        ? { opcode: bpf.BPF_JMP32 | bpf.BPF_JA, immediate: distance(instruction.target) }
        : { opcode: bpf.BPF_JMP | bpf.BPF_JA, offset: distance(instruction.target) };
    case 'branch': {
      const { source, immediate, bit } = operandFields(instruction.right);
      const jumpClass = instruction.width === 64 ? bpf.BPF_JMP : bpf.BPF_JMP32;
      return {
        opcode: jumpClass | branchNumbers[instruction.operator] | bit,
        destination: instruction.left,
        source,
        offset: distance(instruction.target),
        immediate,
      };
    }
    case 'may_goto':
      return { opcode: bpf.BPF_JMP | bpf.BPF_JCOND, offset: distance(instruction.target) };
    case 'call_helper':
      return { opcode: bpf.BPF_JMP | bpf.BPF_CALL, immediate: instruction.helper };
    case 'call_local':
      return {
        opcode: bpf.BPF_JMP | bpf.BPF_CALL,
        source: bpf.BPF_PSEUDO_CALL,
        immediate: distance(instruction.target),
      };
    case 'call_kernel':
      return {
        opcode: bpf.BPF_JMP | bpf.BPF_CALL,
        source: bpf.BPF_PSEUDO_KFUNC_CALL,
        offset: instruction.btfFd,
        immediate: instruction.btfId,
      };
    case 'call_register': {
      const opcode = bpf.BPF_JMP | bpf.BPF_CALL | bpf.BPF_X;
      return instruction.inImmediate
        ? { opcode, immediate: instruction.register }
        : { opcode, destination: instruction.register };
    }
    case 'exit':
      return { opcode: bpf.BPF_JMP | bpf.BPF_EXIT };
    default:
      return memoryFields(instruction);
  }
}

function arithmeticClass(width: 32 | 64): number {
  return width === 64 ? bpf.BPF_ALU64 : bpf.BPF_ALU;
}

function memoryFields(
  instruction: Extract<Instruction, { kind: 'load' | 'store' | 'atomic' | 'legacy_load' }>,
): Slot {
  const size = sizeNumbers[instruction.size];
  switch (instruction.kind) {
    case 'load':
      return {
        opcode: bpf.BPF_LDX | (instruction.signed ? bpf.BPF_MEMSX : bpf.BPF_MEM) | size,
        destination: instruction.destination,
        source: instruction.base,
        offset: instruction.offset,
      };
    case 'store': {
      const { source, immediate, bit } = operandFields(instruction.source);
      return {
        opcode: (bit === bpf.BPF_X ? bpf.BPF_STX : bpf.BPF_ST) | bpf.BPF_MEM | size,
        destination: instruction.base,
        source,
        offset: instruction.offset,
        immediate,
      };
    }
    case 'atomic': {
      const { operator, fetch, base, source, offset } = instruction;
      const loads = operator === 'load_acquire';
      return {
        opcode: bpf.BPF_STX | bpf.BPF_ATOMIC | size,
        destination: loads ? source : base,
        source: loads ? base : source,
        offset,
        immediate: atomicNumbers[operator] | (fetch ? bpf.BPF_FETCH : 0),
      };
    }
    case 'legacy_load':
      return {
        opcode: bpf.BPF_LD | (instruction.index === undefined ? bpf.BPF_ABS : bpf.BPF_IND) | size,
        source: instruction.index ?? 0,
        immediate: instruction.immediate,
      };
  }
}
