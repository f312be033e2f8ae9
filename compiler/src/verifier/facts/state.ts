/** What is known at one point of a function: its registers and its own frame. */
import type { Thresholds } from '../domain/index.ts';
import type { PointerType, ValueType } from '../types.ts';
import {
  equalValues,
  joinValues,
  type Lost,
  NONE,
  sameRegion,
  UNKNOWN,
  widenValues,
} from './value.ts';

export const FRAME_SIZE = 512;
/** Aligned 8-byte slots of a frame. */
export const SLOTS = FRAME_SIZE / 8;

/**
 * A slot that is read as `unknown`, and may then turn out to hold one of these pointers: they are lost
 * only if it is read. Slots are reused a lot, so most are not.
 */
export interface Mixed {
  readonly kind: 'mixed';
  readonly pointers: readonly PointerType[];
}
export type SlotType = ValueType | Mixed;

/** Registers r0 to r10, and the slots from the bottom of the frame up. Values are immutable. */
export interface State {
  readonly registers: readonly ValueType[];
  readonly slots: readonly SlotType[];
}

const EMPTY_SLOTS: readonly SlotType[] = Array.from({ length: SLOTS }, () => UNKNOWN);

/** Nothing known of the frame, no register written but the given ones. */
export function entryState(framePointer: PointerType, parameters: readonly ValueType[]): State {
  const registers: ValueType[] = Array.from({ length: 11 }, () => NONE);
  for (const [index, parameter] of parameters.entries()) registers[index + 1] = parameter;
  registers[10] = framePointer;
  return { registers, slots: EMPTY_SLOTS };
}

function pointersIn(slot: SlotType): readonly PointerType[] {
  if (slot.kind === 'mixed') return slot.pointers;
  return slot.kind === 'pointer' ? [slot] : [];
}

function mix(a: SlotType, b: SlotType): SlotType {
  const pointers: PointerType[] = [];
  for (const pointer of [...pointersIn(a), ...pointersIn(b)]) {
    if (!pointers.some((known) => sameRegion(known.region, pointer.region))) pointers.push(pointer);
  }
  return pointers.length === 0 ? UNKNOWN : { kind: 'mixed', pointers };
}

/** What a slot holds after something unknown may have been written to it. */
export function weakened(slot: SlotType): SlotType {
  return slot.kind === 'mixed' ? slot : mix(slot, UNKNOWN);
}

/** What reading a slot gives. */
export function readSlot(slot: SlotType, lost: Lost): ValueType {
  if (slot.kind !== 'mixed') return slot;
  for (const pointer of slot.pointers) lost(pointer);
  return UNKNOWN;
}

/** Reports every pointer that the slot may hold, when its bytes get out of sight. */
export function loseSlot(slot: SlotType, lost: Lost): void {
  for (const pointer of pointersIn(slot)) lost(pointer);
}

function equalSlots(a: SlotType, b: SlotType): boolean {
  if (a.kind === 'mixed') return b.kind === 'mixed' && a.pointers.length === b.pointers.length;
  return b.kind !== 'mixed' && equalValues(a, b);
}

function joinSlots(a: SlotType, b: SlotType, widen: Thresholds | undefined): SlotType {
  if (a === b) return a;
  if (a.kind !== 'mixed' && b.kind !== 'mixed') {
    let lossy = false;
    const joined = joinValues(a, b, () => {
      lossy = true;
    });
    if (!lossy) return widen === undefined ? joined : widenValues(a, joined, widen);
  }
  const mixed = mix(a, b);
  return equalSlots(a, mixed) ? a : mixed;
}

/**
 * The join of what is known at a point and what arrives there, in registers that are live; the same
 * object when nothing is new. With `thresholds` the result is widened, so that loops settle.
 */
export function joinStates(
  old: State,
  arriving: State,
  live: number,
  thresholds: Thresholds | undefined,
  lost: Lost,
): State {
  let registers: ValueType[] | undefined;
  for (let register = 0; register < 10; register++) {
    if (((live >> register) & 1) === 0) continue;
    const before = old.registers[register]!;
    const after = arriving.registers[register]!;
    if (before === after) continue;
    let joined = joinValues(before, after, lost);
    if (joined === before) continue;
    if (thresholds !== undefined) joined = widenValues(before, joined, thresholds);
    registers ??= old.registers.slice();
    registers[register] = joined;
  }
  let slots: SlotType[] | undefined;
  if (old.slots !== arriving.slots) {
    for (let index = 0; index < SLOTS; index++) {
      const before = old.slots[index]!;
      const joined = joinSlots(before, arriving.slots[index]!, thresholds);
      if (joined === before) continue;
      slots ??= old.slots.slice();
      slots[index] = joined;
    }
  }
  if (registers === undefined && slots === undefined) return old;
  return { registers: registers ?? old.registers, slots: slots ?? old.slots };
}

/** The state with dead registers forgotten, so that they cost nothing and lose nothing at joins. */
export function withoutDead(state: State, live: number): State {
  const registers = state.registers.map((value, register) =>
    register === 10 || ((live >> register) & 1) === 1 ? value : NONE,
  );
  return { registers, slots: state.slots };
}
