import type { Target, TargetName } from '../target/index.ts';

/** How an object is lowered. */
export interface LowerOptions {
  readonly target: Target;
  /**
   * Whose `struct pt_regs` the bytecode was compiled for: what the object's BTF says (`auto`), the
   * target's own (`native`: offsets are left alone), or that of a CPU named here.
   */
  readonly ptRegs: 'auto' | 'native' | TargetName;
  /** `inline`: hot helpers call the runtime's bitcode (inline/); `extern`: every helper is a symbol. */
  readonly helpers: 'inline' | 'extern';
  /** Emit DWARF for the C source, where the object has line information. */
  readonly debug: boolean;
  /** Text for a section of that name which tools read and loaders leave alone. */
  readonly information?: { readonly section: string; readonly text: string };
}

/**
 * What codegen applies before it links the runtime's bitcode in. `vectorFunctions` is what the bitcode
 * cannot say by itself. The other lists are empty today: the module already carries its linkage,
 * visibility, sections, alignment, weak aliases, retained symbols and attributes.
 */
export interface LinkagePlan {
  /** `alias` becomes a weak symbol for `target`. */
  readonly aliases: readonly { readonly alias: string; readonly target: string }[];
  /** Functions that may use vector registers; all others get general registers only. */
  readonly vectorFunctions: readonly string[];
  /** Attributes on parameters: LLVM attribute text by function; position 0 is the return value, n parameter n. */
  readonly attributes: readonly {
    readonly function: string;
    readonly position: number;
    readonly name: string;
    readonly value?: number;
  }[];
  /** Symbols with hidden visibility. */
  readonly hidden: readonly string[];
  /** Alignment and section of globals. */
  readonly globals: readonly {
    readonly symbol: string;
    readonly alignment?: number;
    readonly section?: string;
    /** Keep even if nothing in the module refers to it. */
    readonly retain?: boolean;
  }[];
}

/** LLVM 14 bitcode of one object and what goes with it. */
export interface LoweredModule {
  readonly bitcode: Uint8Array;
  /** The same module as LLVM 14 assembly, for dumps. */
  readonly text: string;
  readonly plan: LinkagePlan;
  /** Every symbol that outside code may refer to, sorted. */
  readonly exports: readonly string[];
}
