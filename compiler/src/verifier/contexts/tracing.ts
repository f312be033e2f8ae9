/** What programs that watch have in common: probes, tracepoints, samples. They see no packet. */
import { HELPER } from '../helper-numbers.ts';
import type { ProgramRules } from '../types.ts';

/**
 * probe_write_user, which the kernel has too but hides behind lockdown. A program changes nothing of its own
 * process that the process could not.
 */
export const PROBE_WRITE_USER = HELPER.probe_write_user;

/** Rules of programs that watch. */
export const TRACING_RULES = {
  packet: 'none',
  legacyLoads: false,
  tailCalls: true,
  privateStack: true,
  // They interrupt anything, also a program that holds the lock.
  spinLocks: false,
  timers: false,
  maySleep: false,
  memoryWithLength: false,
} as const satisfies Omit<ProgramRules, 'helpers'>;
