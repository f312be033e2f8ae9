import type { AccessSize } from '../../isa/index.ts';
import type { ContextField, ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { ANY_SIZE, packetField, WHOLE_OF_4 } from './fields.ts';

/** What socket filters and tc programs share of `struct __sk_buff`, less what they may write of it. */
function common(stores: readonly AccessSize[]): readonly ContextField[] {
  return [
    packetField('len', 0, 'length'),
    packetField('pkt_type', 4, 'packet_type'),
    packetField('mark', 8, 'mark', { stores }),
    packetField('queue_mapping', 12, 'queue_mapping', { stores }),
    packetField('protocol', 16, 'protocol'),
    packetField('vlan_present', 20, 'vlan_present'),
    packetField('vlan_tci', 24, 'vlan_tci'),
    packetField('vlan_proto', 28, 'vlan_protocol'),
    packetField('priority', 32, 'priority', { stores }),
    // No device below the one that received: both names mean the same here.
    packetField('ingress_ifindex', 36, 'interface_index'),
    packetField('ifindex', 40, 'interface_index'),
    packetField('tc_index', 44, 'traffic_class_index', { stores }),
    // An array of five: accesses of 8 bytes take two elements.
    packetField('cb', 48, 'control_block', { size: 20, loads: ANY_SIZE, stores: ANY_SIZE }),
    packetField('hash', 68, 'hash'),
    packetField('data', 76, 'data', { yields: 'packet' }),
    packetField('data_end', 80, 'data_end', { yields: 'packet_end' }),
  ];
}

/** Fields that only the kernel's network stack can fill in. */
const missing = [
  { name: 'napi_id', offset: 84, size: 4 },
  { name: 'family', offset: 88, size: 4 },
  { name: 'remote_ip4', offset: 92, size: 4 },
  { name: 'local_ip4', offset: 96, size: 4 },
  { name: 'remote_ip6', offset: 100, size: 16 },
  { name: 'local_ip6', offset: 116, size: 16 },
  { name: 'remote_port', offset: 132, size: 4 },
  { name: 'local_port', offset: 136, size: 4 },
  { name: 'data_meta', offset: 140, size: 4 },
  { name: 'flow_keys', offset: 144, size: 8 },
  { name: 'tstamp', offset: 152, size: 8 },
  { name: 'wire_len', offset: 160, size: 4 },
  { name: 'gso_segs', offset: 164, size: 4 },
  { name: 'sk', offset: 168, size: 8 },
  { name: 'gso_size', offset: 176, size: 4 },
  { name: 'tstamp_type', offset: 180, size: 1 },
  { name: 'hwtstamp', offset: 184, size: 8 },
];

const layout = {
  name: 'struct __sk_buff',
  size: 192,
  access: 'fields',
  areas: [],
  legacyLoads: true,
  tailCalls: true,
  privateStack: false,
  maySleep: false,
  memoryWithLength: false,
} as const;

let filter: ContextLayout | undefined;
let control: ContextLayout | undefined;

/**
 * `struct __sk_buff` for socket filters. The kernel shows them the packet through LD_ABS and helpers only;
 * here it is also readable through `data` and `data_end`, which lie in the process anyway.
 */
export function socketFilter(): ContextLayout {
  filter ??= {
    ...layout,
    kind: 'socket_filter',
    fields: common([]),
    missing: [...missing, { name: 'tc_classid', offset: 72, size: 4 }],
    helpers: allowedHelpers('socket_filter'),
    packet: 'read',
    spinLocks: false,
    timers: true,
  };
  return filter;
}

/** `struct __sk_buff` for traffic control. */
export function trafficControl(): ContextLayout {
  control ??= {
    ...layout,
    kind: 'tc',
    fields: [
      ...common(WHOLE_OF_4),
      packetField('tc_classid', 72, 'traffic_class_classid', { stores: WHOLE_OF_4 }),
      packetField('data_meta', 140, 'data_meta', { yields: 'packet_meta' }),
    ],
    missing,
    helpers: allowedHelpers('tc'),
    packet: 'write',
    spinLocks: true,
    timers: true,
  };
  return control;
}
