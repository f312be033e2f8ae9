/**
 * One path's state: a stack of frames, what the program holds, and what pruning needs to know of the
 * way that led here. Values are immutable; frames and states are changed in place by the walk and copied
 * where paths part.
 */
import { UNINITIALISED, type Value } from './value.ts';

/** Slots of 8 bytes in a frame of 512. Slot s is the bytes [-8(s+1), -8s) from r10. */
export const SLOTS = 64;

/** What a byte of a slot is. `SPILLED`: part of the slot's value. */
export const BYTE = {
  UNINITIALISED: 0,
  SPILLED: 1,
  ANYTHING: 2,
  ZERO: 3,
  DYNPTR: 4,
} as const;

/** Eight bytes of a frame. Immutable. */
export interface Slot {
  /** `BYTE` of each byte, 4 bits each, the byte at the lowest address in the lowest bits. */
  readonly bytes: number;
  /** The value that the `SPILLED` bytes are the low end of (all 8, or the 4, 2, 1 at the lowest address). */
  readonly value: Value | undefined;
  /** Of `DYNPTR` bytes. */
  readonly dynptr?: Dynptr;
}

/** A dynptr takes two slots; both have this. */
export interface Dynptr {
  readonly type: 'local' | 'ringbuf' | 'packet' | 'xdp';
  /** Tells dynptrs apart; slices carry it. */
  readonly id: number;
  /** Reference to release, 0 none. */
  readonly reference: number;
  readonly writable: boolean;
  /** True in the slot with the lower address, where it starts. */
  readonly first: boolean;
}

export const EMPTY_SLOT: Slot = { bytes: 0, value: undefined };

const EMPTY_SLOTS = new Array<Slot>(SLOTS).fill(EMPTY_SLOT);

/** Something that the program must give back. Immutable. */
export interface Reference {
  readonly id: number;
  readonly kind: 'ringbuf' | 'dynptr';
  /** Where it was acquired, for messages. */
  readonly at: number;
  /** Frame number of the function that acquired it: a callback must not leave with its own. */
  readonly frame: number;
}

/** The spin lock that is held. */
export interface HeldLock {
  /** Id of the pointer it was taken through: the same element must be unlocked. */
  readonly id: number;
  readonly map: string;
  readonly at: number;
}

/** Why a frame runs, when it is no ordinary call. */
export interface Callback {
  readonly helper: number;
  /** A function that runs some time later, not inside the helper. */
  readonly later: boolean;
  /** Which values it may return. */
  readonly minimum: number;
  readonly maximum: number;
  /** `reference` of pointers that are good until it returns: to the key of an element. 0: none. */
  readonly reference: number;
}

/** A function that runs. */
export class Frame {
  readonly function: number;
  /** `pc` of the call in the frame below; -1 in the first. */
  readonly callSite: number;
  readonly callback: Callback | undefined;
  /** r0 to r10. */
  readonly registers: Value[];
  /** Runs begun of the callback that this frame's current helper call makes. */
  callbackRuns: number;
  #slots: Slot[];
  #slotsInUse = 0;
  #shared: boolean;

  constructor(fn: number, callSite: number, callback?: Callback, registers?: Value[]) {
    this.function = fn;
    this.callSite = callSite;
    this.callback = callback;
    this.registers = registers ?? new Array<Value>(11).fill(UNINITIALISED);
    this.callbackRuns = 0;
    this.#slots = EMPTY_SLOTS;
    this.#shared = true;
  }

  slot(index: number): Slot {
    return this.#slots[index]!;
  }

  setSlot(index: number, slot: Slot): void {
    if (this.#shared) {
      this.#slots = this.#slots.slice();
      this.#shared = false;
    }
    this.#slots[index] = slot;
    if (index >= this.#slotsInUse) this.#slotsInUse = index + 1;
  }

  /** Slots from this one on were never written: most frames use few. */
  get slotsInUse(): number {
    return this.#slotsInUse;
  }

  /** Whether both have the very same slots: most copies never write theirs. */
  sameSlots(other: Frame): boolean {
    return this.#slots === other.#slots;
  }

  copy(): Frame {
    const copy = new Frame(this.function, this.callSite, this.callback, this.registers.slice());
    copy.callbackRuns = this.callbackRuns;
    this.#shared = true;
    copy.#slots = this.#slots;
    copy.#slotsInUse = this.#slotsInUse;
    return copy;
  }
}

/** Where control is and everything it depends on. */
export class State {
  /** Position of the next instruction, see `Code`. */
  pc: number;
  frames: Frame[];
  references: readonly Reference[];
  lock: HeldLock | undefined;
  /** may_goto followed so far; runs of callbacks begun so far, of all frames. */
  mayGotos: number;
  callbackRuns: number;

  constructor(pc: number) {
    this.pc = pc;
    this.frames = [];
    this.references = [];
    this.lock = undefined;
    this.mayGotos = 0;
    this.callbackRuns = 0;
  }

  /** The frame of the function that runs. */
  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  copy(): State {
    const copy = new State(this.pc);
    copy.frames = this.frames.map((frame) => frame.copy());
    copy.references = this.references;
    copy.lock = this.lock;
    copy.mayGotos = this.mayGotos;
    copy.callbackRuns = this.callbackRuns;
    return copy;
  }
}
