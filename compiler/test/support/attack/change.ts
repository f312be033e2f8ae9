/** Taking instructions out of functions and putting them in, with every target where it was. */
import type { Draft } from '../object.ts';

function withTargets(draft: Draft, move: (target: number) => number): Draft {
  return 'target' in draft ? { ...draft, target: move(draft.target) } : draft;
}

/** The function without instructions [from, to); what led there leads behind it, or to the last. */
export function without(code: readonly Draft[], from: number, to: number): Draft[] {
  const last = Math.max(0, code.length - (to - from) - 1);
  const moved = (target: number) =>
    Math.min(last, target <= from ? target : target < to ? from : target - (to - from));
  return [...code.slice(0, from), ...code.slice(to)].map((draft) => withTargets(draft, moved));
}

/**
 * The function with `added` in front of instruction `at`; what led to `at` leads to what was added.
 * Targets of the added instructions are indices into the function as it was.
 */
export function withInserted(code: readonly Draft[], at: number, added: readonly Draft[]): Draft[] {
  const moved = (target: number) => (target <= at ? target : target + added.length);
  return [...code.slice(0, at), ...added, ...code.slice(at)].map((draft) =>
    withTargets(draft, moved),
  );
}

/** The function with another instruction at an index. */
export function withReplaced(code: readonly Draft[], at: number, draft: Draft): Draft[] {
  return code.map((old, index) => (index === at ? draft : old));
}
