import type { BpfFunction } from '../object/index.ts';
import type { FunctionFacts } from '../verifier/index.ts';

/** How a block ends, in terms of blocks. */
export interface BlockEnd {
  /** Block that follows when nothing jumps; undefined when there is none. */
  readonly next?: number;
  /** Block that the last instruction may jump to. */
  readonly target?: number;
}

/** The end of every reachable block, branches that are decided already followed. */
export function blockEnds(
  code: BpfFunction,
  facts: FunctionFacts,
): readonly (BlockEnd | undefined)[] {
  return facts.blocks.map((block) => {
    if (!block.reachable) return undefined;
    const last = code.instructions[block.end - 1]!;
    const next = facts.blockOf[block.end];
    switch (last.kind) {
      case 'exit':
        return {};
      case 'jump':
        return { next: facts.blockOf[last.target]! };
      case 'branch': {
        const decided = facts.decided.get(block.end - 1);
        const target = facts.blockOf[last.target]!;
        if (decided === 'taken' || target === next) return { next: target };
        return decided === 'not_taken' ? { next: next! } : { next: next!, target };
      }
      case 'may_goto':
        return { next: next!, target: facts.blockOf[last.target]! };
      default:
        return { next: next! };
    }
  });
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
