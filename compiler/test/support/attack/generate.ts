import { Random } from '../random.ts';
import { compose } from './compose.ts';
import { mutate } from './mutate.ts';
import type { AttackProgram } from './program.ts';

/** Distance of the seeds for changes from those for programs. */
const CHANGES = 0x5bd1_e995;

/** The program of a seed: one that was right, mostly changed a little. */
export function generate(seed: number): AttackProgram {
  return mutate(compose(seed), new Random((seed ^ CHANGES) >>> 0));
}
