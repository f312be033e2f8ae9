import type { AluOperator, AtomicOperator, BranchOperator, Instruction, Operand } from './types.ts';

/** Arithmetic as llvm-objdump and the kernel's log write it. */
export const aluSymbols: Readonly<Record<AluOperator, string>> = {
  add: '+=',
  sub: '-=',
  mul: '*=',
  div: '/=',
  sdiv: 's/=',
  mod: '%=',
  smod: 's%=',
  or: '|=',
  and: '&=',
  xor: '^=',
  lsh: '<<=',
  rsh: '>>=',
  arsh: 's>>=',
  mov: '=',
};

/** Comparisons as both write them. */
export const branchSymbols: Readonly<Record<BranchOperator, string>> = {
  eq: '==',
  ne: '!=',
  set: '&',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
  sgt: 's>',
  sge: 's>=',
  slt: 's<',
  sle: 's<=',
};

/**
 * One instruction in the notation of llvm-objdump. `instructions` is the array that branch targets
 * index: with it they print relative, in slots (`goto +0x3`), else as an index (`goto @7`).
 */
export function formatInstruction(
  instruction: Instruction,
  instructions?: readonly { readonly slot: number }[],
): string {
  const distance = (target: number): string => {
    const slot = instructions?.[target]?.slot;
    return slot === undefined ? `@${target}` : signedHex(slot - instruction.slot - 1);
  };
  switch (instruction.kind) {
    case 'alu': {
      const { width, destination, source } = instruction;
      const symbol = aluSymbols[instruction.operator];
      return `${register(destination, width)} ${symbol} ${operand(source, width)}`;
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
      const from = hex(immediate >>> 16);
      return `r${destination} = addr_space_cast(r${source}, ${from}, ${hex(immediate & 0xffff)})`;
    }
    case 'swap': {
      const { to, bits, destination } = instruction;
      return `r${destination} = ${to === 'swap' ? 'bswap' : to}${bits} r${destination}`;
    }
    case 'constant':
      return formatConstant(instruction);
    case 'jump':
      return `${instruction.long ? 'gotol' : 'goto'} ${distance(instruction.target)}`;
    case 'branch': {
      const { width, left, right } = instruction;
      const condition = `${register(left, width)} ${branchSymbols[instruction.operator]} ${operand(right, width)}`;
      return `if ${condition} goto ${distance(instruction.target)}`;
    }
    case 'may_goto':
      return `may_goto ${distance(instruction.target)}`;
    case 'call_helper':
      return `call ${hex(instruction.helper)}`;
    case 'call_local': {
      const slot = instructions?.[instruction.target]?.slot;
      if (slot === undefined) return `call @${instruction.target}`;
      return `call ${hex(slot - instruction.slot - 1)}`;
    }
    case 'call_kernel':
      return `call ${hex(instruction.btfId)}`;
    case 'call_register':
      return `callx r${instruction.register}`;
    case 'exit':
      return 'exit';
    default:
      return formatMemory(instruction);
  }
}

function formatConstant(instruction: Extract<Instruction, { kind: 'constant' }>): string {
  const { destination, pseudo, low, high } = instruction;
  if (pseudo !== 0) return `ld_pseudo r${destination}, ${hex(pseudo)}, ${hex(low)}, ${hex(high)}`;
  const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
  const text = value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
  return `r${destination} = ${text} ll`;
}

function formatMemory(
  instruction: Extract<Instruction, { kind: 'load' | 'store' | 'atomic' | 'legacy_load' }>,
): string {
  const bits = instruction.size * 8;
  switch (instruction.kind) {
    case 'load': {
      const { signed, destination, base, offset, size } = instruction;
      const name = register(destination, signed || size === 8 ? 64 : 32);
      return `${name} = *(${signed ? 's' : 'u'}${bits} *)(${address(base, offset)})`;
    }
    case 'store': {
      const { size, base, offset, source } = instruction;
      const value = operand(source, size === 8 ? 64 : 32);
      return `*(u${bits} *)(${address(base, offset)}) = ${value}`;
    }
    case 'atomic':
      return formatAtomic(instruction);
    case 'legacy_load': {
      const { index, immediate } = instruction;
      // Both operands count when there are two; assemblers only ever write the register then.
      const place =
        index === undefined
          ? hex(immediate)
          : immediate === 0
            ? `r${index}`
            : `r${index} ${displacement(immediate)}`;
      return `r0 = *(u${bits} *)skb[${place}]`;
    }
  }
}

/** Atomic updates as both write them. */
export const updateSymbols: Readonly<Partial<Record<AtomicOperator, string>>> = {
  add: '+=',
  or: '|=',
  and: '&=',
  xor: '^=',
};

function formatAtomic(instruction: Extract<Instruction, { kind: 'atomic' }>): string {
  const { operator, size, fetch, base, offset, source } = instruction;
  const width = size === 8 ? 64 : 32;
  const bits = size * 8;
  const value = register(source, width);
  const place = address(base, offset);
  const result = register(0, width);
  const suffix = size === 8 ? '_64' : '32_32';
  switch (operator) {
    case 'load_acquire':
      return `${value} = load_acquire((u${bits} *)(${place}))`;
    case 'store_release':
      return `store_release((u${bits} *)(${place}), ${value})`;
    case 'xchg':
      return `${value} = xchg${suffix}(${place}, ${value})`;
    case 'cmpxchg':
      return `${result} = cmpxchg${suffix}(${place}, ${result}, ${value})`;
    default:
      return fetch
        ? `${value} = atomic_fetch_${operator}((u${bits} *)(${place}), ${value})`
        : `lock *(u${bits} *)(${place}) ${updateSymbols[operator]!} ${value}`;
  }
}

function register(number: number, width: 32 | 64): string {
  return `${width === 64 ? 'r' : 'w'}${number}`;
}

function operand(value: Operand, width: 32 | 64): string {
  return value.kind === 'register' ? register(value.register, width) : hex(value.value);
}

function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function signedHex(value: number): string {
  return value < 0 ? hex(value) : `+${hex(value)}`;
}

function displacement(value: number): string {
  return value < 0 ? `- ${hex(-value)}` : `+ ${hex(value)}`;
}

function address(base: number, offset: number): string {
  return `r${base} ${displacement(offset)}`;
}
