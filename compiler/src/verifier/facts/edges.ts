/** What the proof tells the facts: edges of branches that no run takes. */
import type { BpfObject } from '../../object/index.ts';
import type { ProgramProof } from '../proof/types.ts';

/**
 * By function and instruction of a branch: bit 0, some run may go on to the next instruction; bit 1, some
 * run may jump. Undefined for functions that no program enters.
 */
export type ProvedEdges = readonly (Uint8Array | undefined)[];

/** What all programs together may do. A proof follows every edge that some run of its program takes. */
export function provedEdges(object: BpfObject, proofs: readonly ProgramProof[]): ProvedEdges {
  const edges = new Array<Uint8Array | undefined>(object.functions.length).fill(undefined);
  for (const { facts } of proofs) {
    for (const [fn, followed] of facts.branches) {
      const known = edges[fn];
      if (known === undefined) edges[fn] = followed.slice();
      else for (const [index, bits] of followed.entries()) known[index]! |= bits;
    }
  }
  return edges;
}
