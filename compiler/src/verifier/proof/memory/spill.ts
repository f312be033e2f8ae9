/**
 * Eight bytes of a frame as a value of their own: what stores of registers and of mere bytes make of a
 * slot. Slots are immutable; nothing here knows of frames or paths.
 *
 * A slot has a `value` if and only if its lowest byte is `SPILLED`; a spill always begins there and takes 1, 2,
 * 4 or 8 bytes. So a value that lost one of its bytes is gone as a whole.
 */
import { type Scalar, ZERO } from '../../domain/scalar.ts';
import { BYTE, type Slot } from '../state.ts';
import type { Value } from '../value.ts';

export type Size = 1 | 2 | 4 | 8;

/** What `BYTE` a byte of a slot is. */
export function byteOf(slot: Slot, byte: number): number {
  return (slot.bytes >>> (4 * byte)) & 15;
}

/** How many bytes belong to the slot's value: 0 when it has none. */
export function spillSize(slot: Slot): 0 | Size {
  if (slot.value === undefined) return 0;
  if (byteOf(slot, 7) === BYTE.SPILLED) return 8;
  if (byteOf(slot, 3) === BYTE.SPILLED) return 4;
  return byteOf(slot, 1) === BYTE.SPILLED ? 2 : 1;
}

const ALL_SPILLED = 0x1111_1111;

/** The slot after a value was stored at its start. `size` below 8 is for numbers that fit. */
export function withSpill(slot: Slot, value: Value, size: Size): Slot {
  if (size === 8) return { bytes: ALL_SPILLED, value };
  let kinds = 0;
  for (let byte = 0; byte < 8; byte++) {
    kinds |= (byte < size ? BYTE.SPILLED : rest(byteOf(slot, byte))) << (4 * byte);
  }
  return { bytes: kinds, value };
}

/** What becomes of a byte when another byte of its slot is overwritten. */
function rest(kind: number): number {
  return kind === BYTE.UNINITIALISED || kind === BYTE.ZERO ? kind : BYTE.ANYTHING;
}

/** The slot after bytes [first, first + count) became `kind` (`ANYTHING` or `ZERO`). */
export function withBytes(slot: Slot, first: number, count: number, kind: number): Slot {
  let kinds = 0;
  for (let byte = 0; byte < 8; byte++) {
    const written = byte >= first && byte < first + count;
    kinds |= (written ? kind : rest(byteOf(slot, byte))) << (4 * byte);
  }
  return { bytes: kinds, value: undefined };
}

/**
 * The slot after a store that may or may not have hit each of the bytes [first, first + count). Bytes that
 * were not initialised are not surely so now. A zero leaves zeroes what they are.
 */
export function maybeOverwritten(slot: Slot, first: number, count: number, zero: boolean): Slot {
  const zeroes = zero && isZeroSpill(slot);
  let kinds = 0;
  for (let byte = 0; byte < 8; byte++) {
    const old = byteOf(slot, byte);
    const hit = byte >= first && byte < first + count;
    let kind: number;
    if (old === BYTE.SPILLED && zeroes) kind = BYTE.SPILLED;
    else if (old === BYTE.UNINITIALISED) kind = old;
    else if (old === BYTE.ZERO && (zero || !hit)) kind = old;
    else kind = BYTE.ANYTHING;
    kinds |= kind << (4 * byte);
  }
  return { bytes: kinds, value: zeroes ? slot.value : undefined };
}

/** Whether the slot's value is a number that is surely 0. */
export function isZeroSpill(slot: Slot): boolean {
  return slot.value?.kind === 'scalar' && isZero(slot.value.range);
}

function isZero(range: Scalar): boolean {
  return range === ZERO || range.constantNumber === 0;
}

/** Whether a value is surely the number 0. */
export function isZeroValue(value: Value): boolean {
  return value.kind === 'scalar' && isZero(value.range);
}

/** Whether all of the bytes [first, first + count) are initialised and may be read as mere bytes. */
export function readableBytes(slot: Slot, first: number, count: number): boolean {
  for (let byte = first; byte < first + count; byte++) {
    const kind = byteOf(slot, byte);
    if (kind !== BYTE.SPILLED && kind !== BYTE.ANYTHING && kind !== BYTE.ZERO) return false;
  }
  return slot.value?.kind !== 'uninitialised';
}

/** Whether all of the bytes [first, first + count) were written as zeroes. */
export function zeroBytes(slot: Slot, first: number, count: number): boolean {
  for (let byte = first; byte < first + count; byte++) {
    if (byteOf(slot, byte) !== BYTE.ZERO) return false;
  }
  return true;
}
