/**
 * diag: diagnostics as values.
 * In: what a stage found. Out: rendered text or JSON.
 * Knows nothing of ELF, BPF or LLVM; nothing else in the compiler prints.
 */
export { Failure } from './failure.ts';
export { CollectingSink, type Sink } from './sink.ts';
export type { Diagnostic, FailureKind, Note, Place, Severity } from './types.ts';
