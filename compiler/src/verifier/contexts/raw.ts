import type { ContextLayout } from '../types.ts';
import { everyHelper } from './allowed.ts';

let made: ContextLayout | undefined;

/**
 * Programs of embedded users: r1 is the address of memory that can be read and written, r2 its length in
 * bytes. There is no context. When the length is 0 the address may be anything.
 *
 * What counts as proof that an access is inside (the attribute `memoryWithLength`): at entry r1 is a pointer
 * to a packet with nothing of it proved, and r2 is a number from 0 to 2^31 - 1, tied to that memory: it and
 * its copies are "the length". Two kinds of comparison prove something:
 *
 * - the length with a number: where r2 is known to be at least n, bytes [0, n) from r1 may be accessed
 *   (`if (length < 14) return`); n is the unsigned minimum that all comparisons so far leave to the length.
 *   As with packets, a proof serves pointers with the same variable part only: here those without one.
 * - addresses: r1 + r2, for r1 itself or any copy and the length itself, is the end of the packet, so that
 *   `if (memory + 14 > memory + length) return` and loops that run a pointer up to the end are proved as
 *   the packet rules prove them, variable offsets included.
 *
 * Sound because the caller answers for r1 and r2: [r1, r1 + r2) is memory and does not wrap around.
 * Every helper that the runtime or an extern supplies may be called; there is no context for those that
 * want one.
 */
export function raw(): ContextLayout {
  made ??= {
    kind: 'raw',
    name: 'memory',
    size: 0,
    access: 'memory',
    fields: [],
    areas: [],
    helpers: everyHelper(),
    packet: 'write',
    legacyLoads: false,
    tailCalls: false,
    privateStack: false,
    spinLocks: true,
    timers: true,
    maySleep: false,
    memoryWithLength: true,
  };
  return made;
}
