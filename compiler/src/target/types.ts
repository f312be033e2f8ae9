export type TargetName = 'x86-64' | 'arm64' | 'riscv64';

/** Roles that registers of struct pt_regs play in tracing programs, the same on every CPU. */
export type PtRegsRole =
  | 'argument1'
  | 'argument2'
  | 'argument3'
  | 'argument4'
  | 'argument5'
  | 'argument6'
  | 'syscall_argument4' // x86-64 passes it in r10, not rcx
  | 'return_value'
  | 'return_address'
  | 'frame_pointer'
  | 'stack_pointer'
  | 'instruction_pointer'
  | 'syscall_number';

export interface PtRegsField {
  readonly name: string;
  /** Names by which BTF or programs know the same field (user_pt_regs, user_regs_struct). */
  readonly aliases?: readonly string[];
  readonly offset: number;
  readonly size: number;
  readonly roles?: readonly PtRegsRole[];
}

/** What one CPU needs, from `targets/<name>/target.json`. */
export interface Target {
  readonly name: TargetName;
  /** Other names users give: `amd64`, `aarch64`, ... */
  readonly aliases: readonly string[];
  readonly triple: string;
  readonly dataLayout: string;
  readonly cpu: string;
  /** LLVM feature string for every function. */
  readonly features: string;
  /** Feature string added where programs must touch general registers only. */
  readonly generalRegisterFeatures: string;
  /** ABI name handed to LLVM (`lp64d`); empty when the target has one only. */
  readonly abi: string;
  readonly elfMachine: number;
  readonly linkerEmulation: string;
  /** User-mode emulator; used when the host is another CPU. */
  readonly qemu: string;
  /**
   * Fetching atomics that order later accesses only with a fence behind them: where one is a pair of
   * exclusive accesses, a later load may overtake the store of the pair.
   */
  readonly fencedAtomics: 'none' | 'compare_exchange' | 'all';
  readonly ptRegs: { readonly size: number; readonly fields: readonly PtRegsField[] };
}
