import type { ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { ANY_SIZE, plainField } from './fields.ts';
import { kprobe } from './kprobe.ts';
import { PROBE_WRITE_USER, TRACING_RULES } from './tracing.ts';

/**
 * `struct bpf_perf_event_data`: the registers (user_pt_regs starts like pt_regs), then two numbers. The
 * kernel copies registers as whole words only, so nothing else can be read of them.
 */
export function perfEvent(ptRegs: string | undefined): ContextLayout {
  const registers = kprobe(ptRegs);
  const { size, areasHelp } = registers;
  const [known] = registers.areas;
  const rest = {
    kind: 'perf_event',
    name: 'struct bpf_perf_event_data',
    access: 'memory',
    helpers: allowedHelpers('perf_event', [PROBE_WRITE_USER]),
    ...TRACING_RULES,
  } as const;
  const areas = [{ start: 0, end: size ?? known!.end, loads: [8] as const }];
  if (size === undefined) {
    return { ...rest, fields: [], areas, ...(areasHelp !== undefined && { areasHelp }) };
  }
  // riscv64's user registers and x86-64's are as large as pt_regs, arm64's too (its pt_regs here is
  // the user part).
  return {
    ...rest,
    size: size + 16,
    fields: [
      ...registers.fields,
      plainField('sample_period', size, 8),
      plainField('addr', size + 8, 8),
    ],
    areas: [
      ...areas,
      { start: size, end: size + 8, loads: ANY_SIZE },
      { start: size + 8, end: size + 16, loads: ANY_SIZE },
    ],
  };
}
