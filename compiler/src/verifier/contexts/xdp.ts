import type { ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { packetField, WHOLE_OF_4 } from './fields.ts';

const loads = WHOLE_OF_4;

let made: ContextLayout | undefined;

/**
 * `struct xdp_md` of the UAPI, whole fields only; pointers are u32 fields there and real pointers in native
 * code. The kernel checks no range of XDP_* codes (an unknown one drops the packet), nor does this.
 */
export function xdp(): ContextLayout {
  made ??= {
    kind: 'xdp',
    name: 'struct xdp_md',
    size: 24,
    access: 'fields',
    fields: [
      packetField('data', 0, 'data', { yields: 'packet' }),
      packetField('data_end', 4, 'data_end', { yields: 'packet_end' }),
      packetField('data_meta', 8, 'data_meta', { yields: 'packet_meta' }),
      packetField('ingress_ifindex', 12, 'interface_index', { loads }),
      packetField('rx_queue_index', 16, 'receive_queue', { loads }),
      // The kernel gives this one only to programs that run behind a redirection (xdp/devmap).
      packetField('egress_ifindex', 20, 'egress_interface_index', { loads }),
    ],
    areas: [],
    helpers: allowedHelpers('xdp'),
    packet: 'write',
    legacyLoads: false,
    tailCalls: true,
    privateStack: false,
    spinLocks: true,
    timers: true,
    maySleep: false,
    memoryWithLength: false,
  };
  return made;
}
