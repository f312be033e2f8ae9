/** States seen so far, by place; when to keep one, and when a path may end at one. */
import { POINT, type PreparedCode } from '../code.ts';
import { LENGTH_ID } from '../instructions/packet-range.ts';
import type { State } from '../state.ts';
import { ScalarValue } from '../value.ts';
import { Checkpoint, type Segment } from './checkpoint.ts';
import { covers } from './compare.ts';
import { carryMarks, hasTurned, Loops, lastOpenHead } from './loops.ts';

/** A state is kept when so many jumps and instructions came since the last one that was. */
const JUMPS_APART = 2;
const INSTRUCTIONS_APART = 8;
/** Without any jump: what looks back along the path must not go far. */
const BLOCK_INSTRUCTIONS_APART = 512;
/** The same inside a loop that is counted out turn by turn: few of those states are ever met again. */
const LOOP_JUMPS_APART = 20;
const LOOP_INSTRUCTIONS_APART = 100;
/** A checkpoint that was compared in vain so often more than it helped is forgotten. */
const PATIENCE = 3;
const LOOP_PATIENCE = 64;

export type Visit =
  /** A checkpoint covers the state. */
  | { readonly kind: 'covered'; readonly by: Checkpoint }
  /** The state is the very one this path had here before. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'kept'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'passed' };

const PASSED: Visit = { kind: 'passed' };

/** Ids that only one scalar has tie nothing together. */
function dropLoneLinks(state: State): void {
  const count = new Map<number, number>();
  const tally = (value: unknown) => {
    if (value instanceof ScalarValue && value.id !== 0) {
      count.set(value.id, (count.get(value.id) ?? 0) + 1);
    }
  };
  for (const frame of state.frames) {
    for (const value of frame.registers) tally(value);
    for (let slot = 0; slot < frame.slotsInUse; slot++) tally(frame.slot(slot).value);
  }
  let lone = false;
  for (const [id, times] of count) if (times === 1 && id !== LENGTH_ID) lone = true;
  if (!lone) return;
  const untied = <V>(value: V): V | ScalarValue =>
    value instanceof ScalarValue && value.id > LENGTH_ID && count.get(value.id) === 1
      ? new ScalarValue(value.range)
      : value;
  for (const frame of state.frames) {
    for (let register = 0; register < 10; register++) {
      frame.registers[register] = untied(frame.registers[register]!);
    }
    for (let index = 0; index < frame.slotsInUse; index++) {
      const slot = frame.slot(index);
      if (slot.value === undefined) continue;
      const value = untied(slot.value);
      if (value !== slot.value) frame.setSlot(index, { ...slot, value });
    }
  }
}

/** All checkpoints of one walk. */
export class Explored {
  readonly #code: PreparedCode;
  /** By `pc`; a map, since an object may have many programs that each use little of its code. */
  readonly #at = new Map<number, Checkpoint[]>();
  readonly #loops: Loops;
  #jumps = 0;
  #instructions = 0;
  #count = 0;
  #peak = 0;

  constructor(code: PreparedCode) {
    this.#code = code;
    this.#loops = new Loops(code);
  }

  /** Checkpoints kept: now, and at most at a time. */
  get count(): number {
    return this.#count;
  }

  get peak(): number {
    return this.#peak;
  }

  /** An instruction was walked. */
  stepped(): void {
    this.#instructions++;
  }

  /** A jump, branch, call or exit was walked. */
  jumped(): void {
    this.#jumps++;
  }

  /** The state has come to `state.pc`, `segment` led there from the last checkpoint. */
  visit(state: State, segment: Segment, point: number): Visit {
    const known = this.#at.get(state.pc);
    const always = point === POINT.LOOP;
    let keep =
      always ||
      this.#instructions >= BLOCK_INSTRUCTIONS_APART ||
      (this.#jumps >= JUMPS_APART && this.#instructions >= INSTRUCTIONS_APART);
    if (known !== undefined) {
      // Those seen last are the likeliest to be met again.
      for (let index = known.length - 1; index >= 0; index--) {
        const checkpoint = known[index]!;
        const how = this.#meet(checkpoint, state, always);
        if (how === 'endless') return { kind: 'endless' };
        if (how === 'covered') {
          checkpoint.hits++;
          if (checkpoint.open > 0 || checkpoint.loop !== undefined) {
            this.#loops.close(checkpoint, segment, state);
          }
          carryMarks(this.#code, { at: checkpoint, segment, state });
          return { kind: 'covered', by: checkpoint };
        }
        if (
          checkpoint.open > 0 &&
          !always &&
          this.#jumps < LOOP_JUMPS_APART &&
          this.#instructions < LOOP_INSTRUCTIONS_APART
        ) {
          keep = false;
        }
        // A turn that is not kept says nothing of the ones kept earlier.
        if (keep) checkpoint.misses++;
        const patience = always && checkpoint.open > 0 ? LOOP_PATIENCE : PATIENCE;
        if (checkpoint.misses > checkpoint.hits * patience + patience) {
          known.splice(index, 1);
          this.#count--;
        }
      }
    }
    return keep ? this.#keep(state, segment, known) : PASSED;
  }

  #meet(
    checkpoint: Checkpoint,
    state: State,
    loopPoint: boolean,
  ): 'covered' | 'endless' | 'different' {
    const code = this.#code;
    if (checkpoint.open === 0) {
      if (checkpoint.loop === undefined) {
        return covers(code, checkpoint, state, 'later') ? 'covered' : 'different';
      }
      const turned = hasTurned(state, lastOpenHead(checkpoint)!);
      return turned && covers(code, checkpoint, state, 'within') ? 'covered' : 'different';
    }
    if (!hasTurned(state, checkpoint)) {
      return covers(code, checkpoint, state, 'exact') ? 'endless' : 'different';
    }
    return loopPoint && covers(code, checkpoint, state, 'within') ? 'covered' : 'different';
  }

  #keep(state: State, segment: Segment, known: Checkpoint[] | undefined): Visit {
    dropLoneLinks(state);
    const checkpoint = new Checkpoint(state.copy(), segment);
    if (known === undefined) this.#at.set(state.pc, [checkpoint]);
    else known.push(checkpoint);
    this.#jumps = 0;
    this.#instructions = 0;
    this.#count++;
    this.#peak = Math.max(this.#peak, this.#count);
    return { kind: 'kept', checkpoint };
  }

  /** A path that came through `checkpoint` has ended. */
  endPath(checkpoint: Checkpoint | undefined): void {
    for (let at = checkpoint; at !== undefined; at = at.parent) {
      at.open--;
      if (at.open > 0) return;
      this.#loops.finish(at);
    }
  }
}
