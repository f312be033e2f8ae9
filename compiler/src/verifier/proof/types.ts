/** What `prove` takes and gives; the walk's own types are in path.ts, state.ts and value.ts. */
import type { Diagnostic } from '../../diag/index.ts';

/** What one wants of a proof. */
export interface ProofOptions {
  /** Names of the programs to prove; all by default. */
  readonly programs?: readonly string[];
  /** Instructions that may be walked for one program, a million by default, as in the kernel. */
  readonly walkLimit?: number;
  /** 1: each branch and call with the state there. 2: each instruction with its state. */
  readonly logLevel?: 0 | 1 | 2;
  /** Gets the lines of the log, without line ends. */
  readonly log?: (line: string) => void;
}

/** The verdict on one program, with the functions that it reaches. */
export interface ProgramProof {
  readonly program: string;
  /** Index in `BpfObject.programs`. */
  readonly index: number;
  readonly verdict: 'proved' | 'rejected';
  /** Why it was rejected, where, and the path that leads there. */
  readonly rejection?: Diagnostic;
  /** Instructions walked, on all paths; the kernel's "processed N insns". */
  readonly walked: number;
  /** States kept to prune later paths: at the end, and at most at a time. */
  readonly states: number;
  readonly peakStates: number;
  /** Milliseconds. */
  readonly time: number;
  readonly facts: ProofFacts;
}

/** What a proof of one program learned, by function. Holds for every run of that program. */
export interface ProofFacts {
  /** By function and instruction: 1 when some path reaches it; undefined for functions never entered. */
  readonly reached: ReadonlyMap<number, Uint8Array>;
  /** By function and instruction: bit 0 the branch was followed as not taken, bit 1 as taken. */
  readonly branches: ReadonlyMap<number, Uint8Array>;
}
