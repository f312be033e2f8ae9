import * as bpf from './constants.ts';
import { type Fields, refuse, writable } from './fields.ts';
import { accessSize, atomicByNumber } from './operators.ts';
import type { Instruction } from './types.ts';

/** LD, LDX, ST and STX, except the 64-bit constant. */
export function decodeMemory(fields: Fields): Instruction {
  switch (fields.opcode & 7) {
    case bpf.BPF_LD:
      return decodeLegacyLoad(fields);
    case bpf.BPF_LDX:
      return decodeLoad(fields);
    default:
      return decodeStore(fields);
  }
}

/** A 64-bit constant; `second` are the fields of its second slot. */
export function decodeConstant(fields: Fields, second: Fields): Instruction {
  const { slot, destination, source, offset, immediate } = fields;
  writable(fields, destination);
  fields.reserved('offset', offset);
  if (source > bpf.BPF_PSEUDO_MAP_IDX_VALUE) {
    refuse(fields, 'BPF-I004', `unknown kind of 64-bit constant ${source}`);
  }
  if (second.opcode !== 0 || second.destination || second.source || second.offset) {
    refuse(fields, 'BPF-I006', 'the second half of a 64-bit constant holds more than an immediate');
  }
  return {
    kind: 'constant',
    slot,
    destination,
    pseudo: source,
    low: immediate,
    high: second.immediate,
  };
}

function decodeLegacyLoad(fields: Fields): Instruction {
  const { slot, opcode, destination, source, offset, immediate } = fields;
  const mode = opcode & 0xe0;
  const size = accessSize(opcode);
  if ((mode !== bpf.BPF_ABS && mode !== bpf.BPF_IND) || size === 8) return fields.unknown();
  fields.reserved('destination', destination);
  fields.reserved('offset', offset);
  if (mode === bpf.BPF_IND) return { kind: 'legacy_load', slot, size, index: source, immediate };
  fields.reserved('source', source);
  return { kind: 'legacy_load', slot, size, immediate };
}

function decodeLoad(fields: Fields): Instruction {
  const { slot, opcode, destination, source, offset, immediate } = fields;
  const mode = opcode & 0xe0;
  const size = accessSize(opcode);
  const signed = mode === bpf.BPF_MEMSX;
  if ((mode !== bpf.BPF_MEM && !signed) || (signed && size === 8)) return fields.unknown();
  writable(fields, destination);
  fields.reserved('immediate', immediate);
  return { kind: 'load', slot, size, signed, destination, base: source, offset };
}

function decodeStore(fields: Fields): Instruction {
  const { slot, opcode, destination, source, offset, immediate } = fields;
  const mode = opcode & 0xe0;
  const size = accessSize(opcode);
  const fromRegister = (opcode & 7) === bpf.BPF_STX;
  if (mode === bpf.BPF_ATOMIC && fromRegister) return decodeAtomic(fields);
  if (mode !== bpf.BPF_MEM) return fields.unknown();
  if (fromRegister) fields.reserved('immediate', immediate);
  else fields.reserved('source', source);
  return {
    kind: 'store',
    slot,
    size,
    base: destination,
    offset,
    source: fromRegister
      ? { kind: 'register', register: source }
      : { kind: 'immediate', value: immediate },
  };
}

function decodeAtomic(fields: Fields): Instruction {
  const { slot, opcode, destination, source, offset, immediate } = fields;
  const size = accessSize(opcode);
  const exact = atomicByNumber.get(immediate);
  if (exact === 'load_acquire') {
    writable(fields, destination);
    return atomic(exact, false, source, destination);
  }
  if (exact === 'store_release') return atomic(exact, false, destination, source);
  if (size !== 4 && size !== 8) {
    refuse(fields, 'BPF-I004', `atomic operations on ${size} bytes are loads and stores only`);
  }
  if (exact === 'xchg' || exact === 'cmpxchg') {
    if (exact === 'xchg') writable(fields, source);
    return atomic(exact, true, destination, source);
  }
  const operator = exact ?? atomicByNumber.get(immediate & ~bpf.BPF_FETCH);
  if (operator === undefined || immediate > 0xff) {
    return refuse(
      fields,
      'BPF-I004',
      `unknown atomic operation 0x${(immediate >>> 0).toString(16)}`,
    );
  }
  if (exact === undefined) writable(fields, source);
  return atomic(operator, exact === undefined, destination, source);

  function atomic(
    operator: Extract<Instruction, { kind: 'atomic' }>['operator'],
    fetch: boolean,
    base: number,
    value: number,
  ): Instruction {
    return { kind: 'atomic', slot, operator, size, fetch, base, offset, source: value };
  }
}
