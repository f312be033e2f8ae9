/** Where a diagnostic points: C source when debug information has it, else a place in the file. */
export interface Place {
  /** The file that the message is about, as the user named it. */
  readonly file: string;
  /** 1-based C source line and column, when BTF line information gives them. */
  readonly line?: number;
  readonly column?: number;
  /** Text of the source line, shown with a caret below `column`. */
  readonly sourceText?: string;
  /** ELF section and byte offset in it, when there is no source line. */
  readonly section?: string;
  readonly offset?: number;
  /** The BPF instruction at that place, disassembled. */
  readonly instruction?: string;
}

export type Severity = 'error' | 'warning' | 'note';

/** Decides the exit code: 1 diagnosed input, 2 usage, 3 missing tool, 70 a bug of ours. */
export type FailureKind = 'input' | 'usage' | 'tool' | 'internal';

export interface Note {
  readonly message: string;
  readonly place?: Place;
}

/**
 * One message to the user. `code` is stable (`BPF-` + room letter + three digits: F files and usage,
 * E elf, I isa, B btf, O object, V verifier, L lower, N interp, C codegen, T toolchain, K link, D driver, R run).
 */
export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, one sentence, lower case, no full stop. */
  readonly message: string;
  readonly place?: Place;
  readonly notes?: readonly Note[];
  /** What to do about it. */
  readonly help?: string;
}
