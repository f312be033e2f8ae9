/** Instructions as the kernel's verifier log writes them: opcode in parentheses, numbers its way. */
import {
  aluSymbols,
  branchSymbols,
  encode,
  type Instruction,
  updateSymbols,
} from '../../../isa/index.ts';
import type { BpfInstruction, BpfObject } from '../../../object/index.ts';
import { findHelper } from '../../helpers.ts';

/** What the text of one instruction needs to know of its surroundings. */
export interface InstructionSetting {
  readonly object: BpfObject;
  /** From the slot after this instruction to a target, an index in its function. */
  distance(target: number): number;
  /** From the slot after this instruction to the start of a function. */
  callDistance(fn: number): number;
}

/** `(bf) r1 = r10`. */
export function instructionText(instruction: BpfInstruction, setting: InstructionSetting): string {
  const opcode = opcodeOf(instruction).toString(16).padStart(2, '0');
  return `(${opcode}) ${textOf(instruction, setting)}`;
}

const LOAD_CONSTANT = 0x18;
const CALL = 0x85;

function opcodeOf(instruction: BpfInstruction): number {
  switch (instruction.kind) {
    case 'reference':
      return LOAD_CONSTANT;
    case 'call_function':
    case 'poison':
      return CALL;
    default: {
      const alone: Instruction =
        'target' in instruction ? { ...instruction, target: 0 } : instruction;
      return encode([alone])[0]!;
    }
  }
}

function textOf(instruction: BpfInstruction, setting: InstructionSetting): string {
  switch (instruction.kind) {
    case 'alu': {
      const { width, destination, source } = instruction;
      const right =
        source.kind === 'register' ? register(source.register, width) : `${source.value}`;
      return `${register(destination, width)} ${aluSymbols[instruction.operator]} ${right}`;
    }
    case 'negate': {
      const name = register(instruction.destination, instruction.width);
      return `${name} = -${name}`;
    }
    case 'move_sign_extend': {
      const { width, bits, destination, source } = instruction;
      return `${register(destination, width)} = (s${bits})${register(source, width)}`;
    }
    case 'address_space_cast': {
      const { destination, source, immediate } = instruction;
      return `r${destination} = addr_space_cast(r${source}, ${immediate >>> 16}, ${immediate & 0xffff})`;
    }
    case 'swap': {
      const { to, bits, destination } = instruction;
      return `r${destination} = ${to === 'swap' ? 'bswap' : to}${bits} r${destination}`;
    }
    case 'reference':
      return `r${instruction.destination} = ${constantText(instruction.reference, setting.object)}`;
    case 'jump':
      return `${instruction.long ? 'gotol' : 'goto'} pc${signed(setting.distance(instruction.target))}`;
    case 'branch': {
      const { width, left, right } = instruction;
      const other = right.kind === 'register' ? register(right.register, width) : hex(right.value);
      const condition = `${register(left, width)} ${branchSymbols[instruction.operator]} ${other}`;
      return `if ${condition} goto pc${signed(setting.distance(instruction.target))}`;
    }
    case 'may_goto':
      return `may_goto pc${signed(setting.distance(instruction.target))}`;
    case 'call_helper': {
      const name = findHelper(instruction.helper)?.name ?? 'unknown';
      return `call ${name.startsWith('bpf_') ? name : `bpf_${name}`}#${instruction.helper}`;
    }
    case 'call_function':
      return `call pc${signed(setting.callDistance(instruction.function))}`;
    case 'call_kernel':
      return `call kernel-function#${instruction.btfId}`;
    case 'call_register':
      return `callx r${instruction.register}`;
    case 'poison':
      return `<poisoned: ${instruction.reason}>`;
    case 'exit':
      return 'exit';
    default:
      return memoryText(instruction);
  }
}

function memoryText(
  instruction: Extract<Instruction, { kind: 'load' | 'store' | 'atomic' | 'legacy_load' }>,
): string {
  const bits = instruction.size * 8;
  switch (instruction.kind) {
    case 'load': {
      const { destination, base, offset } = instruction;
      const type = `${instruction.signed ? 's' : 'u'}${bits}`;
      return `r${destination} = *(${type} *)(r${base} ${signed(offset)})`;
    }
    case 'store': {
      const { base, offset, source } = instruction;
      const value = source.kind === 'register' ? `r${source.register}` : `${source.value}`;
      return `*(u${bits} *)(r${base} ${signed(offset)}) = ${value}`;
    }
    case 'legacy_load': {
      const { index, immediate } = instruction;
      return `r0 = *(u${bits} *)skb[${index === undefined ? '' : `r${index} + `}${immediate}]`;
    }
    case 'atomic':
      return atomicText(instruction);
  }
}

function atomicText(instruction: Extract<Instruction, { kind: 'atomic' }>): string {
  const { operator, fetch, base, offset, source, size } = instruction;
  const place = `(u${size * 8} *)(r${base} ${signed(offset)})`;
  const family = size === 8 ? 'atomic64' : 'atomic';
  switch (operator) {
    case 'load_acquire':
      return `r${source} = load_acquire(${place})`;
    case 'store_release':
      return `store_release(${place}, r${source})`;
    case 'cmpxchg':
      return `r0 = ${family}_cmpxchg(${place}, r0, r${source})`;
    case 'xchg':
      return `r${source} = ${family}_xchg(${place}, r${source})`;
    default:
      return fetch
        ? `r${source} = ${family}_fetch_${operator}(${place}, r${source})`
        : `lock *${place} ${updateSymbols[operator]} r${source}`;
  }
}

function constantText(
  reference: Extract<BpfInstruction, { kind: 'reference' }>['reference'],
  object: BpfObject,
): string {
  switch (reference.kind) {
    case 'value':
      return `0x${BigInt.asUintN(64, reference.value).toString(16)}`;
    // The kernel prints addresses here, which nobody can compare.
    case 'map':
      return `map[${object.maps[reference.map]?.name}]`;
    case 'map_value':
      return `map[${object.maps[reference.map]?.name}][0]+${reference.offset}`;
    case 'data':
      return `map[${object.data[reference.section]?.name}][0]+${reference.offset}`;
    case 'function':
      return `${object.functions[reference.function]?.name}`;
  }
}

function register(number: number, width: 32 | 64): string {
  return `${width === 64 ? 'r' : 'w'}${number}`;
}

function signed(value: number): string {
  return value < 0 ? `${value}` : `+${value}`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
