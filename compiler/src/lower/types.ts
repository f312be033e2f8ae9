/**
 * LLVM attributes and linkage that llvm-bindings cannot express; codegen applies them before it
 * links the runtime's bitcode in.
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
  readonly plan: LinkagePlan;
  /** Every symbol that outside code may refer to, sorted. */
  readonly exports: readonly string[];
}
