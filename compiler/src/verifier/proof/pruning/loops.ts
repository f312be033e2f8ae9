/**
 * Loops that are closed by finding their own head again (callbacks, may_goto): keeping the marks of the
 * checkpoints inside complete.
 *
 * When a path ends at an open checkpoint (the head of a loop), what the head's later paths mark is not known
 * yet, so marks of the checkpoints on the way are not complete. Until the head is walked to its end they
 * cover other states only if everything agrees (`within`). Then marks are carried from the head to the ends
 * of those paths, and on, until nothing changes: a least fixed point, after which each mark that any
 * number of turns needs is there. A path that ended at a checkpoint inside an open loop depends on the
 * same head and waits for it too.
 *
 * That such loops end is another matter: at some time there are no more turns, so every cycle must have one in
 * it. From the head to the path that comes back to it there is one. But where a path ends at a
 * checkpoint inside the loop, control goes on from there to the head, by a way whose turn may lie before that
 * checkpoint; so there must be one between the head and this path, too: `hasTurned`. With several heads on
 * the way it is the last that counts: a turn after it is one after all.
 */
import type { Code } from '../path.ts';
import { SLOTS, type State } from '../state.ts';
import { type Checkpoint, markRead, type Segment } from './checkpoint.ts';
import { trace, Wanted } from './precision.ts';

/** A path that ended at a checkpoint. */
interface Ending {
  readonly at: Checkpoint;
  readonly segment: Segment;
  readonly state: State;
}

interface Waiting {
  readonly endings: Ending[];
  readonly inside: Checkpoint[];
}

/** Marks for a path that ended at a checkpoint what was marked there. True when something is new. */
export function carryMarks(code: Code, ending: Ending): boolean {
  const { at, segment, state } = ending;
  let changed = false;
  const wanted = new Wanted();
  state.frames.forEach((frame, number) => {
    const read = at.read[number];
    const precise = at.precise[number];
    if (read !== undefined) {
      for (let slot = 0; slot < SLOTS; slot++) {
        if (read[slot] === 1 && markRead(segment, number, slot)) changed = true;
      }
    }
    if (precise === undefined) return;
    for (let register = 0; register < 10; register++) {
      if (at.isPreciseRegister(number, register) && frame.registers[register]!.kind === 'scalar') {
        wanted.addRegister(number, register);
      }
    }
    for (let slot = 0; slot < SLOTS; slot++) {
      if (precise.slots[slot] === 1 && frame.slot(slot).value?.kind === 'scalar') {
        wanted.addSlot(number, slot);
      }
    }
  });
  if (wanted.empty) return changed;
  const depth = state.frames.length - 1;
  return trace(code, segment, segment.pcs.length, depth, wanted) || changed;
}

/** Whether `state` has taken turns (of may_goto, of callbacks) since the checkpoint, which is on its way. */
export function hasTurned(state: State, { state: before }: Checkpoint): boolean {
  return state.mayGotos !== before.mayGotos || state.callbackRuns !== before.callbackRuns;
}

/** The last open head that paths from `checkpoint`, which is done, came back to. */
export function lastOpenHead(checkpoint: Checkpoint): Checkpoint | undefined {
  let head = checkpoint.lastHead;
  // Heads that were inside of one that is done may lead on to heads before it.
  while (head !== undefined && head.open === 0) head = head.lastHead;
  checkpoint.lastHead = head;
  return head;
}

/** All loops that are open. */
export class Loops {
  readonly #code: Code;
  readonly #waiting = new Map<Checkpoint, Waiting>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** A path ended at `at`, which is the open head of a loop or inside of one. */
  close(at: Checkpoint, segment: Segment, state: State): void {
    const head = at.open > 0 ? at : at.loop!;
    const waiting = this.#of(head);
    waiting.endings.push({ at, segment, state });
    for (let inside = segment.parent; inside !== undefined && inside !== head; ) {
      // The outermost loop is closed last.
      if (inside.loop === undefined || inside.loop.depth > head.depth) {
        inside.loop = head;
        waiting.inside.push(inside);
      }
      inside = inside.parent;
    }
    const last = at.open > 0 ? at : lastOpenHead(at)!;
    for (let inside = segment.parent; inside !== undefined && inside !== last; ) {
      if (inside.lastHead === undefined || inside.lastHead.depth < last.depth) {
        inside.lastHead = last;
      }
      inside = inside.parent;
    }
  }

  /** A checkpoint has been walked to its end. */
  finish(head: Checkpoint): void {
    const waiting = this.#waiting.get(head);
    if (waiting === undefined) return;
    this.#waiting.delete(head);
    if (head.loop !== undefined && head.loop.open > 0) {
      const outer = this.#of(head.loop);
      for (const ending of waiting.endings) outer.endings.push(ending);
      for (const inside of waiting.inside) {
        if (inside.loop !== head) continue;
        inside.loop = head.loop;
        outer.inside.push(inside);
      }
      return;
    }
    for (let changed = true; changed; ) {
      changed = false;
      for (const ending of waiting.endings) {
        if (carryMarks(this.#code, ending)) changed = true;
      }
    }
    for (const inside of waiting.inside) if (inside.loop === head) inside.loop = undefined;
  }

  #of(head: Checkpoint): Waiting {
    let waiting = this.#waiting.get(head);
    if (waiting === undefined) {
      waiting = { endings: [], inside: [] };
      this.#waiting.set(head, waiting);
    }
    return waiting;
  }
}
