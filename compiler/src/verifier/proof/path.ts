/** What the checks of single instructions see of the walk, and what they may do. */
import type { Note } from '../../diag/index.ts';
import type { BpfInstruction, BpfObject, BpfProgram } from '../../object/index.ts';
import type { ContextLayout } from '../types.ts';
import type { State } from './state.ts';

/** Every function's instructions in one row: `pc` counts over all functions of the object. */
export interface Code {
  readonly length: number;
  /** `pc` of a function's first instruction. */
  startOf(fn: number): number;
  functionOf(pc: number): number;
  /** Index in its function. */
  indexOf(pc: number): number;
  at(pc: number): BpfInstruction;
}

/** What a rejection says beside its code and message. */
export interface RejectionDetails {
  /** What to do about it. */
  readonly help?: string;
  /** Registers of the running function whose values matter: shown with their ranges. */
  readonly registers?: readonly number[];
  /** Other places that matter (where a reference was acquired, where a lock was taken). */
  readonly related?: readonly { readonly message: string; readonly pc: number }[];
  readonly notes?: readonly Note[];
  /** Points elsewhere than at the current instruction. */
  readonly pc?: number;
}

/** Functions of a program that helpers call back. */
export interface CallbackFunctions {
  /** During the call of the helper. */
  readonly atOnce: Set<number>;
  /** After the program: those of timers. */
  readonly later: Set<number>;
}

/** One path while it is walked. Checks read and change `state`, and reject by throwing. */
export interface Path {
  readonly object: BpfObject;
  readonly program: BpfProgram;
  readonly layout: ContextLayout;
  readonly code: Code;
  readonly state: State;
  /**
   * By `pc`, for all paths of the program: what its loads and stores went to so far (0 not known, 1 the
   * context, 2 other memory).
   */
  readonly accessed: Uint8Array;
  /** Functions that were called back so far, on all paths of the program. */
  readonly callbacks: CallbackFunctions;
  /** For which functions and maps this walk has begun what runs later. */
  readonly begun: Set<string>;
  /** `pc` of the current instruction. */
  readonly pc: number;
  /** A number that ties values together, or names a reference; never used before. */
  newId(): number;
  /** Ends the proof: throws. */
  reject(code: string, message: string, details?: RejectionDetails): never;
  /**
   * The bounds of this scalar register (of the running function) have been relied upon: states that
   * differ in it are different. Must be called before the register is overwritten.
   */
  markPrecise(register: number): void;
  /** The same of a scalar spilled to a slot of a frame. */
  markSlotPrecise(frame: number, slot: number): void;
  /** Some byte of the slot was read, or matters: later states that differ there are different. */
  readSlot(frame: number, slot: number): void;
  /** All eight bytes of the slot were overwritten by this instruction. */
  wroteSlot(frame: number, slot: number): void;
  /**
   * This instruction (a load or store of a whole register) moved a value from or to the slot: precision is
   * traced through it. At most one slot an instruction.
   */
  movedThroughSlot(frame: number, slot: number): void;
  /** Bytes of its frame, counted down from r10, that the function needs. */
  usedStack(fn: number, bytes: number): void;
  /** Queues another path that goes on from `state` (a changed copy, its `pc` set) later. */
  fork(state: State): void;
  /**
   * Gives up the bounds of scalars of the state that changed since control was last at `pc` on this path and
   * that nothing has relied upon, so that a loop through `pc` settles.
   */
  widen(state: State, pc: number): void;
}
