/**
 * lower: a verified object becomes LLVM bitcode.
 * In: a `VerifiedObject`, a target and options. Out: LLVM 14 bitcode, what codegen must still apply to
 * it, and the symbols it offers.
 * Does not know how proofs are made, which passes run, or how objects are linked.
 */
export { lower } from './module.ts';
export type { LinkagePlan, LoweredModule, LowerOptions } from './types.ts';
