/**
 * verifier: what holds in every run of a program.
 * In: a `BpfObject`. Out: a `VerifiedObject`: control flow, liveness, the type of every register at
 * every instruction, alignment, parts of frames; or a diagnostic that names the source line.
 * Knows nothing of machine code, LLVM or the runtime, except the list of helpers and where the fields
 * of a context are.
 *
 * - domain/: what is known of 64-bit values that are no pointers; pure, tested alone
 * - contexts/: types of programs, a file each: context, helpers, return values
 * - flow/: basic blocks and liveness
 * - proof/: whether a program is safe, path by path, the way the kernel does it; prove.ts is the entrance
 * - facts/: what lowering is told, by a data flow over the whole object that takes the edges that the
 *   proof found no run to take; also what cannot be compiled however safe it is
 *
 * analyse.ts puts proof and facts together for `build`; helpers.ts reads the signatures of helpers.
 */
export { type AnalyseOptions, analyse } from './analyse.ts';
export { contextLayout, fieldAt } from './contexts/index.ts';
export {
  bounds,
  constantScalar,
  decide,
  formatScalar,
  type Scalar,
  UNKNOWN as UNKNOWN_SCALAR,
} from './domain/index.ts';
export {
  type ArgumentKind,
  findHelper,
  type Helper,
  helpers,
  type ReturnKind,
} from './helpers.ts';
export { prove } from './proof/prove.ts';
export type { ProgramProof, ProofFacts, ProofOptions } from './proof/types.ts';
export type {
  AccessFact,
  BasicBlock,
  ContextField,
  ContextLayout,
  FunctionFacts,
  PointerType,
  Region,
  RegisterCall,
  ScalarType,
  StackPart,
  ValueType,
  VerifiedObject,
} from './types.ts';
