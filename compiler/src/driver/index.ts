/**
 * driver: the pipeline and what is done with its ends.
 * In: files and options. Out: files written, programs run, descriptions of every stage's value.
 * Knows the stages and nothing of how they work, nor of the command line.
 */

export { llvmVersion } from '../codegen/index.ts';
export {
  type BuildRequest,
  type BuildResult,
  build,
  defaultOutput,
  destination,
  emitKindOf,
} from './build.ts';
export { describeFacts, describeObject, disassemble } from './describe.ts';
export { explain, explainedCodes } from './explain.ts';
export { INFORMATION_SECTION, type ObjectInformation } from './information.ts';
export { readInput } from './input.ts';
export { inspect } from './inspect.ts';
export { type Observer, RecordingObserver, type StageTime, unobserved } from './observer.ts';
export {
  type CodeOptions,
  type CompileOptions,
  EMIT_KINDS,
  type EmitKind,
  type LoadOptions,
  STAGES,
  type Stage,
} from './options.ts';
export { compile, load, verify } from './pipeline.ts';
export { type RunOutcome, type RunRequest, type RunResult, runNative, runObject } from './run.ts';
export {
  type ProgramVerdict,
  type Verifier,
  type VerifyOptions,
  verifyPrograms,
} from './verify.ts';
export type { LogComparison } from './verify-compare.ts';
