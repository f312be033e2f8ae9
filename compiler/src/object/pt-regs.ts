import type { Btf } from '../btf/index.ts';
import type { BpfObject } from './types.ts';

type Layout = NonNullable<BpfObject['ptRegs']>;

/** Members that only one CPU's register file has, by the structs that hold registers. */
const TELLING: readonly (readonly [struct: string, member: string, layout: Layout])[] = [
  ['pt_regs', 'di', 'x86-64'],
  ['pt_regs', 'rdi', 'x86-64'],
  ['pt_regs', 'regs', 'arm64'],
  ['pt_regs', 'user_regs', 'arm64'],
  ['pt_regs', 'epc', 'riscv64'],
  ['pt_regs', 'a0', 'riscv64'],
  ['user_pt_regs', 'regs', 'arm64'],
  ['user_regs_struct', 'a0', 'riscv64'],
  ['user_regs_struct', 'rdi', 'x86-64'],
];

/** The CPU whose struct pt_regs the object was compiled for, when its types tell. */
export function ptRegsLayout(btf: Btf): Layout | undefined {
  for (const [struct, member, layout] of TELLING) {
    for (const id of btf.findAll(struct)) {
      const isStruct = btf.kind(id) === 'struct';
      if (isStruct && btf.findMember(id, member) !== undefined) return layout;
    }
  }
  return undefined;
}
