import * as bpf from './constants.ts';
import { type Fields, refuse, writable } from './fields.ts';
import { aluByNumber } from './operators.ts';
import type { AluOperator, Instruction, Operand } from './types.ts';

/** ALU and ALU64: arithmetic, moves, negation and byte swaps. */
export function decodeArithmetic(fields: Fields): Instruction {
  const { slot, opcode, destination, source, offset, immediate } = fields;
  const width = (opcode & 7) === bpf.BPF_ALU64 ? 64 : 32;
  const fromRegister = (opcode & bpf.BPF_X) !== 0;
  const operation = opcode & 0xf0;
  writable(fields, destination);
  if (operation === bpf.BPF_NEG) {
    if (fromRegister) fields.unknown();
    fields.reserved('source', source);
    fields.reserved('offset', offset);
    fields.reserved('immediate', immediate);
    return { kind: 'negate', slot, width, destination };
  }
  if (operation === bpf.BPF_END) return decodeSwap(fields, width, fromRegister);
  const operator = aluByNumber.get(operation);
  if (operator === undefined) return fields.unknown();
  if (operator === 'mov' && fromRegister && offset !== 0) return decodeExtendingMove(fields, width);
  if (fromRegister) fields.reserved('immediate', immediate);
  else fields.reserved('source', source);
  const right: Operand = fromRegister
    ? { kind: 'register', register: source }
    : { kind: 'immediate', value: immediate };
  return {
    kind: 'alu',
    slot,
    operator: signedness(fields, operator),
    width,
    destination,
    source: right,
  };
}

/** The offset field makes divisions signed; for every other operation it is reserved. */
function signedness(fields: Fields, operator: AluOperator): AluOperator {
  if (operator !== 'div' && operator !== 'mod') {
    fields.reserved('offset', fields.offset);
    return operator;
  }
  if (fields.offset === 0) return operator;
  if (fields.offset !== 1) {
    refuse(fields, 'BPF-I004', `the offset field must be 0 or 1, but is ${fields.offset}`);
  }
  return operator === 'div' ? 'sdiv' : 'smod';
}

function decodeExtendingMove(fields: Fields, width: 32 | 64): Instruction {
  const { slot, destination, source, offset, immediate } = fields;
  if (offset === 1 && width === 64) {
    // 1: address space 1 to 0; 0x10000: 0 to 1.
    if (immediate !== 1 && immediate !== 0x10000) {
      refuse(
        fields,
        'BPF-I004',
        `unknown pair of address spaces 0x${(immediate >>> 0).toString(16)}`,
      );
    }
    return { kind: 'address_space_cast', slot, destination, source, immediate };
  }
  fields.reserved('immediate', immediate);
  if (offset === 8 || offset === 16 || (offset === 32 && width === 64)) {
    return { kind: 'move_sign_extend', slot, width, bits: offset, destination, source };
  }
  return refuse(fields, 'BPF-I004', `no ${width}-bit move extends from ${offset} bits`);
}

function decodeSwap(fields: Fields, width: 32 | 64, fromRegister: boolean): Instruction {
  const { slot, destination, source, offset, immediate } = fields;
  // For the 64-bit class the source bit is reserved: the swap is unconditional.
  if (width === 64 && fromRegister) fields.unknown();
  fields.reserved('source', source);
  fields.reserved('offset', offset);
  if (immediate !== 16 && immediate !== 32 && immediate !== 64) {
    return refuse(fields, 'BPF-I004', `no byte swap has a width of ${immediate} bits`);
  }
  const to = width === 64 ? 'swap' : fromRegister ? 'be' : 'le';
  return { kind: 'swap', slot, to, bits: immediate, destination };
}
