/**
 * Types of programs: one file each; a new one is a new file and a line here. A layout says what the context
 * is, how each part of it may be accessed, which helpers may be called and what may be returned.
 */
import type { BpfProgram, ProgramKind } from '../../object/index.ts';
import type { ContextLayout } from '../types.ts';
import { withSleeping } from './allowed.ts';
import { kprobe, probeOf } from './kprobe.ts';
import { perfEvent } from './perf-event.ts';
import { raw } from './raw.ts';
import { rawTracepoint, rawTracepointOf } from './raw-tracepoint.ts';
import { socketFilter, trafficControl } from './skb.ts';
import { tracepoint, tracepointOf } from './tracepoint.ts';
import { xdp } from './xdp.ts';

export { type ContextRefusal, contextAccess, fieldAt } from './access.ts';

interface ProgramType {
  /** What all programs of the type have in common. */
  readonly layout: (ptRegs: string | undefined) => ContextLayout;
  /** What is known beyond that from where one program is attached. */
  readonly of?: (program: BpfProgram, ptRegs: string | undefined) => ContextLayout;
}

const TYPES: Readonly<Record<Exclude<ProgramKind, 'other'>, ProgramType>> = {
  kprobe: { layout: kprobe, of: probeOf },
  perf_event: { layout: perfEvent },
  raw: { layout: raw },
  raw_tracepoint: { layout: rawTracepoint, of: rawTracepointOf },
  socket_filter: { layout: socketFilter },
  tc: { layout: trafficControl },
  tracepoint: { layout: tracepoint, of: tracepointOf },
  xdp: { layout: xdp },
};

const made = new Map<string, ContextLayout>();

/**
 * The context of a kind of program; undefined for kinds that are not supported. `ptRegs` names the CPU
 * whose register layout the bytecode was compiled for.
 */
export function contextLayout(kind: ProgramKind, ptRegs?: string): ContextLayout | undefined {
  if (kind === 'other') return undefined;
  const key = `${kind} ${ptRegs ?? ''}`;
  let layout = made.get(key);
  if (layout === undefined) {
    layout = TYPES[kind].layout(ptRegs);
    made.set(key, layout);
  }
  return layout;
}

/**
 * The context of one program, with all that its section name tells: records of system calls, what
 * sessions return, helpers that sleep. Undefined for kinds that are not supported.
 */
export function programContext(program: BpfProgram, ptRegs?: string): ContextLayout | undefined {
  const { kind, attach } = program;
  if (kind === 'other') return undefined;
  const layout = TYPES[kind].of?.(program, ptRegs) ?? contextLayout(kind, ptRegs)!;
  return attach.sleepable && layout.maySleep
    ? { ...layout, helpers: withSleeping(layout.helpers) }
    : layout;
}
