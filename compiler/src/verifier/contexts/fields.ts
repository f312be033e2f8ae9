import type { AccessSize } from '../../isa/index.ts';
import type { ContextField } from '../types.ts';

/** Members of `struct bpftime_packet` (object.h): offset and size in native code. */
const PACKET_MEMBERS = {
  data: [0, 8],
  data_end: [8, 8],
  data_meta: [16, 8],
  length: [24, 4],
  interface_index: [28, 4],
  receive_queue: [32, 4],
  protocol: [36, 4],
  mark: [40, 4],
  priority: [44, 4],
  hash: [48, 4],
  egress_interface_index: [52, 4],
  control_block: [56, 20],
  packet_type: [76, 4],
  queue_mapping: [80, 4],
  vlan_present: [84, 4],
  vlan_tci: [88, 4],
  vlan_protocol: [92, 4],
  traffic_class_index: [96, 4],
  traffic_class_classid: [100, 4],
} as const satisfies Record<string, readonly [number, number]>;

type PacketMember = keyof typeof PACKET_MEMBERS;

/** Every size of access. */
export const ANY_SIZE: readonly AccessSize[] = [1, 2, 4, 8];
/** A 4-byte field and every part of it. */
const PARTS_OF_4: readonly AccessSize[] = [1, 2, 4];
/** A 4-byte field that only makes sense as a whole. */
export const WHOLE_OF_4: readonly AccessSize[] = [4];

interface PacketFieldOptions {
  readonly yields?: ContextField['yields'];
  /** 4 unless told. */
  readonly size?: number;
  /** `PARTS_OF_4` unless told. */
  readonly loads?: readonly AccessSize[];
  /** None unless told: the field is then read-only. */
  readonly stores?: readonly AccessSize[];
}

/** A field of a packet context that native code finds in a member of `struct bpftime_packet`. */
export function packetField(
  name: string,
  offset: number,
  member: PacketMember,
  options: PacketFieldOptions = {},
): ContextField {
  const [start, size] = PACKET_MEMBERS[member];
  const yields = options.yields ?? 'scalar';
  const stores = options.stores ?? [];
  return {
    name,
    offset,
    size: options.size ?? 4,
    yields,
    writable: stores.length > 0,
    loads: options.loads ?? (yields === 'scalar' ? PARTS_OF_4 : WHOLE_OF_4),
    stores,
    native: { member, offset: start, size },
  };
}

/** Names for parts of a context that native code sees unchanged. */
export function plainField(name: string, offset: number, size: number): ContextField {
  return { name, offset, size, yields: 'scalar', writable: false };
}
