import type { ProgramKind } from '../object/index.ts';
import { type AddressSpace, READ_ONLY, type Region } from './memory.ts';
import { Packet, type PacketFields } from './packet.ts';
import type { RunOptions } from './types.ts';

/** What the entry function gets in r1 and r2, and the regions behind it. */
export interface Start {
  readonly r1: bigint;
  /** Only raw programs have a second argument. */
  readonly r2?: bigint;
  /** The bytes that the caller gets back; those of the packet when there is one. */
  readonly memory?: Region;
  /** The packet of programs that have one. */
  readonly packet?: Packet;
  /** What ends with the run, besides the packet. */
  readonly regions: readonly Region[];
}

/** The context of a packet program, and what programs may write (UAPI). */
interface PacketLayout extends PacketFields {
  readonly size: number;
  readonly writable: readonly (readonly [from: number, to: number])[];
  readonly packetWritable: boolean;
}

const xdp: PacketLayout = {
  size: 24,
  data: 0,
  dataEnd: 4,
  dataMeta: 8,
  writable: READ_ONLY,
  packetWritable: true,
};

const CONTROL_BLOCK = [48, 68] as const;

const socketFilter: PacketLayout = {
  size: 192,
  data: 76,
  dataEnd: 80,
  dataMeta: 140,
  length: 0,
  writable: [CONTROL_BLOCK],
  packetWritable: false,
};

const trafficControl: PacketLayout = {
  ...socketFilter,
  // mark and queue_mapping, priority, tc_index with the control block, tc_classid
  writable: [
    [8, 16],
    [32, 36],
    [44, 68],
    [72, 76],
  ],
  packetWritable: true,
};

const layouts: Readonly<Partial<Record<ProgramKind, PacketLayout>>> = {
  xdp,
  socket_filter: socketFilter,
  tc: trafficControl,
};

/**
 * Contexts are at least this long, as those of the runner are, so that both see the same bytes; in
 * strict runs they are as long as they were given.
 */
const CONTEXT_SIZE = 512;

/** Lays the context of one run out in memory; the caller's bytes are copied. */
export function startContext(
  space: AddressSpace,
  kind: ProgramKind,
  options: RunOptions,
  strict: boolean,
): Start {
  if (kind === 'raw') {
    const given = Uint8Array.from(options.memory ?? []);
    const memory = space.add('memory', given);
    const empty = given.length === 0;
    return {
      r1: empty ? 0n : memory.base,
      r2: BigInt(given.length),
      memory,
      regions: [memory],
    };
  }
  const layout = layouts[kind];
  if (layout !== undefined) return startPacket(space, layout, options);
  const bytes = Uint8Array.from(options.context ?? options.memory ?? []);
  const size = strict ? bytes.length : Math.max(CONTEXT_SIZE, bytes.length);
  const padded = new Uint8Array(size);
  padded.set(bytes);
  const region = space.add('context', padded, { writable: READ_ONLY, aligned: true });
  return { r1: region.base, memory: region, regions: [region] };
}

function startPacket(space: AddressSpace, layout: PacketLayout, options: RunOptions): Start {
  const parts = {
    meta: options.metadata ?? new Uint8Array(0),
    data: options.memory ?? new Uint8Array(0),
  };
  const writable = layout.packetWritable ? {} : { writable: READ_ONLY };
  const packet = new Packet(space, layout, parts, writable);
  const context = new Uint8Array(layout.size);
  context.set(options.context?.subarray(0, layout.size) ?? []);
  if (layout.length !== undefined && options.context === undefined) {
    new DataView(context.buffer).setUint32(layout.length, parts.data.length, true);
  }
  const region = space.add('context', context, {
    writable: layout.writable,
    pointers: packet.pointers,
    aligned: true,
  });
  packet.attach(region);
  return { r1: region.base, packet, regions: [region] };
}
