import type { BpfFunction } from '../object/index.ts';
import type { FunctionFacts } from '../verifier/index.ts';
import type { BlockEnd } from './edges.ts';

const FRAME_SIZE = 512;
const ALL = (1n << BigInt(FRAME_SIZE)) - 1n;
/** Rounds over the blocks before nothing is claimed: only hostile control flow needs more. */
const MOST_ROUNDS = 16;

/** Bytes of the frame from `low` to `high` relative to r10, one bit each. */
function bytesOf(low: number, high: number): bigint {
  const [first, end] = [low + FRAME_SIZE, high + FRAME_SIZE];
  if (first < 0 || end > FRAME_SIZE || first >= end) return 0n;
  return ((1n << BigInt(end - first)) - 1n) << BigInt(first);
}

/**
 * Which bytes of a frame have certainly been written when control is at some instruction, as far as
 * stores through r10 itself tell, which is how compilers spill.
 */
export class InitialisedBytes {
  readonly #code: BpfFunction;
  readonly #facts: FunctionFacts;
  /** Bytes written at the start of each block; undefined when that is not known. */
  readonly #before: readonly bigint[] | undefined;
  #index = 0;
  #now = 0n;

  constructor(code: BpfFunction, facts: FunctionFacts, ends: readonly (BlockEnd | undefined)[]) {
    this.#code = code;
    this.#facts = facts;
    this.#before = this.#settle(ends);
  }

  /** Whether all bytes of [low, high) are written before the instruction; fast in ascending order. */
  holds(instruction: number, low: number, high: number): boolean {
    const wanted = bytesOf(low, high);
    if (this.#before === undefined || wanted === 0n) return false;
    const block = this.#facts.blockOf[instruction]!;
    const first = this.#facts.blocks[block]!.first;
    if (this.#index < first || this.#index > instruction) {
      this.#index = first;
      this.#now = this.#before[block]!;
    }
    for (; this.#index < instruction; this.#index++) this.#now |= this.#writtenAt(this.#index);
    return (this.#now & wanted) === wanted;
  }

  #writtenAt(index: number): bigint {
    const instruction = this.#code.instructions[index]!;
    if (instruction.kind !== 'store' || instruction.base !== 10) return 0n;
    return bytesOf(instruction.offset, instruction.offset + instruction.size);
  }

  #settle(ends: readonly (BlockEnd | undefined)[]): readonly bigint[] | undefined {
    const { blocks } = this.#facts;
    const written = blocks.map(({ first, end }) => {
      let bytes = 0n;
      for (let index = first; index < end; index++) bytes |= this.#writtenAt(index);
      return bytes;
    });
    // Everything, until an edge says less: what no edge reaches is never asked about.
    const before = blocks.map((_, index) => (index === 0 ? 0n : ALL));
    for (let round = 0; round < MOST_ROUNDS; round++) {
      let changed = false;
      for (const [index, end] of ends.entries()) {
        if (end === undefined) continue;
        const after = before[index]! | written[index]!;
        for (const successor of [end.next, end.target]) {
          if (successor === undefined) continue;
          const both = before[successor]! & after;
          if (both === before[successor]) continue;
          before[successor] = both;
          changed = true;
        }
      }
      if (!changed) return before;
    }
    return undefined;
  }
}
