/**
 * Loads and stores in stack frames: the running function's and, through pointers that were passed down, its
 * callers'.
 *
 * Unlike the kernel (since 6.3, for privileged programs), every byte that is read must have been written on
 * the path: nothing here depends on what a frame held before. A store at a variable offset therefore
 * initialises nothing; it only takes away what was known of the bytes that it may hit.
 *
 * Zeroes. Bytes become `ZERO` when a number that is surely 0 is stored in a way that is no spill. States with
 * another number there must not pass for this one, so the number's range has been relied upon.
 */
import { signExtend, truncate } from '../../domain/index.ts';
import { signedOfSize, unsignedOfSize, ZERO } from '../../domain/scalar.ts';
import { replaceValues } from '../instructions/links.ts';
import type { Path } from '../path.ts';
import { BYTE, EMPTY_SLOT, type Slot } from '../state.ts';
import { type PointerValue, ScalarValue, type Value } from '../value.ts';
import { type Access, bytes, describeAccess } from './access.ts';
import {
  byteOf,
  isZeroSpill,
  isZeroValue,
  maybeOverwritten,
  type Size,
  spillSize,
  withBytes,
  withSpill,
} from './spill.ts';
import { byteAt, checkAligned, locate, type Place, readBytes, slotAt } from './stack-place.ts';

const UNKNOWN_NUMBER = new ScalarValue(unsignedOfSize(8));
const ZERO_NUMBER = new ScalarValue(ZERO);

function numberOfSize(size: Size, signed: boolean): ScalarValue {
  if (size === 8) return UNKNOWN_NUMBER;
  return new ScalarValue(signed ? signedOfSize(size) : unsignedOfSize(size));
}

/** What a load from a frame gives. */
export function loadStack(
  path: Path,
  access: Access,
  pointer: PointerValue,
  signed: boolean,
): Value {
  const place = locate(path, access, pointer);
  checkAligned(path, access, pointer);
  const size = access.size as Size;
  if (place.low === place.high) {
    const filled = fill(path, access, place, size, signed);
    if (filled !== undefined) return filled;
  }
  return readBytes(path, access, place) ? ZERO_NUMBER : numberOfSize(size, signed);
}

/** The value of a slot, or its low end; undefined when the load is of bytes that are no such. */
function fill(
  path: Path,
  access: Access,
  place: Place,
  size: Size,
  signed: boolean,
): Value | undefined {
  const index = slotAt(place.low);
  const slot = place.frame.slot(index);
  const { value } = slot;
  if (value === undefined || value.kind === 'uninitialised') return undefined;
  const spilled = spillSize(slot);
  if (value.kind === 'pointer') {
    path.readSlot(place.number, index);
    if (size !== 8) rejectPart(path, access);
    path.movedThroughSlot(place.number, index);
    return value;
  }
  const first = byteAt(place.low);
  if (first !== 0 || size > spilled) {
    // All of zero is zero, wherever one looks at it.
    if (first + size > spilled || !isZeroSpill(slot)) return undefined;
    path.readSlot(place.number, index);
    path.movedThroughSlot(place.number, index);
    return ZERO_NUMBER;
  }
  path.readSlot(place.number, index);
  path.movedThroughSlot(place.number, index);
  return lowEnd(path, place, index, slot, value, size, signed);
}

/** A number read from a slot. Whatever is the same number stays tied to it. */
function lowEnd(
  path: Path,
  place: Place,
  index: number,
  slot: Slot,
  value: ScalarValue,
  size: Size,
  signed: boolean,
): ScalarValue {
  if (size < 8) {
    const limit = 2 ** (8 * size - (signed ? 1 : 0));
    if (value.range.unsignedMaximum >= limit) {
      const range = signed
        ? signExtend(64, (8 * size) as 8 | 16 | 32, value.range)
        : truncate(value.range, size);
      return new ScalarValue(range);
    }
  }
  if (value.id !== 0 || value.range.isConstant) return value;
  const tied = new ScalarValue(value.range, path.newId());
  place.frame.setSlot(index, { ...slot, value: tied });
  return tied;
}

function rejectPart(path: Path, access: Access): never {
  path.reject('BPF-V029', `${describeAccess(access)}: only a part of a pointer on the stack`, {
    help: 'read pointers as a whole, 8 bytes',
    registers: [access.register],
  });
}

/**
 * A dynptr of which a byte is overwritten is gone, with its slices. One that holds a reference must be
 * released instead.
 */
function destroyDynptr(path: Path, place: Place, index: number): void {
  const { dynptr } = place.frame.slot(index);
  if (dynptr === undefined) return;
  if (dynptr.reference !== 0) {
    const held = path.state.references.find(({ id }) => id === dynptr.reference);
    path.reject('BPF-V047', 'this overwrites a dynptr that must be submitted or discarded first', {
      help: 'call bpf_ringbuf_submit_dynptr() or bpf_ringbuf_discard_dynptr() on it',
      ...(held !== undefined && {
        related: [{ message: 'it was made here', pc: held.at }],
      }),
    });
  }
  const other = dynptr.first ? index - 1 : index + 1;
  place.frame.setSlot(index, EMPTY_SLOT);
  place.frame.setSlot(other, EMPTY_SLOT);
  replaceValues(path.state, (value) =>
    value.kind === 'pointer' && value.reference === dynptr.id ? UNKNOWN_NUMBER : value,
  );
}

/** A store to a frame: of a register, or of a constant when `register` is undefined. */
export function storeStack(
  path: Path,
  access: Access,
  pointer: PointerValue,
  value: Value,
  register: number | undefined,
): void {
  const place = locate(path, access, pointer);
  checkAligned(path, access, pointer);
  if (place.low !== place.high) {
    storeSomewhere(path, access, place, value, register);
    return;
  }
  const size = access.size as Size;
  const index = slotAt(place.low);
  const first = byteAt(place.low);
  destroyDynptr(path, place, index);
  if (value.kind === 'pointer' && value.target.kind !== 'dynptr') {
    if (size !== 8) {
      path.reject('BPF-V029', `only ${bytes(size)} of the pointer in r${register} are stored`, {
        help: 'store pointers as a whole, 8 bytes',
        ...(register !== undefined && { registers: [register] }),
      });
    }
    if (value.target.kind === 'stack' && place.number !== path.state.frames.length - 1) {
      path.reject('BPF-V022', "an address of the stack is stored in a caller's frame", {
        help: 'local variables end with their function: copy their contents instead',
        ...(register !== undefined && { registers: [register] }),
      });
    }
    place.frame.setSlot(index, withSpill(place.frame.slot(index), value, 8));
    path.movedThroughSlot(place.number, index);
    path.wroteSlot(place.number, index);
    return;
  }
  if (value.kind === 'scalar' && first === 0) {
    const spilled = asSpilled(path, value, size, register);
    place.frame.setSlot(index, withSpill(place.frame.slot(index), spilled, size));
    path.movedThroughSlot(place.number, index);
    if (size === 8) path.wroteSlot(place.number, index);
    return;
  }
  const zero = isZeroValue(value);
  if (zero && register !== undefined) path.markPrecise(register);
  const kind = zero ? BYTE.ZERO : BYTE.ANYTHING;
  place.frame.setSlot(index, withBytes(place.frame.slot(index), first, size, kind));
  if (size === 8) path.wroteSlot(place.number, index);
}

/** What a spill of `size` bytes keeps: the same number, tied to the register's, when it fits. */
function asSpilled(
  path: Path,
  value: ScalarValue,
  size: Size,
  register: number | undefined,
): ScalarValue {
  if (size < 8 && value.range.unsignedMaximum >= 2 ** (8 * size)) {
    return new ScalarValue(truncate(value.range, size));
  }
  if (register === undefined || value.id !== 0 || value.range.isConstant) return value;
  const tied = new ScalarValue(value.range, path.newId());
  path.state.frame.registers[register] = tied;
  return tied;
}

function storeSomewhere(
  path: Path,
  access: Access,
  place: Place,
  value: Value,
  register: number | undefined,
): void {
  const zero = isZeroValue(value);
  const end = place.high + access.size;
  let keptZeroes = false;
  for (let offset = place.low; offset < end; ) {
    const index = slotAt(offset);
    const next = Math.min(end, -8 * index);
    destroyDynptr(path, place, index);
    const old = place.frame.slot(index);
    const slot = maybeOverwritten(old, byteAt(offset), next - offset, zero);
    if (slot.bytes !== old.bytes || slot.value !== old.value) place.frame.setSlot(index, slot);
    if (zero) keptZeroes ||= slot.value !== undefined || hasZero(slot);
    offset = next;
  }
  // Zeroes are still there only because this is one more.
  if (keptZeroes && register !== undefined) path.markPrecise(register);
}

function hasZero(slot: Slot): boolean {
  for (let byte = 0; byte < 8; byte++) if (byteOf(slot, byte) === BYTE.ZERO) return true;
  return false;
}

/** What is in the slot of an access at a constant offset matters from now on. */
export function relyOnSlot(path: Path, access: Access, pointer: PointerValue): void {
  const place = locate(path, access, pointer);
  path.markSlotPrecise(place.number, slotAt(place.low));
}

/** An atomic operation changes the bytes: whatever they were, they are a number that is not known. */
export function overwriteStack(path: Path, access: Access, pointer: PointerValue): void {
  const place = locate(path, access, pointer);
  overwrite(path, place, access.size);
}

/** Bytes from `place.low` to `place.high` (inclusive) plus `size` are now anything, and initialised. */
function overwrite(path: Path, place: Place, size: number): void {
  const end = place.high + size;
  for (let offset = place.low; offset < end; ) {
    const index = slotAt(offset);
    const next = Math.min(end, -8 * index);
    destroyDynptr(path, place, index);
    const slot = withBytes(place.frame.slot(index), byteAt(offset), next - offset, BYTE.ANYTHING);
    place.frame.setSlot(index, slot);
    if (next - offset === 8) path.wroteSlot(place.number, index);
    offset = next;
  }
}

/**
 * A helper or callee touches bytes of a frame. Those that it reads must be initialised. What it only writes
 * need not be; bytes that it may leave as they were, because the offset or the size varies, are
 * initialised afterwards only if they were before.
 */
export function touchStack(path: Path, access: Access, pointer: PointerValue): void {
  const place = locate(path, access, pointer);
  const variable = place.low !== place.high;
  if (access.read) readBytes(path, access, place);
  if (!access.write) return;
  for (let offset = place.low; offset < place.high + access.size; ) {
    const index = slotAt(offset);
    if (place.frame.slot(index).dynptr !== undefined) {
      path.reject('BPF-V047', 'a helper would overwrite a dynptr here', {
        help: 'give the helper memory of its own',
        registers: [access.register],
      });
    }
    offset = -8 * index;
  }
  const certain = access.read ? access.size : variable ? 0 : (access.least ?? access.size);
  if (certain > 0) overwrite(path, place, certain);
  const end = place.high + access.size;
  for (let offset = place.low + certain; offset < end && !access.read; ) {
    const index = slotAt(offset);
    const next = Math.min(end, -8 * index);
    const old = place.frame.slot(index);
    place.frame.setSlot(index, maybeOverwritten(old, byteAt(offset), next - offset, false));
    offset = next;
  }
}
