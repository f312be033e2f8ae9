import { without } from './change.ts';
import type { AttackProgram } from './program.ts';

/**
 * The smallest program that can be had by taking instructions out while `holds` says that what was
 * found is still there.
 */
export function shrink(
  program: AttackProgram,
  holds: (program: AttackProgram) => boolean,
): AttackProgram {
  let best = program;
  for (let size = 8; size >= 1; ) {
    const smaller = shrinkOnce(best, size, holds);
    if (smaller === undefined) size = size === 1 ? 0 : Math.floor(size / 2);
    else best = smaller;
  }
  return best;
}

/** The program after taking out every run of `size` instructions that can go; undefined when none. */
function shrinkOnce(
  program: AttackProgram,
  size: number,
  holds: (program: AttackProgram) => boolean,
): AttackProgram | undefined {
  let best: AttackProgram | undefined;
  program.functions.forEach((_, which) => {
    for (let at = program.functions[which]!.length - size; at >= 0; at--) {
      const from: AttackProgram = best ?? program;
      const code = from.functions[which]!;
      if (at + size > code.length || code.length - size < 1) continue;
      const functions = from.functions.map((one, index) =>
        index === which ? without(one, at, at + size) : one,
      );
      const smaller = { ...from, functions };
      if (holds(smaller)) best = smaller;
    }
  });
  return best;
}
