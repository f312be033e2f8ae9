import type { ProgramKind } from '../object/index.ts';
import { type AddressSpace, READ_ONLY, type Region } from './memory.ts';
import type { RunOptions } from './types.ts';

/** What the entry function gets in r1 and r2, and the regions behind it. */
export interface Start {
  readonly r1: bigint;
  /** Only raw programs have a second argument. */
  readonly r2?: bigint;
  /** The bytes that the caller gets back. */
  readonly memory: Region;
  /** The packet of programs that have one. */
  readonly packet?: Region;
  readonly regions: readonly Region[];
}

/** Where the context of a packet program has its addresses, and what programs may write (UAPI). */
interface PacketLayout {
  readonly size: number;
  readonly data: number;
  readonly dataEnd: number;
  readonly dataMeta: number;
  readonly length?: number;
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

/** Contexts are at least this long, as those of the runner are, so that both see the same bytes. */
const CONTEXT_SIZE = 512;

/** Lays the context of one run out in memory; the caller's bytes are copied. */
export function startContext(space: AddressSpace, kind: ProgramKind, options: RunOptions): Start {
  const given = Uint8Array.from(options.memory ?? []);
  if (kind === 'raw') {
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
  if (layout !== undefined) return startPacket(space, layout, given, options.context);
  const bytes = Uint8Array.from(options.context ?? given);
  const padded = new Uint8Array(Math.max(CONTEXT_SIZE, bytes.length));
  padded.set(bytes);
  const region = space.add('context', padded, { writable: READ_ONLY });
  return { r1: region.base, memory: region, regions: [region] };
}

function startPacket(
  space: AddressSpace,
  layout: PacketLayout,
  bytes: Uint8Array,
  fields: Uint8Array | undefined,
): Start {
  const packet = space.add('packet', bytes, layout.packetWritable ? {} : { writable: READ_ONLY });
  const context = new Uint8Array(layout.size);
  context.set(fields?.subarray(0, layout.size) ?? []);
  if (layout.length !== undefined && fields === undefined) {
    new DataView(context.buffer).setUint32(layout.length, bytes.length, true);
  }
  const region = space.add('context', context, {
    writable: layout.writable,
    pointers: new Map([
      [layout.data, packet.base],
      [layout.dataEnd, packet.base + BigInt(bytes.length)],
      [layout.dataMeta, packet.base],
    ]),
  });
  return { r1: region.base, memory: packet, packet, regions: [packet, region] };
}
