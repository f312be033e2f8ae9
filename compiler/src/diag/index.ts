/**
 * diag: diagnostics as values.
 * In: what a stage found. Out: rendered text or JSON, and the exit code.
 * Knows nothing of ELF, BPF or LLVM; nothing else in the compiler prints.
 */
export { exitCode } from './exit-code.ts';
export { Failure } from './failure.ts';
export { diagnosticRecord, renderJson } from './render-json.ts';
export { formatPlace, type RenderTextOptions, renderText } from './render-text.ts';
export { CollectingSink, type Sink } from './sink.ts';
export { harmless, quote, shorten } from './text.ts';
export type { Diagnostic, FailureKind, Note, Place, Severity } from './types.ts';
