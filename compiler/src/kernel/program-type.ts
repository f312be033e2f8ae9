import type { BpfProgram, ProgramKind } from '../object/index.ts';

/** What BPF_PROG_LOAD wants to know of a program besides its code. */
export interface ProgramType {
  readonly type: number;
  readonly expectedAttachType: number;
  readonly flags: number;
}

/** BPF_PROG_TYPE_*. */
const TYPES: Readonly<Partial<Record<ProgramKind, number>>> = {
  ...{ socket_filter: 1, kprobe: 2, tc: 3, tracepoint: 5, xdp: 6, perf_event: 7 },
  raw_tracepoint: 17,
};
const TYPE_ACTION = 4;
const TYPE_RAW_TRACEPOINT_WRITABLE = 24;

/** BPF_* attach types that change what the verifier allows, by the type that SEC() names. */
const ATTACH_TYPES: Readonly<Record<string, number>> = {
  ...{ xdp: 37, 'xdp.frags': 37 },
  ...{ 'xdp/devmap': 33, 'xdp.frags/devmap': 33, 'xdp/cpumap': 35, 'xdp.frags/cpumap': 35 },
  ...{ 'kprobe.multi': 42, 'kretprobe.multi': 42, 'kprobe.session': 56 },
  ...{ 'uprobe.multi': 48, 'uretprobe.multi': 48, 'uprobe.session': 57 },
  ...{ 'tcx/ingress': 46, 'tcx/egress': 47, 'netkit/primary': 54, 'netkit/peer': 55 },
};

const FLAG_SLEEPABLE = 1 << 4;
const FLAG_XDP_FRAGMENTS = 1 << 5;

/**
 * How to load a program; a string says why the kernel cannot be asked. With `kind` the program is
 * taken for one of that kind, however it is attached.
 */
export function programType(program: BpfProgram, kind?: ProgramKind): ProgramType | string {
  const asked = kind ?? program.kind;
  const type = TYPES[asked];
  if (type === undefined) {
    return asked === 'raw'
      ? 'the kernel has no programs that get memory and its length (SEC("raw"))'
      : `programs of type ${program.attach.type} are not asked about`;
  }
  if (kind !== undefined && kind !== program.kind) return { type, expectedAttachType: 0, flags: 0 };
  const { type: attach, sleepable } = program.attach;
  const plain = attach.endsWith('.s') ? attach.slice(0, -2) : attach;
  return {
    type: ownType(plain) ?? type,
    expectedAttachType: ATTACH_TYPES[plain] ?? 0,
    flags:
      (sleepable ? FLAG_SLEEPABLE : 0) | (plain.startsWith('xdp.frags') ? FLAG_XDP_FRAGMENTS : 0),
  };
}

/** The number of an attachment that is of another type than its kin. */
function ownType(attach: string): number | undefined {
  if (attach === 'action') return TYPE_ACTION;
  return attach === 'raw_tracepoint.w' || attach === 'raw_tp.w'
    ? TYPE_RAW_TRACEPOINT_WRITABLE
    : undefined;
}
