/** One file a kind of program; a new kind is a new file and a line here. */
import type { ProgramKind } from '../../object/index.ts';
import type { ContextField, ContextLayout } from '../types.ts';
import { kprobe } from './kprobe.ts';
import { perfEvent } from './perf-event.ts';
import { raw } from './raw.ts';
import { rawTracepoint } from './raw-tracepoint.ts';
import { socketFilter, trafficControl } from './skb.ts';
import { tracepoint } from './tracepoint.ts';
import { xdp } from './xdp.ts';

type Make = (ptRegs: string | undefined) => ContextLayout;

const LAYOUTS: Readonly<Record<Exclude<ProgramKind, 'other'>, Make>> = {
  kprobe,
  perf_event: perfEvent,
  raw: () => raw,
  raw_tracepoint: () => rawTracepoint,
  socket_filter: () => socketFilter,
  tc: () => trafficControl,
  tracepoint: () => tracepoint,
  xdp: () => xdp,
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
    layout = LAYOUTS[kind](ptRegs);
    made.set(key, layout);
  }
  return layout;
}

/** The field that holds all of the bytes [offset, offset + size), if one does. */
export function fieldAt(
  layout: ContextLayout,
  offset: number,
  size: number,
): ContextField | undefined {
  return layout.fields.find(
    (field) => offset >= field.offset && offset + size <= field.offset + field.size,
  );
}
