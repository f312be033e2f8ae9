import type { StackPart } from '../verifier/index.ts';
import type { CodeWriter } from './text.ts';

/** r10 is a multiple of this; objects of the frame keep their distance to it modulo this. */
const FRAME_ALIGNMENT = 16;

/** One object of the frame; `base` is the address of the byte at `start` (relative to r10). */
interface Slot {
  readonly part: StackPart;
  readonly start: number;
  readonly base: string;
}

/**
 * The stack frame of one function: an LLVM object for each part that no pointer can leave, made when it
 * is first used. LLVM keeps such small objects in registers where it would keep one large frame in memory.
 */
export class Frame {
  readonly #parts: readonly StackPart[];
  readonly #slots = new Map<StackPart, Slot>();
  readonly #writer: CodeWriter;

  constructor(parts: readonly StackPart[], writer: CodeWriter) {
    this.#parts = [...parts].sort((left, right) => left.low - right.low);
    this.#writer = writer;
  }

  /** The address `offset` bytes from r10, as an i8*; in `part` when the caller knows which object is meant. */
  address(offset: number, part = this.#partAt(offset)): string {
    const slot = this.#slot(part);
    const distance = offset - slot.start;
    if (distance === 0) return slot.base;
    return this.#writer.define(`getelementptr i8, i8* ${slot.base}, i64 ${distance}`);
  }

  /** The part that holds the byte at `offset`, else the one that ends there, else the nearest. */
  #partAt(offset: number): StackPart {
    const parts = this.#parts;
    let low = 0;
    let high = parts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (parts[middle]!.low <= offset) low = middle + 1;
      else high = middle;
    }
    return parts[low - 1] ?? parts[0] ?? UNTOUCHED;
  }

  #slot(part: StackPart): Slot {
    const known = this.#slots.get(part);
    if (known !== undefined) return known;
    const start = Math.floor(part.low / FRAME_ALIGNMENT) * FRAME_ALIGNMENT;
    const type = `[${part.high - start} x i8]`;
    const object = this.#writer.defineAtEntry(`alloca ${type}, align ${FRAME_ALIGNMENT}`);
    const base = this.#writer.defineAtEntry(`bitcast ${type}* ${object} to i8*`);
    const slot: Slot = { part, start, base };
    this.#slots.set(part, slot);
    return slot;
  }
}

/** Stands for the frame of a function that takes its address but touches none of it. */
const UNTOUCHED: StackPart = { low: -16, high: 0 };
