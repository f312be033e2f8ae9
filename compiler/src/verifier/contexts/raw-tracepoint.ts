import type { ContextLayout } from '../types.ts';
import { plainField } from './fields.ts';

/** `struct bpf_raw_tracepoint_args`: the arguments, 64 bits each, as many as the event has. */
export const rawTracepoint: ContextLayout = {
  kind: 'raw_tracepoint',
  name: 'struct bpf_raw_tracepoint_args',
  access: 'memory',
  fields: Array.from({ length: 12 }, (_, index) => plainField(`args[${index}]`, 8 * index, 8)),
};
