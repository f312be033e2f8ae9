import type { ContextLayout } from '../types.ts';
import { plainField } from './fields.ts';
import { kprobe } from './kprobe.ts';

/** `struct bpf_perf_event_data`: the registers (user_pt_regs starts like pt_regs), then two numbers. */
export function perfEvent(ptRegs: string | undefined): ContextLayout {
  const registers = kprobe(ptRegs);
  if (registers.size === undefined) {
    return { kind: 'perf_event', name: 'struct bpf_perf_event_data', access: 'memory', fields: [] };
  }
  // riscv64's user registers and x86-64's are as large as pt_regs, arm64's too (its pt_regs here is
  // the user part).
  const size = registers.size;
  return {
    kind: 'perf_event',
    name: 'struct bpf_perf_event_data',
    access: 'memory',
    size: size + 16,
    fields: [
      ...registers.fields,
      plainField('sample_period', size, 8),
      plainField('addr', size + 8, 8),
    ],
  };
}
