import type { BpfMap } from '../object/index.ts';
import * as errno from './errno.ts';
import { InterpMap } from './maps.ts';
import type { AddressSpace, Region } from './memory.ts';

const HEADER_SIZE = 8;
const RECORD_LIMIT = 0x3fff_ffff;
const BPF_RB_NO_WAKEUP = 1n;
const BPF_RB_FORCE_WAKEUP = 2n;

const BPF_RB_AVAIL_DATA = 0n;
const BPF_RB_RING_SIZE = 1n;
const BPF_RB_CONS_POS = 2n;
const BPF_RB_PROD_POS = 3n;

/** Nobody consumes during a run: a ring buffer only fills up. */
export class RingBuffer extends InterpMap {
  readonly #space: AddressSpace;
  /** In order of reservation. */
  readonly #records = new Map<Region, 'busy' | 'submitted' | 'discarded'>();
  #produced = 0;

  constructor(definition: BpfMap, space: AddressSpace) {
    super(definition, space);
    this.#space = space;
  }

  /** Space for a record, or undefined when there is none. */
  reserve(size: number): Region | undefined {
    const length = Math.ceil((size + HEADER_SIZE) / 8) * 8;
    if (size > RECORD_LIMIT || this.#produced + length > this.definition.maxEntries - 1) {
      return undefined;
    }
    this.#produced += length;
    const name = `record ${this.#records.size} of ${this.definition.name}`;
    const region = this.#space.add(name, new Uint8Array(size));
    this.#records.set(region, 'busy');
    return region;
  }

  /** Whether the record at `address` was this buffer's and still busy. */
  release(region: Region, state: 'submitted' | 'discarded'): boolean {
    if (this.#records.get(region) !== 'busy') return false;
    this.#records.set(region, state);
    region.live = false;
    return true;
  }

  output(data: Uint8Array, flags: bigint): bigint {
    if ((flags & ~(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)) !== 0n) return errno.EINVAL;
    const region = this.reserve(data.length);
    if (region === undefined) return errno.EAGAIN;
    region.bytes.set(data);
    this.release(region, 'submitted');
    return 0n;
  }

  query(flags: bigint): bigint {
    switch (flags) {
      case BPF_RB_AVAIL_DATA:
      case BPF_RB_PROD_POS:
        return BigInt(this.#produced);
      case BPF_RB_RING_SIZE:
        return BigInt(this.definition.maxEntries);
      case BPF_RB_CONS_POS:
        return 0n;
      default:
        return 0n;
    }
  }

  /** Records that a consumer would see: submitted ones, up to the first that is still busy. */
  records(): readonly Uint8Array[] {
    const visible: Uint8Array[] = [];
    for (const [region, state] of this.#records) {
      if (state === 'busy') break;
      if (state === 'submitted') visible.push(region.bytes);
    }
    return visible;
  }
}

/** Most bytes of the packet that can go along with an event. */
const SHARE_LIMIT = 0xf_ffffn;

/** Perf event arrays: what was sent, for the one CPU there is. */
export class EventArray extends InterpMap {
  readonly #records: Uint8Array[] = [];

  /** `packet`: what the upper half of the flags takes its share from, if the program has one. */
  output(data: Uint8Array, flags: bigint, cpu: number, packet: Uint8Array | undefined): bigint {
    const index = flags & 0xffff_ffffn;
    const share = flags >> 32n;
    if (share !== 0n && (packet === undefined || share > SHARE_LIMIT)) return errno.EINVAL;
    if (share > BigInt(packet?.length ?? 0)) return errno.EFAULT;
    if (index !== 0xffff_ffffn && index >= BigInt(this.definition.maxEntries)) return errno.E2BIG;
    // An event belongs to the CPU that it was opened for.
    if (index !== 0xffff_ffffn && index !== BigInt(cpu)) return errno.ENOENT;
    const taken = packet?.subarray(0, Number(share)) ?? [];
    this.#records.push(Uint8Array.from([...data, ...taken]));
    return 0n;
  }

  records(): readonly Uint8Array[] {
    return this.#records;
  }
}
