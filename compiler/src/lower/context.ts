import { type PtRegsField, type PtRegsRole, ptRegsFieldAt, type Target } from '../target/index.ts';
import { contextLayout } from '../verifier/index.ts';
import type { ContextPointer, FunctionState } from './state.ts';

/** Where a context access goes in native code: an offset from the same base register. */
export interface ContextAccess {
  /** `pointer`: the field is a native pointer, 8 bytes wide there. */
  readonly kind: 'memory' | 'pointer';
  readonly offset: number;
}

type PacketKind = 'xdp' | 'socket_filter' | 'tc';

/**
 * Translates an access through a context pointer from the layout that the bytecode was compiled for to
 * the one that native code gets. Undefined when the base is no context or the layouts are the same.
 */
export function contextAccess(
  state: FunctionState,
  base: number,
  offset: number,
  size: number,
  how: 'load' | 'store',
): ContextAccess | undefined {
  const type = state.contextType(base);
  if (type === undefined) return undefined;
  const layout = contextLayout(type.region.program, state.module.ptRegsSource?.name);
  if (layout?.access === 'fields') return fieldAccess(state, type, layout.name, offset, size, how);
  const name = layout?.name ?? '';
  if (!translates(state, type)) checkInsideNative(state, type, offset, size, name);
  return { kind: 'memory', offset: registerOffset(state, type, offset, size, name) };
}

function fieldAccess(
  state: FunctionState,
  type: ContextPointer,
  name: string,
  offset: number,
  size: number,
  how: 'load' | 'store',
): ContextAccess {
  if (type.minimum === undefined || type.minimum !== type.maximum) {
    throw state.failure('BPF-L020', `${name} is accessed at an offset that varies`);
  }
  const start = type.minimum + offset;
  const field = state.facts.access(state.index)?.field;
  if (field?.native === undefined || start < field.offset) {
    throw state.failure(
      'BPF-L021',
      `${name} has no field of ${size} bytes at offset ${start} outside the kernel`,
    );
  }
  if (how === 'store' && !field.writable) {
    throw state.failure('BPF-L022', `field ${field.name} of ${name} is read-only`);
  }
  // The base register still holds the context's address plus `minimum`.
  if (field.yields === 'scalar') {
    return { kind: 'memory', offset: field.native.offset + (start - field.offset) - type.minimum };
  }
  if (start !== field.offset || size !== field.size) {
    throw state.failure('BPF-L023', `field ${field.name} of ${name} is a pointer: load all of it`);
  }
  return { kind: 'pointer', offset: field.native.offset - type.minimum };
}

/** Offset in native code of a pointer that a packet context holds. */
export function packetMember(
  state: FunctionState,
  kind: PacketKind,
  member: 'data' | 'data_end',
): number {
  const field = contextLayout(kind)?.fields.find((candidate) => candidate.name === member);
  if (field?.native === undefined) {
    throw state.failure('BPF-L021', `the context has no field ${member} outside the kernel`);
  }
  return field.native.offset;
}

/** True when register contexts must be translated: the bytecode knows the layout of another CPU. */
function translates(state: FunctionState, type: ContextPointer): boolean {
  const { ptRegsSource, options } = state.module;
  const { program } = type.region;
  return (
    (program === 'kprobe' || program === 'perf_event') &&
    ptRegsSource !== undefined &&
    ptRegsSource.name !== options.target.name
  );
}

/** Modules of which the user has been told that their layout is a guess. */
const warned = new WeakSet<FunctionState['module']>();

/** Registers are read, and nothing says of which CPU: clang leaves types that are only cast to out of BTF. */
function warnOfUnknownLayout(state: FunctionState, type: ContextPointer): void {
  const { module } = state;
  const { program } = type.region;
  if (module.ptRegsSource !== undefined || module.options.ptRegs !== 'auto') return;
  if ((program !== 'kprobe' && program !== 'perf_event') || warned.has(module)) return;
  warned.add(module);
  module.sink.add({
    code: 'BPF-L035',
    severity: 'warning',
    message: `the object does not tell which CPU's struct pt_regs it reads: taken as ${module.options.target.name}'s`,
    place: state.place(),
    help: 'name the CPU that it was compiled for with --pt-regs',
  });
}

/** Bytecode of an unknown CPU was proved against the largest layout there is; this target's may be smaller. */
function checkInsideNative(
  state: FunctionState,
  type: ContextPointer,
  offset: number,
  size: number,
  name: string,
): void {
  const { target } = state.module.options;
  const limit = contextLayout(type.region.program, target.name)?.size;
  const { program } = type.region;
  if (limit === undefined || (program !== 'kprobe' && program !== 'perf_event')) return;
  const end = (type.maximum ?? 0) + offset + size;
  if (end <= limit) return;
  throw state.failure(
    'BPF-L046',
    `byte ${end - 1} of ${name} is read, which has only ${limit} bytes on ${target.name}`,
    'name the CPU that the program was compiled for with --pt-regs',
  );
}

function registerOffset(
  state: FunctionState,
  type: ContextPointer,
  offset: number,
  size: number,
  name: string,
): number {
  if (!translates(state, type)) {
    warnOfUnknownLayout(state, type);
    return offset;
  }
  const source = state.module.ptRegsSource!;
  const { target } = state.module.options;
  if (type.minimum === undefined || type.minimum !== type.maximum) {
    throw state.failure(
      'BPF-L024',
      `${name} of ${source.name} is read at an offset that varies, which cannot be translated for ${target.name}`,
      'read each register by name, or build with --pt-regs native',
    );
  }
  return nativeOffset(state, type.minimum + offset, size) - type.minimum;
}

/** Offset on the target of `size` bytes at `start` of the source's context. */
function nativeOffset(state: FunctionState, start: number, size: number): number {
  const source = state.module.ptRegsSource!;
  const { target } = state.module.options;
  if (start >= source.ptRegs.size) return start - source.ptRegs.size + target.ptRegs.size;
  const field = ptRegsFieldAt(source, start);
  if (field === undefined || start + size > field.offset + field.size) {
    throw state.failure(
      'BPF-L025',
      `bytes ${start} to ${start + size - 1} of ${source.name}'s struct pt_regs are no one register`,
      'read each register by name, or build with --pt-regs native',
    );
  }
  const counterpart = counterpartOf(state, field, target);
  return counterpart.offset + (start - field.offset);
}

function counterpartOf(state: FunctionState, field: PtRegsField, target: Target): PtRegsField {
  const found = new Set<PtRegsField>();
  for (const role of rolesHere(state, field)) {
    const match = target.ptRegs.fields.find((candidate) => candidate.roles?.includes(role));
    if (match !== undefined) found.add(match);
  }
  const [first, second] = [...found];
  const source = state.module.ptRegsSource!;
  if (first === undefined) {
    throw state.failure(
      'BPF-L026',
      `register ${field.name} of ${source.name} has no counterpart on ${target.name}`,
      'use the PT_REGS_* macros for arguments, return value, sp and ip, or build with --pt-regs native',
    );
  }
  if (second !== undefined) {
    throw state.failure(
      'BPF-L027',
      `register ${field.name} of ${source.name} is both ${first.name} and ${second.name} on ${target.name} in the programs that get here`,
      'use one function for entry probes and another one for return probes',
    );
  }
  return first;
}

/**
 * What a register means here. On CPUs where one register is both the first argument and the return
 * value, the kind of the probe decides. The fourth argument of a system call has its own register on
 * x86-64 only, so elsewhere one field plays both roles and the plain one is meant.
 */
function rolesHere(state: FunctionState, field: PtRegsField): readonly PtRegsRole[] {
  const roles = field.roles ?? [];
  if (roles.includes('argument1') && roles.includes('return_value')) {
    const probes = state.module.probesThatReach(state.code.index);
    return roles.filter(
      (role) => (role !== 'argument1' || probes.entry) && (role !== 'return_value' || probes.exit),
    );
  }
  if (roles.includes('argument4') && roles.includes('syscall_argument4')) {
    const probes = state.module.probesThatReach(state.code.index);
    return [probes.syscall ? 'syscall_argument4' : 'argument4'];
  }
  return roles;
}

/**
 * The context as a helper gets it: an address inside the registers is that of the same register on the
 * target.
 */
export function contextArgument(state: FunctionState, register: number): string {
  const type = state.contextType(register);
  const text = state.registers.pointer(register);
  if (type === undefined || (type.minimum === 0 && type.maximum === 0)) return text;
  const layout = contextLayout(type.region.program, state.module.ptRegsSource?.name);
  if (layout?.access === 'fields') {
    throw state.failure('BPF-L028', `the address of a field of ${layout.name} cannot be passed on`);
  }
  const varies = type.minimum === undefined || type.minimum !== type.maximum;
  if (translates(state, type) && varies) {
    // What looks a register up at run time (USDT's argument specifications) has its offset from
    // whoever attaches the probe, and that is an offset on the CPU that runs it.
    state.module.sink.add({
      code: 'BPF-L029',
      severity: 'warning',
      message: `this offset into struct pt_regs is taken as one of ${state.module.options.target.name}'s`,
      place: state.place(),
    });
    return text;
  }
  const distance = registerOffset(state, type, 0, 1, layout?.name ?? 'the context');
  return distance === 0
    ? text
    : state.writer.define(`getelementptr i8, i8* ${text}, i64 ${distance}`);
}
