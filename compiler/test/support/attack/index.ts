/**
 * The attack on the verifier: random programs close to the edge of what is safe, each of which must be
 * rejected or run without any fault in the strict interpreter.
 */
export {
  type Acceptor,
  type Attempt,
  type AttemptOptions,
  attempt,
  shrinkDifference,
  shrinkFinding,
} from './attempt.ts';
export { compose } from './compose.ts';
export { execute, type Finding } from './execute.ts';
export { generate } from './generate.ts';
export { type AttackProgram, lengthOf, toObject } from './program.ts';
export { shrink } from './shrink.ts';
export { printProgram, readProgram } from './text.ts';
