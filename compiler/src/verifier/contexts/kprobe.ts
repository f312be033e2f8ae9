import type { BpfProgram } from '../../object/index.ts';
import { findTarget, targets } from '../../target/index.ts';
import { HELPER } from '../helper-numbers.ts';
import type { ContextLayout } from '../types.ts';
import { allowedHelpers } from './allowed.ts';
import { ANY_SIZE, plainField } from './fields.ts';
import { PROBE_WRITE_USER, TRACING_RULES } from './tracing.ts';

/**
 * uprobe, uretprobe, USDT, kprobe: `struct pt_regs` of the CPU that the bytecode was compiled for, any
 * aligned part of it. Without BTF nobody knows which CPU that was (clang leaves out types that are only
 * cast to): the context is then memory without names as large as the largest, and lowering, which takes the
 * layout as the target's, compares with the target's size.
 */
export function kprobe(ptRegs: string | undefined): ContextLayout {
  const layout = ptRegs === undefined ? undefined : findTarget(ptRegs).ptRegs;
  return {
    kind: 'kprobe',
    name: 'struct pt_regs',
    access: 'memory',
    ...(layout !== undefined && { size: layout.size }),
    fields: (layout?.fields ?? []).map((field) => plainField(field.name, field.offset, field.size)),
    areas: [{ start: 0, end: layout?.size ?? largest(), loads: ANY_SIZE }],
    ...(layout === undefined && {
      areasHelp:
        'the object does not say which CPU it was compiled for, but none has that many bytes of registers',
    }),
    // The kernel has override_return too, as a build option.
    helpers: allowedHelpers('kprobe', [PROBE_WRITE_USER, HELPER.override_return]),
    ...TRACING_RULES,
    maySleep: true,
  };
}

function largest(): number {
  return Math.max(...targets().map(({ ptRegs }) => ptRegs.size));
}

/** Programs that run on entry and on return: what the entry returns, 0 or 1, decides about the return. */
export function probeOf(program: BpfProgram, ptRegs: string | undefined): ContextLayout {
  const layout = kprobe(ptRegs);
  return program.attach.type.endsWith('.session')
    ? { ...layout, returns: { minimum: 0, maximum: 1 } }
    : layout;
}
