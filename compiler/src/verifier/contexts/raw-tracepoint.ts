import type { BpfProgram } from '../../object/index.ts';
import type { ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { ANY_SIZE, plainField } from './fields.ts';
import { PROBE_WRITE_USER, TRACING_RULES } from './tracing.ts';

/** Most arguments that an event has. */
const MAXIMUM_ARGUMENTS = 12;

let made: ContextLayout | undefined;

/**
 * `struct bpf_raw_tracepoint_args`: the arguments, 64 bits each, as many as the event has. All are
 * numbers: what an argument points to (sys_enter's registers) is read by bpf_probe_read.
 */
export function rawTracepoint(): ContextLayout {
  made ??= {
    kind: 'raw_tracepoint',
    name: 'struct bpf_raw_tracepoint_args',
    access: 'memory',
    fields: Array.from({ length: MAXIMUM_ARGUMENTS }, (_, index) =>
      plainField(`args[${index}]`, 8 * index, 8),
    ),
    areas: [{ start: 0, end: 8 * MAXIMUM_ARGUMENTS, loads: ANY_SIZE }],
    helpers: allowedHelpers('raw_tracepoint', [PROBE_WRITE_USER]),
    ...TRACING_RULES,
  };
  return made;
}

/** System calls: two arguments, the registers and the number (sys_enter) or the result (sys_exit). */
export function rawTracepointOf(program: BpfProgram): ContextLayout {
  const layout = rawTracepoint();
  const { target } = program.attach;
  if (target !== 'sys_enter' && target !== 'sys_exit') return layout;
  const size = 16;
  return {
    ...layout,
    size,
    fields: [
      plainField('args[0] (struct pt_regs *)', 0, 8),
      plainField(target === 'sys_enter' ? 'args[1] (number)' : 'args[1] (result)', 8, 8),
    ],
    areas: [{ start: 0, end: size, loads: ANY_SIZE }],
  };
}
