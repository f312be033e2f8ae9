import type { Helper, HelperCall } from './call.ts';
import * as errno from './errno.ts';
import type { AddressSpace, Region, RegionOptions } from './memory.ts';

/** Where the context of a packet program has its addresses. */
export interface PacketFields {
  readonly data: number;
  readonly dataEnd: number;
  readonly dataMeta: number;
  readonly length?: number;
}

/** Room in front of a packet, as the kernel leaves it for xdp, and behind. */
const HEADROOM = 256;
const TAILROOM = 320;
const ETHERNET_HEADER = 14;
const META_LIMIT = 252;

/** The packet of a run, behind its metadata; whatever may change it moves it elsewhere. */
export class Packet {
  readonly #space: AddressSpace;
  readonly #fields: PacketFields;
  readonly #options: RegionOptions;
  readonly #pointers = new Map<number, bigint>();
  #context: Region | undefined;
  #headroom: number;
  #meta: number;
  #region: Region;

  constructor(
    space: AddressSpace,
    fields: PacketFields,
    parts: { readonly meta: Uint8Array; readonly data: Uint8Array },
    options: RegionOptions,
  ) {
    this.#space = space;
    this.#fields = fields;
    this.#options = options;
    this.#meta = parts.meta.length;
    this.#headroom = HEADROOM - this.#meta;
    this.#region = space.add('packet', Uint8Array.from([...parts.meta, ...parts.data]), options);
    this.#point();
  }

  /** What loads of the context's pointers give; changes when the packet moves. */
  get pointers(): ReadonlyMap<number, bigint> {
    return this.#pointers;
  }

  /** Everything from the first byte of the metadata. */
  get region(): Region {
    return this.#region;
  }

  /** The packet without its metadata, live. */
  get bytes(): Uint8Array {
    return this.#region.bytes.subarray(this.#meta);
  }

  /** The region of the context, whose length field follows the packet's. */
  attach(context: Region): void {
    this.#context = context;
  }

  #point(): void {
    const { base, bytes } = this.#region;
    this.#pointers.set(this.#fields.dataMeta, base);
    this.#pointers.set(this.#fields.data, base + BigInt(this.#meta));
    this.#pointers.set(this.#fields.dataEnd, base + BigInt(bytes.length));
  }

  /** Puts the packet elsewhere, with other metadata and data; every pointer to it ends. */
  move(meta: Uint8Array = this.#region.bytes.slice(0, this.#meta), data = this.bytes): void {
    const bytes = Uint8Array.from([...meta, ...data]);
    this.#space.drop(this.#region);
    this.#meta = meta.length;
    this.#region = this.#space.add('packet', bytes, this.#options);
    this.#point();
    const { length } = this.#fields;
    if (length !== undefined) this.#context?.view.setUint32(length, data.length, true);
  }

  /** Moves the start by `delta` bytes, metadata along with it; false when that cannot be. */
  adjustHead(delta: number): boolean {
    const data = this.bytes;
    const possible = delta <= data.length - ETHERNET_HEADER && -delta <= this.#headroom;
    if (!possible) {
      this.move();
      return false;
    }
    const moved = new Uint8Array(data.length - delta);
    moved.set(data.subarray(Math.max(0, delta)), Math.max(0, -delta));
    this.#headroom += delta;
    this.move(undefined, moved);
    return true;
  }

  /** Makes the packet `delta` bytes longer at its end. */
  adjustTail(delta: number): boolean {
    const data = this.bytes;
    const length = data.length + delta;
    const possible = length >= ETHERNET_HEADER && delta <= TAILROOM;
    const resized = new Uint8Array(possible ? length : data.length);
    resized.set(data.subarray(0, resized.length));
    this.move(undefined, resized);
    return possible;
  }

  /** Moves the start of the metadata by `delta` bytes. */
  adjustMeta(delta: number): bigint {
    const size = this.#meta - delta;
    if (size < 0 || size > this.#meta + this.#headroom) return this.#refuse(errno.EINVAL);
    if (size % 4 !== 0 || size > META_LIMIT) return this.#refuse(errno.EACCES);
    const meta = new Uint8Array(size);
    const kept = this.#region.bytes.subarray(Math.max(0, delta), this.#meta);
    meta.set(kept, size - kept.length);
    this.#headroom += delta;
    this.move(meta);
    return 0n;
  }

  #refuse(error: bigint): bigint {
    this.move();
    return error;
  }
}

function signedWord(call: HelperCall, argument: number): number {
  return call.word(argument) | 0;
}

function loadBytes(call: HelperCall): bigint {
  const offset = call.word(2);
  const size = call.word(4);
  const { bytes } = call.packet();
  call.host.space.clear(call.value(3), size);
  if (offset + size > bytes.length) return errno.EFAULT;
  call.host.space.write(call.value(3), bytes.slice(offset, offset + size));
  return 0n;
}

function storeBytes(call: HelperCall): bigint {
  const offset = call.word(2);
  const from = call.bytes(3, call.word(4));
  const { bytes } = call.packet();
  if (offset + from.length > bytes.length) return errno.EFAULT;
  bytes.set(from, offset);
  return 0n;
}

const STORE_FLAGS = 3n;

function storeSocketBytes(call: HelperCall): bigint {
  const result = (call.value(5) & ~STORE_FLAGS) !== 0n ? errno.EINVAL : storeBytes(call);
  call.packet().move();
  return result;
}

function pullData(call: HelperCall): bigint {
  const packet = call.packet();
  const enough = call.word(2) <= packet.bytes.length;
  packet.move();
  return enough ? 0n : errno.ENOMEM;
}

function changeTail(call: HelperCall): bigint {
  const packet = call.packet();
  if (call.value(3) === 0n && packet.adjustTail(call.word(2) - packet.bytes.length)) return 0n;
  packet.move();
  return errno.EINVAL;
}

/** Sum of 16-bit words in ones' complement, as the Internet's checksums need it. */
function onesSum(bytes: Uint8Array, invert: boolean, start: number): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) {
    const word = bytes[at]! | (bytes[at + 1]! << 8);
    sum += invert ? ~word & 0xffff : word;
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum;
}

function checksumDifference(call: HelperCall): bigint {
  const [fromSize, toSize, seed] = [call.word(2), call.word(4), call.word(5)];
  if (fromSize % 4 !== 0 || toSize % 4 !== 0) return errno.EINVAL;
  const start = (seed & 0xffff) + (seed >>> 16);
  const removed = onesSum(call.bytes(1, fromSize), true, start);
  const sum = onesSum(call.bytes(3, toSize), false, removed);
  return BigInt((sum & 0xffff) + (sum >>> 16));
}

/** The helpers that read, write or change the packet. */
export const packetHelpers: readonly (readonly [number, Helper])[] = [
  [9, storeSocketBytes],
  [26, loadBytes],
  [28, checksumDifference],
  [38, changeTail],
  [39, pullData],
  [44, (call) => (call.packet().adjustHead(signedWord(call, 2)) ? 0n : errno.EINVAL)],
  [54, (call) => call.packet().adjustMeta(signedWord(call, 2))],
  [65, (call) => (call.packet().adjustTail(signedWord(call, 2)) ? 0n : errno.EINVAL)],
  [188, (call) => BigInt(call.packet().bytes.length)],
  [189, loadBytes],
  [190, storeBytes],
];
