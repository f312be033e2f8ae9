import * as bpf from './constants.ts';
import type { AccessSize, AluOperator, AtomicOperator, BranchOperator } from './types.ts';

/**
 * The operators' numbers, one table each way, so that decoding and encoding cannot disagree.
 * `sdiv` and `smod` share a number with `div` and `mod`: the offset field, 1, tells them apart.
 */
export const aluNumbers: Readonly<Record<AluOperator, number>> = {
  add: bpf.BPF_ADD,
  sub: bpf.BPF_SUB,
  mul: bpf.BPF_MUL,
  div: bpf.BPF_DIV,
  sdiv: bpf.BPF_DIV,
  mod: bpf.BPF_MOD,
  smod: bpf.BPF_MOD,
  or: bpf.BPF_OR,
  and: bpf.BPF_AND,
  xor: bpf.BPF_XOR,
  lsh: bpf.BPF_LSH,
  rsh: bpf.BPF_RSH,
  arsh: bpf.BPF_ARSH,
  mov: bpf.BPF_MOV,
};

export const branchNumbers: Readonly<Record<BranchOperator, number>> = {
  eq: bpf.BPF_JEQ,
  ne: bpf.BPF_JNE,
  set: bpf.BPF_JSET,
  gt: bpf.BPF_JGT,
  ge: bpf.BPF_JGE,
  lt: bpf.BPF_JLT,
  le: bpf.BPF_JLE,
  sgt: bpf.BPF_JSGT,
  sge: bpf.BPF_JSGE,
  slt: bpf.BPF_JSLT,
  sle: bpf.BPF_JSLE,
};

/** Without the fetch bit for the four operations where that bit is a choice. */
export const atomicNumbers: Readonly<Record<AtomicOperator, number>> = {
  add: bpf.BPF_ADD,
  or: bpf.BPF_OR,
  and: bpf.BPF_AND,
  xor: bpf.BPF_XOR,
  xchg: bpf.BPF_XCHG,
  cmpxchg: bpf.BPF_CMPXCHG,
  load_acquire: bpf.BPF_LOAD_ACQ,
  store_release: bpf.BPF_STORE_REL,
};

export const sizeNumbers: Readonly<Record<AccessSize, number>> = {
  1: bpf.BPF_B,
  2: bpf.BPF_H,
  4: bpf.BPF_W,
  8: bpf.BPF_DW,
};

function inverse<Name extends string>(
  table: Readonly<Record<Name, number>>,
  leaveOut: readonly NoInfer<Name>[] = [],
): ReadonlyMap<number, Name> {
  const names = (Object.keys(table) as Name[]).filter((name) => !leaveOut.includes(name));
  return new Map(names.map((name) => [table[name], name]));
}

export const aluByNumber = inverse<AluOperator>(aluNumbers, ['sdiv', 'smod']);
export const branchByNumber = inverse(branchNumbers);
export const atomicByNumber = inverse(atomicNumbers);

const sizesByNumber: Readonly<Record<number, AccessSize>> = {
  [bpf.BPF_B]: 1,
  [bpf.BPF_H]: 2,
  [bpf.BPF_W]: 4,
  [bpf.BPF_DW]: 8,
};

/** Bytes accessed by a load or store opcode. */
export function accessSize(opcode: number): AccessSize {
  return sizesByNumber[opcode & 0x18]!;
}
