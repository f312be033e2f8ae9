/** Loads and stores as far as they concern stack frames. */
import type { PointerType, ValueType } from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import {
  FRAME_SIZE,
  loseSlot,
  readSlot,
  SLOTS,
  type SlotType,
  type State,
  weakened,
} from './state.ts';
import { NONE, UNKNOWN } from './value.ts';

/** A state that is being changed; slots are copied on the first change. */
export class Cursor {
  readonly registers: ValueType[];
  #slots: readonly SlotType[];
  #own: SlotType[] | undefined;

  constructor(state: State) {
    this.registers = state.registers.slice();
    this.#slots = state.slots;
  }

  slot(index: number): SlotType {
    return this.#slots[index]!;
  }

  setSlot(index: number, value: SlotType): void {
    if (this.#slots[index] === value) return;
    if (this.#own === undefined) {
      this.#own = this.#slots.slice();
      this.#slots = this.#own;
    }
    this.#own[index] = value;
  }

  /** What is known now; further changes do not touch it. */
  snapshot(): State {
    this.#own = undefined;
    return { registers: this.registers.slice(), slots: this.#slots };
  }
}

/** Bytes of a frame, relative to r10; outermost when bounds are not known. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** The bytes from `low` to `high` after a stack pointer: the frame holds them, whatever the bounds. */
export function extentOf(pointer: PointerType, low: number, high: number): Extent {
  const clamp = (value: number) => Math.max(-FRAME_SIZE, Math.min(0, value));
  return {
    low: clamp((pointer.minimum ?? -Infinity) + low),
    high: clamp((pointer.maximum ?? Infinity) + high),
  };
}

function slotsOf(extent: Extent): readonly [first: number, end: number] {
  return [Math.floor((extent.low + FRAME_SIZE) / 8), Math.ceil((extent.high + FRAME_SIZE) / 8)];
}

function touchOwn(
  analysis: Analysis,
  cursor: Cursor,
  first: number,
  end: number,
  write: boolean,
  read: boolean,
): void {
  for (let index = first; index < end; index++) {
    const slot = cursor.slot(index);
    if (slot === UNKNOWN) continue;
    if (read) loseSlot(slot, analysis.lost);
    if (write) cursor.setSlot(index, weakened(slot));
  }
}

/** Something may read or write the bytes [base + low, base + high). */
export function touch(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  base: ValueType,
  low: number,
  high: number,
  how: { write: boolean; read: boolean },
): void {
  if (base.kind === 'pointer' && base.region.kind !== 'any') {
    if (base.region.kind !== 'stack') return;
    const [first, end] = slotsOf(extentOf(base, low, high));
    if (base.region.function === work.index) {
      touchOwn(analysis, cursor, first, end, how.write, how.read);
    } else {
      const owner = analysis.functions[base.region.function]!;
      analysis.touchForeign(owner, first, end, how.write, how.read);
    }
    return;
  }
  // Frames of other functions that got lost are marked as touched everywhere already.
  if (work.frameLost) touchOwn(analysis, cursor, 0, SLOTS, how.write, how.read);
}

/** Other functions run: they may touch what they have pointers to. */
export function runOthers(analysis: Analysis, work: FunctionWork, cursor: Cursor): void {
  for (let index = 0; index < SLOTS; index++) {
    const write = work.foreignWrites[index] === 1;
    const read = work.foreignReads[index] === 1;
    if (write || read) touchOwn(analysis, cursor, index, index + 1, write, read);
  }
}

/** The one slot that an access at a constant offset of the own frame falls in. */
function onlySlot(
  work: FunctionWork,
  base: ValueType,
  offset: number,
  size: number,
): number | undefined {
  if (base.kind !== 'pointer' || base.region.kind !== 'stack') return undefined;
  if (base.region.function !== work.index || base.nullable) return undefined;
  if (base.minimum === undefined || base.minimum !== base.maximum) return undefined;
  const at = base.minimum + offset + FRAME_SIZE;
  const slot = Math.floor(at / 8);
  return slot >= 0 && slot < SLOTS && at + size <= 8 * slot + 8 ? slot : undefined;
}

/** The slot that 8 bytes at a constant offset of some frame are all of. */
export function wholeSlot(base: PointerType, offset: number): number | undefined {
  if (base.nullable || base.minimum === undefined || base.minimum !== base.maximum)
    return undefined;
  const slot = (base.minimum + offset + FRAME_SIZE) / 8;
  return Number.isInteger(slot) && slot >= 0 && slot < SLOTS ? slot : undefined;
}

/** Value of an 8-byte load from the own frame; undefined when it is not from one slot of it. */
export function loadFrame(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  base: ValueType,
  offset: number,
  size: number,
): ValueType | undefined {
  const exact = onlySlot(work, base, offset, size);
  if (exact !== undefined && size === 8) return readSlot(cursor.slot(exact), analysis.lost);
  touch(analysis, work, cursor, base, offset, offset + size, { write: false, read: true });
  return undefined;
}

/** A store of `value` to any memory. */
export function storeFrame(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  base: ValueType,
  offset: number,
  size: number,
  value: ValueType,
): void {
  const exact = onlySlot(work, base, offset, size);
  if (exact !== undefined && size === 8) {
    cursor.setSlot(exact, value.kind === 'none' ? UNKNOWN : value);
    return;
  }
  if (value.kind === 'pointer') analysis.lost(value);
  if (exact !== undefined) {
    // What is left of a pointer that lost some of its bytes is no pointer.
    cursor.setSlot(exact, UNKNOWN);
    return;
  }
  touch(analysis, work, cursor, base, offset, offset + size, { write: true, read: false });
}

/** Registers r1 to r5 after a call. */
export function clobberArguments(cursor: Cursor): void {
  for (let register = 1; register <= 5; register++) cursor.registers[register] = NONE;
}
