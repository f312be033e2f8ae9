import { Failure } from '../diag/index.ts';
import { SLOT_SIZE } from './constants.ts';

/** Where code comes from, for diagnostics; `offset` is that of its first byte in the section. */
export interface CodePlace {
  readonly file: string;
  readonly section: string;
  readonly offset?: number;
}

/** The fields of one 8-byte slot as they stand in the code. */
export interface Fields {
  readonly slot: number;
  readonly where: CodePlace;
  readonly opcode: number;
  readonly destination: number;
  readonly source: number;
  /** Signed 16 bits. */
  readonly offset: number;
  /** Signed 32 bits. */
  readonly immediate: number;
  /** Refuses the instruction unless the field's value is 0. */
  reserved(field: 'destination' | 'source' | 'offset' | 'immediate', value: number): void;
  /** Refuses the opcode. */
  unknown(): never;
}

/** Reads the slot with number `slot`, which must lie inside `view`. */
export function readFields(view: DataView, slot: number, where: CodePlace): Fields {
  const at = slot * SLOT_SIZE;
  const registers = view.getUint8(at + 1);
  const fields: Fields = {
    slot,
    where,
    opcode: view.getUint8(at),
    destination: registers & 15,
    source: registers >> 4,
    offset: view.getInt16(at + 2, true),
    immediate: view.getInt32(at + 4, true),
    reserved(field, value) {
      if (value !== 0) {
        refuse(fields, 'BPF-I004', `the ${field} field is reserved and must be 0, but is ${value}`);
      }
    },
    unknown() {
      return refuse(fields, 'BPF-I002', 'no such instruction');
    },
  };
  return fields;
}

/** Throws the diagnostic for an instruction that cannot be decoded. */
export function refuse(fields: Fields, code: string, message: string): never {
  const { where, slot, opcode } = fields;
  throw new Failure({
    code,
    message: `opcode 0x${opcode.toString(16).padStart(2, '0')}: ${message}`,
    place: {
      file: where.file,
      section: where.section,
      offset: (where.offset ?? 0) + slot * SLOT_SIZE,
    },
  });
}

/** Refuses a write to the frame pointer. */
export function writable(fields: Fields, register: number): void {
  if (register === 10) refuse(fields, 'BPF-I003', 'the frame pointer r10 is read-only');
}
