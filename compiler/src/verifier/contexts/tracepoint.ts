import type { ContextLayout } from '../types.ts';

/** The record of a tracepoint: 8 bytes of header, then what its format says; read at any offset. */
export const tracepoint: ContextLayout = {
  kind: 'tracepoint',
  name: 'the record of the tracepoint',
  access: 'memory',
  fields: [],
};
