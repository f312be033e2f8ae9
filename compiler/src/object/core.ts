import {
  type Btf,
  type BtfExt,
  type CoreRelocation,
  essentialName,
  patchCoreInstruction,
  resolveCoreRelocation,
} from '../btf/index.ts';
import { SLOT_SIZE } from '../isa/index.ts';

/**
 * Contexts that the runtime makes itself: their layout is that of the UAPI headers, which compilers
 * saw as well, whatever a target kernel has under the same names.
 */
const CONTEXT_TYPES = new Set([
  ...['__sk_buff', 'xdp_md', 'bpf_perf_event_data', 'bpf_raw_tracepoint_args'],
]);

/** Records of tracepoints hardly change: without a target's BTF the object's own must do. */
function isTracepointRecord(name: string): boolean {
  return name.startsWith('trace_event_raw_') || name.startsWith('syscall_trace_');
}

/** The BTF that answers for a relocation. */
function answering(
  local: Btf,
  target: Btf | undefined,
  relocation: CoreRelocation,
): Btf | undefined {
  const name = essentialName(local.name(relocation.type));
  if (CONTEXT_TYPES.has(name)) return local;
  return target ?? (isTracepointRecord(name) ? local : undefined);
}

/** Everything that CO-RE relocations of a section need. */
export interface CoreInput {
  readonly btf: Btf;
  readonly btfExt: BtfExt;
  readonly targetBtf: Btf | undefined;
}

/**
 * Applies the CO-RE relocations of a section to a copy of its code. Returns the reasons of the
 * instructions that may not be reached, by slot. `guard` runs each relocation and may say more about
 * where a failure is.
 */
export function applyCoreRelocations(
  code: Uint8Array,
  section: string,
  input: CoreInput,
  guard: (offset: number, apply: () => void) => void,
): Map<number, string> {
  const poison = new Map<number, string>();
  for (const relocation of input.btfExt.coreRelocations.get(section) ?? []) {
    guard(relocation.offset, () => {
      const reason = applyOne(code, relocation, input);
      if (reason !== undefined) poison.set(relocation.offset / SLOT_SIZE, reason);
    });
  }
  return poison;
}

function applyOne(
  code: Uint8Array,
  relocation: CoreRelocation,
  { btf, targetBtf }: CoreInput,
): string | undefined {
  const resolution = resolveCoreRelocation(btf, answering(btf, targetBtf, relocation), relocation);
  if (resolution.kind === 'needs_target') {
    return `${resolution.reason}, whose types are not known: name its BTF with --btf`;
  }
  // Two slots, in case it is a 64-bit constant; the patch says how many bytes it changed.
  const instruction = code.subarray(relocation.offset, relocation.offset + 2 * SLOT_SIZE);
  const patch = patchCoreInstruction(instruction, resolution, btf, relocation);
  if (patch.kind === 'poison') return patch.reason;
  code.set(patch.bytes, relocation.offset);
  return undefined;
}
