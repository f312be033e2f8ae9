/**
 * Dynptrs: 16 bytes of the stack that only helpers read and write. One is made in bytes that are no
 * longer needed, used at the very place where it was made, and gone when any of its bytes is
 * overwritten or, when it holds a ring-buffer record, by its release. Slices end with their dynptr: they carry
 * its id as their `reference`, which for a dynptr that must be released is also that reference.
 */
import type { Helper } from '../../helpers.ts';
import { checkMemory } from '../memory/memory.ts';
import type { Path } from '../path.ts';
import { BYTE, type Dynptr, EMPTY_SLOT, type State } from '../state.ts';
import type { Value } from '../value.ts';
import { argumentName, describeValue } from './describe.ts';
import { acquire, allBytes, findReference, forgetPointers, release } from './references.ts';

const DYNPTR_BYTES = allBytes(BYTE.DYNPTR);
const SIZE = 16;
const FRAME = 512;

/** Where a dynptr is: in slots `slot` (its first eight bytes) and `slot - 1`. */
export interface DynptrPlace {
  readonly frame: number;
  readonly slot: number;
}

/** A dynptr that a call uses; `place` is absent for one that a callback was given. */
export interface UsedDynptr {
  readonly place: DynptrPlace | undefined;
  readonly dynptr: Dynptr | undefined;
  /** What its slices carry. */
  readonly reference: number;
}

function notOne(path: Path, helper: Helper, register: number, value: Value): never {
  return path.reject(
    'BPF-V047',
    `${argumentName(helper, register)} must be a dynptr on the stack, but is ${describeValue(path, value)}`,
    {
      help: 'declare a struct bpf_dynptr as a local variable and pass its address',
      registers: [register],
    },
  );
}

/** The slots that a register points to as a dynptr. */
function placeOf(
  path: Path,
  helper: Helper,
  register: number,
  outsideCode: 'BPF-V022' | 'BPF-V047',
): DynptrPlace {
  const value = path.state.frame.registers[register]!;
  if (value.kind !== 'pointer' || value.target.kind !== 'stack' || value.nullable) {
    return notOne(path, helper, register, value);
  }
  const variable = value.variable.constantNumber;
  const name = argumentName(helper, register);
  if (variable === undefined) {
    path.reject('BPF-V047', `${name} is a dynptr at an offset of the stack that varies`, {
      help: 'use one local variable for each dynptr, not an array',
      registers: [register],
    });
  }
  const offset = value.offset + variable;
  const outside = offset > -SIZE || offset < -FRAME;
  if (offset % 8 !== 0 || outside) {
    path.reject(
      outside ? outsideCode : 'BPF-V047',
      `${name} is a dynptr at offset ${offset} of the stack, where none can be`,
      {
        help: 'a dynptr takes 16 bytes of the stack, aligned to 8: declare it as struct bpf_dynptr',
        registers: [register],
      },
    );
  }
  return { frame: value.target.frame, slot: -offset / 8 - 1 };
}

/** The dynptr that begins in a slot, when both of its slots are intact. */
export function dynptrAt(state: State, { frame, slot }: DynptrPlace): Dynptr | undefined {
  const slots = state.frames[frame];
  if (slots === undefined || slot < 1) return undefined;
  const first = slots.slot(slot);
  const second = slots.slot(slot - 1);
  if (first.bytes !== DYNPTR_BYTES || second.bytes !== DYNPTR_BYTES) return undefined;
  const { dynptr } = first;
  if (dynptr === undefined || !dynptr.first || second.dynptr?.id !== dynptr.id) return undefined;
  return second.dynptr.first ? undefined : dynptr;
}

/** Checks that a register is a dynptr that was made, and gives it. */
export function useDynptr(path: Path, helper: Helper, register: number): UsedDynptr {
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'pointer' && value.target.kind === 'dynptr') {
    if (value.offset !== 0 || value.variable.constantNumber !== 0 || value.nullable) {
      return notOne(path, helper, register, value);
    }
    return { place: undefined, dynptr: undefined, reference: value.reference };
  }
  const place = placeOf(path, helper, register, 'BPF-V047');
  const dynptr = dynptrAt(path.state, place);
  if (dynptr === undefined) {
    path.reject('BPF-V047', `${argumentName(helper, register)} is no dynptr that was made before`, {
      help: 'make it first, with bpf_dynptr_from_mem() or bpf_ringbuf_reserve_dynptr(); it ends when it is released or overwritten',
      registers: [register],
    });
  }
  path.readSlot(place.frame, place.slot);
  path.readSlot(place.frame, place.slot - 1);
  return { place, dynptr, reference: dynptr.id };
}

/** Checks that a register is a place where a dynptr can be made. What is there is overwritten. */
export function prepareDynptr(path: Path, helper: Helper, register: number): DynptrPlace {
  const place = placeOf(path, helper, register, 'BPF-V022');
  destroyDynptr(path, place.frame, place.slot);
  destroyDynptr(path, place.frame, place.slot - 1);
  checkMemory(path, register, SIZE, { read: false, write: true });
  return place;
}

/** Makes a dynptr. One that holds a record must be released. */
export function makeDynptr(path: Path, place: DynptrPlace, type: 'local' | 'ringbuf'): void {
  const reference = type === 'ringbuf' ? acquire(path, 'dynptr') : 0;
  const id = reference === 0 ? path.newId() : reference;
  const frame = path.state.frames[place.frame]!;
  for (const slot of [place.slot, place.slot - 1]) {
    const dynptr = { type, id, reference, writable: true, first: slot === place.slot };
    frame.setSlot(slot, { bytes: DYNPTR_BYTES, value: undefined, dynptr });
    path.wroteSlot(place.frame, slot);
  }
}

function clear(path: Path, place: DynptrPlace): void {
  const frame = path.state.frames[place.frame]!;
  for (const slot of [place.slot, place.slot - 1]) {
    if (frame.slot(slot).dynptr !== undefined) frame.setSlot(slot, EMPTY_SLOT);
  }
}

/**
 * Another dynptr is made in a slot: the one that is there, if any, ends with its slices. Refuses when it
 * holds something that must be released.
 */
function destroyDynptr(path: Path, frame: number, slot: number): void {
  const { dynptr } = path.state.frames[frame]!.slot(slot);
  if (dynptr === undefined) return;
  const held = findReference(path.state, dynptr.reference);
  if (held !== undefined) {
    path.reject('BPF-V047', 'this overwrites a dynptr whose ring-buffer record is not released', {
      help: 'call bpf_ringbuf_submit_dynptr() or bpf_ringbuf_discard_dynptr() first',
      related: [{ message: 'the record was reserved here', pc: held.at }],
    });
  }
  clear(path, { frame, slot: dynptr.first ? slot : slot + 1 });
  forgetPointers(path.state, ({ reference }) => reference === dynptr.id);
}

/** Checks that a register is a dynptr with a ring-buffer record, for a helper that releases it. */
export function releasableDynptr(path: Path, helper: Helper, register: number): UsedDynptr {
  const used = useDynptr(path, helper, register);
  const { dynptr } = used;
  const name = argumentName(helper, register);
  if (dynptr === undefined) {
    path.reject(
      'BPF-V037',
      `${name} is a dynptr that the callback was given: it is not its to release`,
      {
        registers: [register],
      },
    );
  }
  if (dynptr.type !== 'ringbuf' || findReference(path.state, dynptr.reference) === undefined) {
    path.reject('BPF-V047', `${name} is a dynptr without a ring-buffer record`, {
      help: 'only what bpf_ringbuf_reserve_dynptr() made can be submitted or discarded',
      registers: [register],
    });
  }
  return used;
}

/** Ends a dynptr and gives back what it holds. */
export function releaseDynptr(path: Path, { place, dynptr }: UsedDynptr): void {
  if (place === undefined || dynptr === undefined) return;
  clear(path, place);
  path.wroteSlot(place.frame, place.slot);
  path.wroteSlot(place.frame, place.slot - 1);
  release(path.state, dynptr.reference);
}
