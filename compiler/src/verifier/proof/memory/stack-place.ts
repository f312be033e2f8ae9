/**
 * Where in a frame an access is, and whether the bytes there may be read.
 *
 * Soundness: a place is a range of offsets for the first byte, from the bounds of the pointer's variable part;
 * bounds that could wrap around are refused, so what is accessed is within [low, high + size). All of
 * that must be inside the frame, and for reads initialised, whatever the offset turns out to be.
 */
import { ZERO } from '../../domain/scalar.ts';
import type { Path } from '../path.ts';
import { BYTE, type Frame, type Slot } from '../state.ts';
import type { PointerValue } from '../value.ts';
import {
  type Access,
  alignedTo,
  bytes,
  describeAccess,
  describeOffset,
  MAXIMUM_OFFSET,
} from './access.ts';
import { byteOf, readableBytes, type Size, zeroBytes } from './spill.ts';

const FRAME_SIZE = 512;

/** Where in a frame an access is: its first byte is at an offset from `low` to `high`. */
export interface Place {
  readonly frame: Frame;
  readonly number: number;
  readonly low: number;
  readonly high: number;
}

/** Index of the slot that holds the byte at a (negative) offset. */
export function slotAt(offset: number): number {
  return (-offset - 1) >> 3;
}

/** Position of the byte at an offset in its slot. */
export function byteAt(offset: number): number {
  return offset & 7;
}

/** Checks that an access is inside its frame; says where it is. */
export function locate(path: Path, access: Access, pointer: PointerValue): Place {
  const { target, variable } = pointer;
  if (target.kind !== 'stack') throw new Error('no pointer to the stack');
  const frame = path.state.frames[target.frame];
  if (frame === undefined) return rejectEnded(path, access);
  let low = pointer.offset + access.offset;
  let high = low;
  if (variable !== ZERO) {
    if (variable.signedMaximum >= MAXIMUM_OFFSET || variable.signedMinimum <= -MAXIMUM_OFFSET) {
      rejectUnbounded(path, access);
    }
    low += variable.signedMinimum;
    high += variable.signedMaximum;
  }
  if (low < -FRAME_SIZE || high + access.size > 0) rejectOutside(path, access, pointer, high);
  path.usedStack(frame.function, -low);
  return { frame, number: target.frame, low, high };
}

function rejectEnded(path: Path, access: Access): never {
  path.reject('BPF-V022', `${describeAccess(access)} of the frame of a function that has ended`, {
    help: 'local variables end with their function: let the caller pass in the memory',
    registers: [access.register],
  });
}

function rejectUnbounded(path: Path, access: Access): never {
  path.reject('BPF-V032', `${describeAccess(access)} of the stack at an offset without bounds`, {
    help: 'check the index against the size of the array first, or mask it',
    registers: [access.register],
  });
}

function rejectOutside(path: Path, access: Access, pointer: PointerValue, high: number): never {
  const end = high + access.size > 0 ? 'above its top' : 'below its 512 bytes';
  const is = pointer.variable === ZERO ? 'is' : 'may be';
  const at = describeOffset(pointer, access);
  path.reject(
    'BPF-V022',
    `${describeAccess(access)} at ${at} from the top of the stack frame ${is} ${end}`,
    {
      help:
        pointer.variable === ZERO
          ? 'a frame is the 512 bytes before the address in r10: keep less on the stack, larger things in a map'
          : 'check the index against the size of the array on the stack, or mask it',
      registers: [access.register],
    },
  );
}

/** Refuses instructions that are not surely aligned: slots could not be followed otherwise. */
export function checkAligned(path: Path, access: Access, pointer: PointerValue): void {
  if (alignedTo(pointer, access.offset, access.size as Size)) return;
  path.reject(
    'BPF-V030',
    `${describeAccess(access)} at ${describeOffset(pointer, access)} from the top of the stack frame is not aligned to ${bytes(access.size)}`,
    {
      help: 'accesses to the stack are aligned to their size: no packed structs and casts to wider types there',
      registers: [access.register],
    },
  );
}

/** Rejects a read of bytes of a slot that are not initialised, or no mere bytes. */
function rejectUnreadable(
  path: Path,
  access: Access,
  place: Place,
  slot: Slot,
  from: number,
  to: number,
): never {
  let offset = from;
  while (offset < to && readableBytes(slot, byteAt(offset), 1)) offset++;
  const kind = byteOf(slot, byteAt(offset));
  const registers = [access.register];
  if (kind === BYTE.DYNPTR) {
    path.reject('BPF-V047', `${describeAccess(access)} of a dynptr's own bytes`, {
      help: 'use bpf_dynptr_read(), bpf_dynptr_write() or bpf_dynptr_data()',
      registers,
    });
  }
  const whose = place.number === path.state.frames.length - 1 ? 'the stack' : "a caller's stack";
  const fixed = place.low === place.high;
  const where = fixed ? String(place.low) : `${place.low} to ${place.high}`;
  let which = `of which the byte at ${offset} was`;
  if (!fixed) which = `which may reach the byte at ${offset},`;
  else if (access.size === 1) which = 'which was';
  path.reject(
    'BPF-V021',
    `${describeAccess(access)} at offset ${where} of ${whose}, ${which} not written on this path`,
    {
      help: 'initialise the variable on every path; a struct with its padding: memset() or = {}',
      registers: fixed ? [] : registers,
    },
  );
}

/** Checks that all bytes from `low` to `high` (inclusive) plus `size` may be read; whether all are zeroes. */
export function readBytes(path: Path, access: Access, place: Place): boolean {
  const end = place.high + access.size;
  let zeroes = true;
  for (let offset = place.low; offset < end; ) {
    const index = slotAt(offset);
    const next = Math.min(end, -8 * index);
    const slot = place.frame.slot(index);
    const first = byteAt(offset);
    path.readSlot(place.number, index);
    if (!readableBytes(slot, first, next - offset)) {
      rejectUnreadable(path, access, place, slot, offset, next);
    }
    zeroes &&= zeroBytes(slot, first, next - offset);
    offset = next;
  }
  return zeroes;
}
