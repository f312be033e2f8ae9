/**
 * target: the CPUs that objects are compiled for.
 * In: a name or a triple, as users write them. Out: the record of `targets/<name>/target.json`.
 * Does not know how code is generated, linked or run.
 */
export { ptRegsField, ptRegsFieldAt } from './pt-regs.ts';
export { findTarget, hostTarget, targets } from './targets.ts';
export type { PtRegsField, PtRegsRole, Target, TargetName } from './types.ts';
