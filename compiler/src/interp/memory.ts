import { Fault } from './fault.ts';

/** A run of bytes with an address. Whatever lies outside every region faults. */
export interface Region {
  readonly name: string;
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Byte ranges that programs may write; all bytes when absent. */
  readonly writable?: readonly (readonly [from: number, to: number])[];
  /** 1 for each byte that has been written; absent when all bytes hold values from the start. */
  readonly written?: Uint8Array;
  /** Context fields, by offset, whose 4-byte load gives this address. */
  readonly pointers?: ReadonlyMap<number, bigint>;
  /** Loads and stores by instructions must be aligned, where the address space is strict. */
  readonly aligned?: boolean;
  /** Cleared when what the region holds has ended (a returned frame, a submitted record). */
  live: boolean;
}

export type RegionOptions = Pick<Region, 'writable' | 'written' | 'pointers' | 'aligned'>;

/** Which rules of a verifier the memory enforces besides the bounds of objects. */
export interface MemoryRules {
  /** Reading a byte of the stack that was never written is a fault, else it reads as 0. */
  readonly initialised: boolean;
  /** Accesses to the stack and the context must be aligned. */
  readonly aligned: boolean;
}

/** Size of the part of the address space that each region has for itself, as a power of two. */
const SPACING = 36n;
const MIDDLE = 1n << (SPACING - 1n);
const PAGE_MASK = 0xffff_f000;
export const MASK64 = (1n << 64n) - 1n;
/** Addresses below this are null plus an offset. */
const NULL_LIMIT = 1n << 32n;

/** No access to these bytes by programs: opaque things whose address alone counts, and read-only data. */
export const READ_ONLY: Region['writable'] & object = [];

/**
 * Where region number `index` begins: about the middle of its part, so that no 34-bit offset leads
 * into another region, and at a page of its own, so that no round offset does.
 */
function baseOf(index: number): bigint {
  const page = (Math.imul(index + 1, 0x9e37_79b1) & PAGE_MASK) >>> 0;
  return (BigInt(index + 1) << SPACING) + MIDDLE + BigInt(page);
}

/** The memory that a program can reach: named regions, each far from every other. */
export class AddressSpace {
  readonly #regions: Region[] = [];
  readonly #rules: MemoryRules;

  constructor(rules: MemoryRules) {
    this.#rules = rules;
  }

  /** Makes a region over `bytes`, which it does not copy. */
  add(name: string, bytes: Uint8Array, options: RegionOptions = {}): Region {
    const base = baseOf(this.#regions.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const region: Region = { name, base, bytes, view, live: true, ...options };
    this.#regions.push(region);
    return region;
  }

  /** The region that `address` points into or near, if any. */
  near(address: bigint): Region | undefined {
    return this.#regions[Number(address >> SPACING) - 1];
  }

  /** The region and the offset in it of `size` bytes at `address`, all of which lie inside. */
  #locate(address: bigint, size: number, verb: string): { region: Region; offset: number } {
    const region = this.near(address);
    const what = `${verb} of ${size} bytes at`;
    if (region === undefined) {
      const code = address < NULL_LIMIT ? 'null_pointer' : 'outside_object';
      throw new Fault(code, `${what} 0x${address.toString(16)}, where there is no memory`);
    }
    const offset = Number(address - region.base);
    if (!region.live) {
      const where = `offset ${offset} of ${region.name}`;
      throw new Fault('ended_object', `${what} ${where}, which has ended`);
    }
    if (offset < 0 || offset + size > region.bytes.length) {
      const where = `offset ${offset} of ${region.name}, which has ${region.bytes.length} bytes`;
      throw new Fault('outside_object', `${what} ${where}`);
    }
    return { region, offset };
  }

  #readable(address: bigint, size: number): { region: Region; offset: number } {
    const place = this.#locate(address, size, 'read');
    const { region, offset } = place;
    if (this.#rules.initialised && region.written !== undefined) {
      const unwritten = region.written.subarray(offset, offset + size).indexOf(0);
      if (unwritten >= 0) {
        const where = `${region.name} at offset ${offset + unwritten}`;
        throw new Fault('uninitialised_stack', `read of ${where}, never written`);
      }
    }
    for (const field of region.pointers?.keys() ?? []) {
      if (offset < field + 4 && field < offset + size) {
        const what = `read of ${size} bytes at offset ${offset} of ${region.name}`;
        throw new Fault('context_field', `${what}, in a pointer`);
      }
    }
    return place;
  }

  #writable(address: bigint, size: number): { region: Region; offset: number } {
    const place = this.#locate(address, size, 'write');
    const { region, offset } = place;
    const allowed = region.writable?.some(([from, to]) => offset >= from && offset + size <= to);
    if (allowed === false && size > 0) {
      const what = `write of ${size} bytes at offset ${offset} of ${region.name}`;
      throw new Fault('read_only', `${what}, which is read-only there`);
    }
    return place;
  }

  #checkAlignment(address: bigint, size: number): void {
    const region = this.near(address);
    if (!this.#rules.aligned || region?.aligned !== true) return;
    const offset = Number(address - region.base);
    if (offset % size !== 0) {
      const what = `access of ${size} bytes at offset ${offset} of ${region.name}`;
      throw new Fault('misaligned', `${what}, which is not aligned`);
    }
  }

  /** An unsigned little-endian number of `size` bytes, with any alignment. */
  load(address: bigint, size: 1 | 2 | 4 | 8): bigint {
    this.#checkAlignment(address, size);
    if (size === 4) {
      const near = this.near(address);
      const pointer = near?.pointers?.get(Number(address - near.base));
      if (pointer !== undefined) return pointer;
    }
    const { region, offset } = this.#readable(address, size);
    switch (size) {
      case 1:
        return BigInt(region.view.getUint8(offset));
      case 2:
        return BigInt(region.view.getUint16(offset, true));
      case 4:
        return BigInt(region.view.getUint32(offset, true));
      case 8:
        return region.view.getBigUint64(offset, true);
    }
  }

  /** Stores the low `size` bytes of `value`. */
  store(address: bigint, size: 1 | 2 | 4 | 8, value: bigint): void {
    this.#checkAlignment(address, size);
    const { region, offset } = this.#writable(address, size);
    region.written?.fill(1, offset, offset + size);
    switch (size) {
      case 1:
        region.view.setUint8(offset, Number(value & 0xffn));
        break;
      case 2:
        region.view.setUint16(offset, Number(value & 0xffffn), true);
        break;
      case 4:
        region.view.setUint32(offset, Number(value & 0xffff_ffffn), true);
        break;
      case 8:
        region.view.setBigUint64(offset, value, true);
        break;
    }
  }

  /** A copy of `size` bytes at `address`. */
  read(address: bigint, size: number): Uint8Array {
    if (size === 0) return new Uint8Array(0);
    const { region, offset } = this.#readable(address, size);
    return region.bytes.slice(offset, offset + size);
  }

  write(address: bigint, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const { region, offset } = this.#writable(address, bytes.length);
    region.written?.fill(1, offset, offset + bytes.length);
    region.bytes.set(bytes, offset);
  }

  /** Writes `size` zeros. */
  clear(address: bigint, size: number): void {
    if (size === 0) return;
    const { region, offset } = this.#writable(address, size);
    region.written?.fill(1, offset, offset + size);
    region.bytes.fill(0, offset, offset + size);
  }

  /** Faults where a write of `size` bytes would; writes nothing. */
  checkWritable(address: bigint, size: number): void {
    if (size > 0) this.#writable(address, size);
  }

  /** From now on the bytes count as written, or as never written, whatever they hold. */
  markWritten(address: bigint, size: number, written: boolean): void {
    if (size === 0) return;
    const { region, offset } = this.#locate(address, size, 'write');
    region.written?.fill(written ? 1 : 0, offset, offset + size);
  }

  /** Ends a region for good and lets go of its bytes; its address is not used again. */
  drop(region: Region): void {
    region.live = false;
    const { name, base } = region;
    const bytes = new Uint8Array(0);
    const view = new DataView(bytes.buffer);
    this.#regions[Number(base >> SPACING) - 1] = { name, base, bytes, view, live: false };
  }

  /** Like `read`, but gives undefined where it would fault: what probe_read does. */
  peek(address: bigint, size: number): Uint8Array | undefined {
    try {
      return this.read(address, size);
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }
}
