import type { Target, TargetName } from '../target/index.ts';

/** Forms that `build` can write; each is also chosen by the suffix of the output file. */
export const EMIT_KINDS = ['obj', 'asm', 'llvm-ir', 'bitcode', 'header', 'disasm'] as const;
export type EmitKind = (typeof EMIT_KINDS)[number];

/** Stages after which the compiler can stop to show its intermediate value. */
export const STAGES = ['elf', 'object', 'verifier', 'lower', 'codegen'] as const;
export type Stage = (typeof STAGES)[number];

/** What a user may say about reading a BPF object. */
export interface LoadOptions {
  /** Programs to keep; all when empty. */
  readonly programs: readonly string[];
  /** File with the BTF that CO-RE relocations are resolved against: raw, or an ELF file with .BTF. */
  readonly btf?: string;
  /** Kernel configuration (`CONFIG_X=y` lines) that gives `__kconfig` externs their values. */
  readonly kernelConfig?: string;
  /** `major.minor.patch`, for LINUX_KERNEL_VERSION. */
  readonly kernelVersion?: string;
}

/** What a user may say about native code. */
export interface CodeOptions {
  readonly target: Target;
  readonly cpu?: string;
  /** LLVM feature list, `+a,-b`. */
  readonly features?: string;
  readonly level: 0 | 1 | 2 | 3;
  readonly debug: boolean;
  /** The layout of struct pt_regs that the bytecode reads; `native` turns the mapping off. */
  readonly ptRegs: 'auto' | 'native' | TargetName;
  /** `inline`: hot runtime operations become part of the code. `extern`: every helper stays a symbol. */
  readonly helpers: 'inline' | 'extern';
  readonly vector: 'never' | 'auto';
  /** False for --no-verify. */
  readonly verify: boolean;
}

export interface CompileOptions extends LoadOptions, CodeOptions {}
