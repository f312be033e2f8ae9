import type { ContextLayout } from '../types.ts';

/** Programs of embedded users: r1 is memory of r2 bytes, 0 when there are none; no context at all. */
export const raw: ContextLayout = {
  kind: 'raw',
  name: 'memory',
  size: 0,
  access: 'memory',
  fields: [],
};
