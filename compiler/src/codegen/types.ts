import type { Target } from '../target/index.ts';

/** Forms of code that LLVM writes. */
export type NativeKind = 'obj' | 'asm' | 'llvm-ir' | 'bitcode';

/** Milliseconds of the steps of code generation, in order of execution. */
export type StepTimes = Readonly<Record<string, number>>;

/** How code is generated. */
export interface GenerateOptions {
  readonly target: Target;
  /** LLVM's name of a CPU model, or `native`; the target's own default when absent. */
  readonly cpu?: string;
  /** Features to add to or take from those of the CPU: `+a,-b`. */
  readonly features?: string;
  readonly level: 0 | 1 | 2 | 3;
  readonly emit: NativeKind;
  /** `never` overrules the functions that the plan would let use vector registers. */
  readonly vector?: 'auto' | 'never';
  /** False: the runtime's bitcode stays out, and what it would supply stays undefined. */
  readonly inlineRuntime: boolean;
  /** Told what LLVM warns of. */
  readonly onWarning?: (message: string) => void;
  /** Told how long each step took. */
  readonly onTimes?: (times: StepTimes) => void;
}
