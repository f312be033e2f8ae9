/**
 * What a program holds and must give back: acquired by a call, carried by pointers (their `reference`),
 * released exactly once. Dynptrs use the same numbers: slices of one carry its id, so that both end
 * together.
 */
import { UNKNOWN } from '../../domain/index.ts';
import type { Path } from '../path.ts';
import { BYTE, type Reference, type State } from '../state.ts';
import { type PointerValue, ScalarValue } from '../value.ts';

/** All eight bytes of a slot of this kind. */
export function allBytes(kind: number): number {
  return kind * 0x1111_1111;
}

const ANYTHING_SLOT = { bytes: allBytes(BYTE.ANYTHING), value: undefined };
const UNKNOWN_VALUE = new ScalarValue(UNKNOWN);

/** The current call gives the program something to give back; returns its id. */
export function acquire(path: Path, kind: Reference['kind']): number {
  const { state } = path;
  const id = path.newId();
  state.references = [
    ...state.references,
    { id, kind, at: path.pc, frame: state.frames.length - 1 },
  ];
  return id;
}

/** What is held under this id. */
export function findReference(state: State, id: number): Reference | undefined {
  return id === 0 ? undefined : state.references.find((reference) => reference.id === id);
}

/** Gives back what is held under an id; every pointer into it is a mere number from now on. */
export function release(state: State, id: number): void {
  drop(state, id);
  forgetPointers(state, (pointer) => pointer.reference === id);
}

function drop(state: State, id: number): void {
  state.references = state.references.filter((reference) => reference.id !== id);
}

/**
 * A pointer with this reference turned out to be null: there is nothing to give back. (A null slice of
 * a dynptr says nothing of the dynptr.)
 */
export function releaseIfNull(state: State, id: number): void {
  if (findReference(state, id)?.kind === 'ringbuf') drop(state, id);
}

/**
 * Pointers that may no longer be used become numbers of which nothing is known, in all frames: that is
 * what is left of them for a program that may see addresses.
 */
export function forgetPointers(state: State, ended: (pointer: PointerValue) => boolean): void {
  for (const frame of state.frames) {
    const { registers } = frame;
    for (let register = 0; register < 10; register++) {
      const value = registers[register]!;
      if (value.kind === 'pointer' && ended(value)) registers[register] = UNKNOWN_VALUE;
    }
    for (let index = 0; index < frame.slotsInUse; index++) {
      const { value } = frame.slot(index);
      if (value?.kind === 'pointer' && ended(value)) frame.setSlot(index, ANYTHING_SLOT);
    }
  }
}

/** The packet may have moved: no pointer into it is good any more. */
export function forgetPackets(state: State): void {
  forgetPointers(state, ({ target }) => target.kind.startsWith('packet'));
}

/** Rejects when something is still held; `where` completes "... is not released". */
export function refuseHeld(path: Path, held: readonly Reference[], where: string): void {
  const [first] = held;
  if (first === undefined) return;
  const what =
    first.kind === 'ringbuf' ? 'the ring-buffer record' : "the dynptr's ring-buffer record";
  const call = first.kind === 'ringbuf' ? 'bpf_ringbuf_submit()' : 'bpf_ringbuf_submit_dynptr()';
  path.reject('BPF-V036', `${what} reserved earlier is not released ${where}`, {
    help: `call ${call} or its discard twin on every path`,
    related: held.map(({ at }) => ({ message: 'it was reserved here', pc: at })),
  });
}
