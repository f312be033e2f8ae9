import type { Helper, HelperCall } from './call.ts';
import * as errno from './errno.ts';
import { RingBuffer } from './events.ts';
import { Fault } from './fault.ts';
import { type AddressSpace, MASK64, READ_ONLY, type Region } from './memory.ts';

const SIZE = 16;
const LENGTH_LIMIT = 0xff_ffff;

/** What a dynptr on the stack stands for. */
interface Dynptr {
  /** Its 16 bytes, by which one that was overwritten or copied is told from a good one. */
  readonly mark: bigint;
  /** Undefined for one whose making failed. */
  readonly memory: Region | undefined;
  readonly offset: number;
  readonly size: number;
  /** The ring buffer that its record must go back to. */
  readonly ring?: RingBuffer;
  /** Regions that bpf_dynptr_data gave, which end with it. */
  readonly slices: Region[];
}

/** The dynptrs of a run, by their addresses. */
export class Dynptrs {
  readonly #space: AddressSpace;
  readonly #at = new Map<bigint, Dynptr>();
  #made = 0n;

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /** Makes a dynptr in the 16 bytes at `address`, which programs cannot read from then on. */
  make(address: bigint, what: Omit<Dynptr, 'mark' | 'slices'>): Dynptr {
    if (address % 8n !== 0n) throw new Fault('misaligned', 'a dynptr that is not aligned');
    const mark = ++this.#made | (0xd1f7n << 48n);
    const bytes = new Uint8Array(SIZE);
    new DataView(bytes.buffer).setBigUint64(0, mark, true);
    new DataView(bytes.buffer).setBigUint64(8, ~mark & MASK64, true);
    this.#space.write(address, bytes);
    this.#space.markWritten(address, SIZE, false);
    const dynptr: Dynptr = { ...what, mark, slices: [] };
    this.#at.set(address, dynptr);
    return dynptr;
  }

  /** The dynptr at `address`, which must be whole. */
  use(address: bigint): Dynptr {
    const dynptr = this.#at.get(address);
    const region = this.#space.near(address);
    if (dynptr !== undefined && region?.live) {
      const at = Number(address - region.base);
      const [first, second] = [0, 8].map((part) => region.view.getBigUint64(at + part, true));
      if (first === dynptr.mark && second === (~dynptr.mark & MASK64)) return dynptr;
    }
    throw new Fault('dynptr', `there is no dynptr at 0x${address.toString(16)}`);
  }

  /** Ends a dynptr and what was reached through it. */
  end(address: bigint): Dynptr {
    const dynptr = this.use(address);
    this.#at.delete(address);
    for (const slice of dynptr.slices) this.#space.drop(slice);
    return dynptr;
  }
}

function fromMemory(call: HelperCall): bigint {
  const { space, dynptrs } = call.host;
  const size = call.value(2);
  const none = { memory: undefined, offset: 0, size: 0 };
  const refused = call.value(3) !== 0n ? errno.EINVAL : size > LENGTH_LIMIT ? errno.E2BIG : 0n;
  const memory = space.near(call.value(1));
  if (refused !== 0n || memory === undefined) {
    dynptrs.make(call.value(4), none);
    return refused;
  }
  const offset = Number(call.value(1) - memory.base);
  dynptrs.make(call.value(4), { memory, offset, size: Number(size) });
  return 0n;
}

function reserve(call: HelperCall): bigint {
  const { dynptrs, held } = call.host;
  const ring = call.mapOf(1, RingBuffer);
  const size = call.word(2);
  const refused = call.value(3) !== 0n ? errno.EINVAL : size > LENGTH_LIMIT ? errno.E2BIG : 0n;
  const memory = refused === 0n ? ring.reserve(size) : undefined;
  const dynptr = dynptrs.make(call.value(4), {
    memory,
    offset: 0,
    size: memory === undefined ? 0 : size,
    ring,
  });
  // Even one without memory has to be given back.
  held.acquire(dynptr, 'a dynptr of a ring buffer');
  if (refused !== 0n) return refused;
  return memory === undefined ? errno.EINVAL : 0n;
}

function release(call: HelperCall, state: 'submitted' | 'discarded'): bigint {
  const dynptr = call.host.dynptrs.use(call.value(1));
  if (dynptr.ring === undefined) throw new Fault('bad_release', 'the dynptr holds no record');
  call.host.dynptrs.end(call.value(1));
  call.host.held.release(dynptr);
  if (dynptr.memory !== undefined) dynptr.ring.release(dynptr.memory, state);
  return 0n;
}

/** Bytes [offset, offset + size) of a dynptr, or why not. */
function part(dynptr: Dynptr, offset: bigint, size: number): Region | bigint {
  if (dynptr.memory === undefined) return errno.EINVAL;
  return offset + BigInt(size) > BigInt(dynptr.size) ? errno.E2BIG : dynptr.memory;
}

function read(call: HelperCall): bigint {
  const dynptr = call.host.dynptrs.use(call.value(3));
  const [size, offset] = [call.word(2), BigInt.asUintN(32, call.value(4))];
  const memory = call.value(5) !== 0n ? errno.EINVAL : part(dynptr, offset, size);
  if (typeof memory === 'bigint') return memory;
  const from = dynptr.offset + Number(offset);
  call.host.space.write(call.value(1), memory.bytes.slice(from, from + size));
  return 0n;
}

function write(call: HelperCall): bigint {
  const dynptr = call.host.dynptrs.use(call.value(1));
  const [offset, size] = [BigInt.asUintN(32, call.value(2)), call.word(4)];
  const memory = call.value(5) !== 0n ? errno.EINVAL : part(dynptr, offset, size);
  if (typeof memory === 'bigint') return memory;
  const to = memory.base + BigInt(dynptr.offset) + offset;
  call.host.space.write(to, call.bytes(3, size));
  return 0n;
}

/** Gives a region of its own, so that not even the rest of the dynptr's memory can be reached. */
function data(call: HelperCall): bigint {
  const dynptr = call.host.dynptrs.use(call.value(1));
  const [offset, size] = [BigInt.asUintN(32, call.value(2)), call.word(3)];
  const memory = part(dynptr, offset, size);
  if (typeof memory === 'bigint') return 0n;
  const from = dynptr.offset + Number(offset);
  const slice = call.host.space.add(
    `slice of ${memory.name}`,
    memory.bytes.subarray(from, from + size),
    memory.writable === undefined ? {} : { writable: READ_ONLY },
  );
  dynptr.slices.push(slice);
  return slice.base;
}

/** The helpers that make, use and end dynptrs. */
export const dynptrHelpers: readonly (readonly [number, Helper])[] = [
  [197, fromMemory],
  [198, reserve],
  [199, (call) => release(call, 'submitted')],
  [200, (call) => release(call, 'discarded')],
  [201, read],
  [202, write],
  [203, data],
];
