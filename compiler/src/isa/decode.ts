import { Failure } from '../diag/index.ts';
import * as bpf from './constants.ts';
import { decodeArithmetic } from './decode-arithmetic.ts';
import { decodeConstant, decodeMemory } from './decode-memory.ts';
import { type CodePlace, type Fields, readFields, refuse } from './fields.ts';
import { branchByNumber } from './operators.ts';
import type { DecodedCode, Instruction } from './types.ts';

/** Marks the second slot of a 64-bit constant in `DecodedCode.indexOfSlot`. */
const SECOND_SLOT = -1;

/**
 * Decodes a run of code, strict on everything the instruction set reserves. Targets of branches and
 * local calls must lie inside the code, on an instruction. What is only unsafe or unwise (a shift by
 * more than the width, a division by the constant 0, falling off the end) is for later rooms.
 */
export function decode(code: Uint8Array, where: CodePlace): DecodedCode {
  if (code.length % bpf.SLOT_SIZE !== 0) {
    const offset = (where.offset ?? 0) + code.length - (code.length % bpf.SLOT_SIZE);
    throw new Failure({
      code: 'BPF-I001',
      message: `code of ${code.length} bytes is no whole number of 8-byte instructions`,
      place: { file: where.file, section: where.section, offset },
    });
  }
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const slots = code.length / bpf.SLOT_SIZE;
  const indexOfSlot = new Int32Array(slots);
  let count = 0;
  for (let slot = 0; slot < slots; slot++) {
    indexOfSlot[slot] = count++;
    if (code[slot * bpf.SLOT_SIZE] === (bpf.BPF_LD | bpf.BPF_IMM | bpf.BPF_DW)) {
      if (slot + 1 === slots) {
        const fields = readFields(view, slot, where);
        refuse(
          fields,
          'BPF-I006',
          'the second half of a 64-bit constant lies past the end of the code',
        );
      }
      indexOfSlot[++slot] = SECOND_SLOT;
    }
  }
  const instructions: Instruction[] = [];
  for (let slot = 0; slot < slots; slot++) {
    if (indexOfSlot[slot] === SECOND_SLOT) continue;
    instructions.push(decodeOne(readFields(view, slot, where), view, indexOfSlot));
  }
  return { instructions, indexOfSlot };
}

function decodeOne(fields: Fields, view: DataView, indexOfSlot: Int32Array): Instruction {
  if (fields.destination > bpf.FRAME_POINTER || fields.source > bpf.FRAME_POINTER) {
    const register = Math.max(fields.destination, fields.source);
    refuse(fields, 'BPF-I003', `there is no register r${register}`);
  }
  switch (fields.opcode & 7) {
    case bpf.BPF_ALU:
    case bpf.BPF_ALU64:
      return decodeArithmetic(fields);
    case bpf.BPF_JMP:
    case bpf.BPF_JMP32:
      return decodeJump(fields, indexOfSlot);
    default:
      if (fields.opcode === (bpf.BPF_LD | bpf.BPF_IMM | bpf.BPF_DW)) {
        return decodeConstant(fields, readFields(view, fields.slot + 1, fields.where));
      }
      return decodeMemory(fields);
  }
}

/** The instruction index that lies `distance` slots after the slot following `fields`. */
function targetIndex(
  fields: Fields,
  distance: number,
  what: string,
  indexOfSlot: Int32Array,
): number {
  const slot = fields.slot + 1 + distance;
  const index = indexOfSlot[slot];
  if (index === undefined) {
    refuse(fields, 'BPF-I005', `${what} instruction ${slot}, outside the code`);
  }
  if (index === SECOND_SLOT) {
    refuse(fields, 'BPF-I005', `${what} instruction ${slot}, the second half of a 64-bit constant`);
  }
  return index;
}

function decodeJump(fields: Fields, indexOfSlot: Int32Array): Instruction {
  const { slot, opcode, destination, source, offset, immediate } = fields;
  const width = (opcode & 7) === bpf.BPF_JMP ? 64 : 32;
  const fromRegister = (opcode & bpf.BPF_X) !== 0;
  const operation = opcode & 0xf0;
  const operator = branchByNumber.get(operation);
  if (operator !== undefined) {
    if (fromRegister) fields.reserved('immediate', immediate);
    else fields.reserved('source', source);
    return {
      kind: 'branch',
      slot,
      operator,
      width,
      left: destination,
      right: fromRegister
        ? { kind: 'register', register: source }
        : { kind: 'immediate', value: immediate },
      target: targetIndex(fields, offset, 'branch to', indexOfSlot),
    };
  }
  if (operation === bpf.BPF_JA && !fromRegister) {
    fields.reserved('destination', destination);
    fields.reserved('source', source);
    if (width === 64) {
      fields.reserved('immediate', immediate);
      return { kind: 'jump', slot, target: targetIndex(fields, offset, 'jump to', indexOfSlot) };
    }
    fields.reserved('offset', offset);
    const target = targetIndex(fields, immediate, 'jump to', indexOfSlot);
    return { kind: 'jump', slot, target, long: true };
  }
  if (width === 32) fields.unknown();
  if (operation === bpf.BPF_CALL) {
    return fromRegister ? decodeCallRegister(fields) : decodeCall(fields, indexOfSlot);
  }
  if (fromRegister) fields.unknown();
  fields.reserved('destination', destination);
  fields.reserved('immediate', immediate);
  if (operation === bpf.BPF_EXIT) {
    fields.reserved('source', source);
    fields.reserved('offset', offset);
    return { kind: 'exit', slot };
  }
  // The last operation left is JCOND; its source field selects the condition, of which one is defined.
  if (source !== 0) refuse(fields, 'BPF-I004', `unknown condition ${source} of a conditional goto`);
  return {
    kind: 'may_goto',
    slot,
    target: targetIndex(fields, offset, 'branch to', indexOfSlot),
  };
}

function decodeCall(fields: Fields, indexOfSlot: Int32Array): Instruction {
  const { slot, destination, source, offset, immediate } = fields;
  fields.reserved('destination', destination);
  switch (source) {
    case 0:
      fields.reserved('offset', offset);
      return { kind: 'call_helper', slot, helper: immediate };
    case bpf.BPF_PSEUDO_CALL: {
      fields.reserved('offset', offset);
      const target = targetIndex(fields, immediate, 'call of', indexOfSlot);
      return { kind: 'call_local', slot, target };
    }
    case bpf.BPF_PSEUDO_KFUNC_CALL:
      return { kind: 'call_kernel', slot, btfId: immediate, btfFd: offset };
    default:
      return refuse(fields, 'BPF-I004', `unknown kind of call ${source}`);
  }
}

function decodeCallRegister(fields: Fields): Instruction {
  const { slot, destination, source, offset, immediate } = fields;
  fields.reserved('source', source);
  fields.reserved('offset', offset);
  if (immediate === 0) return { kind: 'call_register', slot, register: destination };
  fields.reserved('destination', destination);
  if (immediate < 0 || immediate > bpf.FRAME_POINTER) {
    refuse(fields, 'BPF-I003', `there is no register r${immediate}`);
  }
  return { kind: 'call_register', slot, register: immediate, inImmediate: true };
}
