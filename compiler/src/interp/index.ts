/**
 * interp: the reference interpreter, exact and never fast, the oracle that native code is held against.
 * In: a `BpfObject` and what a run starts from. Out: r0, memory and maps afterwards, or the fault.
 * Knows nothing of what the verifier proves (it shares only the list of helpers with it), of lowering, of LLVM or of the C runtime.
 */
export type { FaultCode } from './fault.ts';
export { Interpreter, run } from './interpreter.ts';
export type {
  Environment,
  InterpFault,
  InterpResult,
  InterpreterOptions,
  Observer,
  RunOptions,
} from './types.ts';
