import { closest } from '../base/index.ts';
import { Failure, quote } from '../diag/index.ts';
import type { AttachTarget, ProgramKind } from './types.ts';

/** One line of the table of section names that libbpf knows. */
interface SectionDefinition {
  readonly type: string;
  readonly kind: ProgramKind;
  readonly sleepable: boolean;
}

/**
 * Section names by what a program's context is. A name is the type alone or the type, `/` and what
 * to attach to; `+s` marks names that also exist with `.s` (sleepable).
 */
const NAMES: readonly (readonly [ProgramKind, readonly string[]])[] = [
  [
    'kprobe',
    [
      ...['uprobe+s', 'uretprobe+s', 'uprobe.multi+s', 'uretprobe.multi+s', 'uprobe.session+s'],
      ...['kprobe', 'kretprobe', 'kprobe.multi', 'kretprobe.multi', 'kprobe.session'],
      ...['ksyscall', 'kretsyscall', 'usdt+s'],
    ],
  ],
  ['tracepoint', ['tracepoint', 'tp']],
  ['raw_tracepoint', ['raw_tracepoint', 'raw_tp', 'raw_tracepoint.w', 'raw_tp.w']],
  ['perf_event', ['perf_event']],
  ['xdp', ['xdp', 'xdp.frags', 'xdp/devmap', 'xdp.frags/devmap', 'xdp/cpumap', 'xdp.frags/cpumap']],
  ['socket_filter', ['socket']],
  [
    'tc',
    [
      ...['tc', 'tc/ingress', 'tc/egress', 'tcx/ingress', 'tcx/egress', 'classifier', 'action'],
      ...['netkit/primary', 'netkit/peer'],
    ],
  ],
  ['raw', ['raw']],
  [
    'other',
    [
      ...['tp_btf', 'fentry+s', 'fexit+s', 'fmod_ret+s', 'freplace', 'lsm+s', 'lsm_cgroup'],
      ...['iter+s', 'syscall', 'struct_ops+s', 'sk_reuseport/migrate', 'sk_reuseport'],
      ...['lwt_in', 'lwt_out', 'lwt_xmit', 'lwt_seg6local', 'sockops', 'sk_msg', 'sk_lookup'],
      ...['sk_skb', 'sk_skb/stream_parser', 'sk_skb/stream_verdict', 'sk_skb/verdict'],
      ...['lirc_mode2', 'flow_dissector', 'cgroup_skb/ingress', 'cgroup_skb/egress'],
      ...['cgroup/skb', 'cgroup/sock_create', 'cgroup/sock_release', 'cgroup/sock'],
      ...['cgroup/post_bind4', 'cgroup/post_bind6', 'cgroup/bind4', 'cgroup/bind6'],
      ...['cgroup/connect4', 'cgroup/connect6', 'cgroup/connect_unix'],
      ...['cgroup/sendmsg4', 'cgroup/sendmsg6', 'cgroup/sendmsg_unix'],
      ...['cgroup/recvmsg4', 'cgroup/recvmsg6', 'cgroup/recvmsg_unix'],
      ...['cgroup/getpeername4', 'cgroup/getpeername6', 'cgroup/getpeername_unix'],
      ...['cgroup/getsockname4', 'cgroup/getsockname6', 'cgroup/getsockname_unix'],
      ...['cgroup/sysctl', 'cgroup/getsockopt', 'cgroup/setsockopt', 'cgroup/dev'],
    ],
  ],
];

/** libbpf loads these as sleepable although nothing in their names says so. */
const ALWAYS_SLEEPABLE = new Set(['syscall', 'iter.s']);

function buildTable(): ReadonlyMap<string, SectionDefinition> {
  const table = new Map<string, SectionDefinition>();
  for (const [kind, names] of NAMES) {
    for (const name of names) {
      const type = name.replace('+s', '');
      table.set(type, { type, kind, sleepable: ALWAYS_SLEEPABLE.has(type) });
      if (type !== name) table.set(`${type}.s`, { type: `${type}.s`, kind, sleepable: true });
    }
  }
  return table;
}

const table = buildTable();

/** Packet programs of old sources carry any suffix: `xdp_pass`, `socket1`, `tc_ingress`. */
const SUFFIXED = /^(xdp|socket|tc|classifier|action|perf_event)(?=[_0-9])/;

/** What a program section's name says. */
export interface ProgramSection {
  readonly kind: ProgramKind;
  readonly attach: AttachTarget;
}

/** Whether a section of this name holds subprograms only. */
export function isTextSection(name: string): boolean {
  return name === '.text' || name.startsWith('.text.');
}

/** Splits a program section's name by libbpf's rules; undefined when nothing like it is known. */
export function parseProgramSection(section: string): ProgramSection | undefined {
  const optional = section.startsWith('?');
  const name = optional ? section.slice(1) : section;
  const found = definitionOf(name);
  if (found === undefined) return undefined;
  const { type, kind, sleepable } = found.definition;
  return { kind, attach: { section, type, target: found.target, optional, sleepable } };
}

function definitionOf(
  name: string,
): { readonly definition: SectionDefinition; readonly target: string } | undefined {
  const exact = table.get(name);
  if (exact !== undefined) return { definition: exact, target: '' };
  // The longest type wins: `tc/ingress/x` is `tc/ingress`, not `tc`.
  const first = name.indexOf('/');
  const second = first < 0 ? -1 : name.indexOf('/', first + 1);
  for (const end of [second, first]) {
    const definition = end < 0 ? undefined : table.get(name.slice(0, end));
    if (definition !== undefined) return { definition, target: name.slice(end + 1) };
  }
  const prefix = SUFFIXED.exec(name)?.[1];
  return prefix === undefined ? undefined : { definition: table.get(prefix)!, target: '' };
}

/** The diagnostic for a program in a section whose name means nothing. */
export function unknownProgramSection(section: string, program: string, file: string): Failure {
  const name = section.replace(/^\?/, '');
  const slash = name.indexOf('/');
  const near =
    closest(slash < 0 ? name : name.slice(0, slash), table.keys()) ?? closest(name, table.keys());
  const rest = slash < 0 || near?.includes('/') ? '' : name.slice(slash);
  return new Failure({
    code: 'BPF-O020',
    message: `the program ${quote(program)} is in section ${quote(section)}, which names no kind of program`,
    place: { file, section },
    help:
      near === undefined
        ? 'name what it attaches to, such as SEC("uprobe/PATH:FUNCTION"), or SEC("raw") for code called with memory and its size'
        : `did you mean SEC("${near}${rest}")?`,
  });
}
