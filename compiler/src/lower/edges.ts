import type { BpfFunction } from '../object/index.ts';
import type { FunctionFacts } from '../verifier/index.ts';

/** How a block ends, in terms of blocks. */
export interface BlockEnd {
  /** Block that follows when nothing jumps; undefined when there is none. */
  readonly next?: number;
  /** Block that the last instruction may jump to. */
  readonly target?: number;
}

/**
 * The end of every reachable block. Only ways that may be gone are there: branches that are decided are
 * followed, and what comes after a call that never returns is left out.
 */
export function blockEnds(
  code: BpfFunction,
  facts: FunctionFacts,
): readonly (BlockEnd | undefined)[] {
  const blockAt = (instruction: number): number | undefined => {
    const block = facts.blockOf[instruction];
    return block !== undefined && facts.blocks[block]?.reachable ? block : undefined;
  };
  return facts.blocks.map((block) => {
    if (!block.reachable) return undefined;
    if (facts.before(block.end - 1) === undefined) return {};
    const last = code.instructions[block.end - 1]!;
    const following = blockAt(block.end);
    switch (last.kind) {
      case 'exit':
        return {};
      case 'jump':
        return end(blockAt(last.target), undefined);
      case 'branch': {
        const decided = facts.decided.get(block.end - 1);
        const target = blockAt(last.target);
        if (decided === 'taken') return end(target, undefined);
        return end(following, decided === 'not_taken' ? undefined : target);
      }
      case 'may_goto':
        return end(following, blockAt(last.target));
      default:
        return end(following, undefined);
    }
  });
}

/** An end with at most two different ways; a single way is always `next`. */
function end(next: number | undefined, target: number | undefined): BlockEnd {
  if (next === undefined) return target === undefined ? {} : { next: target };
  return target === undefined || target === next ? { next } : { next, target };
}

/** How many edges lead to each block. */
export function countPredecessors(
  ends: readonly (BlockEnd | undefined)[],
  skipped: ReadonlySet<number>,
): Int32Array {
  const counts = new Int32Array(ends.length);
  for (const [index, end] of ends.entries()) {
    if (end === undefined || skipped.has(index)) continue;
    if (end.next !== undefined) counts[end.next]!++;
    if (end.target !== undefined) counts[end.target]!++;
  }
  return counts;
}
