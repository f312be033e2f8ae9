/**
 * What is remembered of a path: checkpoints, and the way between two of them.
 *
 * A checkpoint is a copy of the state before an instruction. Later paths that reach the instruction with a
 * state that a checkpoint covers need not be walked. For that a checkpoint learns, while what follows it is
 * walked, which stack slots are read later and the bounds of which scalars are relied upon (`precise`);
 * everything else need not agree.
 */
import { SLOTS, type State } from '../state.ts';

/** Registers and slots of one frame. */
export class Marks {
  registers = 0;
  readonly slots = new Uint8Array(SLOTS);
}

export const CALLBACK_EXIT = -1;

/** Registers (by frame and number) and slots whose scalars a branch refined together. */
export interface Linked {
  readonly frame: number;
  readonly register?: number;
  readonly slot?: number;
}

/** The instructions walked since a checkpoint. */
export class Segment {
  readonly parent: Checkpoint | undefined;
  readonly pcs: number[];
  /** Number of the frame that ran each. */
  readonly depths: number[];
  /**
   * 0, or one more than 64 x frame + slot for instructions that moved a whole value through a slot;
   * `CALLBACK_EXIT` for the exit of a callback.
   */
  readonly moves: number[];
  /** By position in `pcs`: what the branch there refined besides its operands. */
  links: Map<number, readonly Linked[]> | undefined;
  /** Slots overwritten as a whole, by frame. */
  written: (Uint8Array | undefined)[];

  constructor(parent: Checkpoint | undefined) {
    this.parent = parent;
    this.pcs = [];
    this.depths = [];
    this.moves = [];
    this.links = undefined;
    this.written = [];
  }

  copy(): Segment {
    const copy = new Segment(this.parent);
    for (let index = 0; index < this.pcs.length; index++) {
      copy.pcs.push(this.pcs[index]!);
      copy.depths.push(this.depths[index]!);
      copy.moves.push(this.moves[index]!);
    }
    copy.links = this.links === undefined ? undefined : new Map(this.links);
    copy.written = this.written.map((slots) => slots?.slice());
    return copy;
  }

  markWritten(frame: number, slot: number): void {
    let slots = this.written[frame];
    if (slots === undefined) {
      slots = new Uint8Array(SLOTS);
      this.written[frame] = slots;
    }
    slots[slot] = 1;
  }
}

/** A state that was seen. */
export class Checkpoint {
  readonly state: State;
  /** The way here from the checkpoint before. */
  readonly segment: Segment;
  /** Paths through here that are not walked to their end. */
  open = 1;
  /** Slots read later, by frame. */
  readonly read: (Uint8Array | undefined)[] = [];
  /** Scalars relied upon later, by frame. */
  readonly precise: (Marks | undefined)[] = [];
  /**
   * The checkpoint at the head of a loop that this one is inside of, while that is open: what is marked
   * here is then not yet complete. See loops.ts.
   */
  loop: Checkpoint | undefined;
  /** The last head on the way here that paths from here came back to; it may be done by now. */
  lastHead: Checkpoint | undefined;
  /** Checkpoints on the path before this one. */
  readonly depth: number;
  hits = 0;
  misses = 0;

  constructor(state: State, segment: Segment) {
    this.state = state;
    this.segment = segment;
    this.depth = segment.parent === undefined ? 0 : segment.parent.depth + 1;
  }

  get parent(): Checkpoint | undefined {
    return this.segment.parent;
  }

  isRead(frame: number, slot: number): boolean {
    return this.read[frame]?.[slot] === 1;
  }

  isPreciseRegister(frame: number, register: number): boolean {
    return (((this.precise[frame]?.registers ?? 0) >> register) & 1) === 1;
  }

  isPreciseSlot(frame: number, slot: number): boolean {
    return this.precise[frame]?.slots[slot] === 1;
  }
}

/**
 * Notes at every checkpoint back to the one after which the slot was overwritten that it is read.
 * True when a checkpoint learned something.
 */
export function markRead(segment: Segment, frame: number, slot: number): boolean {
  let way = segment;
  let changed = false;
  while (way.written[frame]?.[slot] !== 1) {
    const checkpoint = way.parent;
    if (checkpoint === undefined || checkpoint.state.frames.length <= frame) return changed;
    let slots = checkpoint.read[frame];
    if (slots === undefined) {
      slots = new Uint8Array(SLOTS);
      checkpoint.read[frame] = slots;
    }
    if (slots[slot] === 1) return changed;
    slots[slot] = 1;
    changed = true;
    way = checkpoint.segment;
  }
  return changed;
}
