import { findTarget } from '../../target/index.ts';
import type { ContextLayout } from '../types.ts';
import { plainField } from './fields.ts';

/**
 * `struct pt_regs` of the CPU that the bytecode was compiled for. Without BTF nobody knows which CPU
 * that was: the context is then plain memory without names.
 */
export function kprobe(ptRegs: string | undefined): ContextLayout {
  const layout = ptRegs === undefined ? undefined : findTarget(ptRegs).ptRegs;
  return {
    kind: 'kprobe',
    name: 'struct pt_regs',
    access: 'memory',
    ...(layout !== undefined && { size: layout.size }),
    fields: (layout?.fields ?? []).map((field) => plainField(field.name, field.offset, field.size)),
  };
}
