import type { ContextField, ContextLayout } from '../types.ts';
import { packetField } from './fields.ts';

const writable = true;

/** What socket filters and tc programs share of `struct __sk_buff`; the rest has no counterpart. */
const common: readonly ContextField[] = [
  packetField('len', 0, 'length'),
  packetField('pkt_type', 4, 'packet_type'),
  packetField('mark', 8, 'mark', { writable }),
  packetField('queue_mapping', 12, 'queue_mapping', { writable }),
  packetField('protocol', 16, 'protocol'),
  packetField('vlan_present', 20, 'vlan_present'),
  packetField('vlan_tci', 24, 'vlan_tci'),
  packetField('vlan_proto', 28, 'vlan_protocol'),
  packetField('priority', 32, 'priority', { writable }),
  // No device below the one that received: both names mean the same here.
  packetField('ingress_ifindex', 36, 'interface_index'),
  packetField('ifindex', 40, 'interface_index'),
  packetField('tc_index', 44, 'traffic_class_index', { writable }),
  ...[0, 1, 2, 3, 4].map((element) =>
    packetField(`cb[${element}]`, 48 + 4 * element, 'control_block', { writable, element }),
  ),
  packetField('hash', 68, 'hash'),
  packetField('tc_classid', 72, 'traffic_class_classid', { writable }),
  packetField('data', 76, 'data', { yields: 'packet' }),
  packetField('data_end', 80, 'data_end', { yields: 'packet_end' }),
];

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

const dataMeta = packetField('data_meta', 140, 'data_meta', { yields: 'packet_meta' });

/** `struct __sk_buff` for socket filters. */
export const socketFilter: ContextLayout = {
  kind: 'socket_filter',
  name: 'struct __sk_buff',
  size: 192,
  access: 'fields',
  fields: common,
  missing,
};

/** `struct __sk_buff` for traffic control. */
export const trafficControl: ContextLayout = {
  kind: 'tc',
  name: 'struct __sk_buff',
  size: 192,
  access: 'fields',
  fields: [...common, dataMeta],
  missing,
};
