import type { ContextLayout } from '../types.ts';
import { packetField } from './fields.ts';

/** `struct xdp_md` of the UAPI; pointers are u32 fields there and real pointers in native code. */
export const xdp: ContextLayout = {
  kind: 'xdp',
  name: 'struct xdp_md',
  size: 24,
  access: 'fields',
  fields: [
    packetField('data', 0, 'data', { yields: 'packet' }),
    packetField('data_end', 4, 'data_end', { yields: 'packet_end' }),
    packetField('data_meta', 8, 'data_meta', { yields: 'packet_meta' }),
    packetField('ingress_ifindex', 12, 'interface_index'),
    packetField('rx_queue_index', 16, 'receive_queue'),
    packetField('egress_ifindex', 20, 'egress_interface_index'),
  ],
};
