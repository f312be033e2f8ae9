import type { BpfInstruction } from '../object/index.ts';
import { extended, swapped, truncated } from './alu.ts';
import { contextAccess, packetMember } from './context.ts';
import { constantText } from './ranges.ts';
import { integer, ZERO } from './registers.ts';
import type { FunctionState } from './state.ts';

type Load = Extract<BpfInstruction, { kind: 'load' }>;
type Store = Extract<BpfInstruction, { kind: 'store' }>;
type Atomic = Extract<BpfInstruction, { kind: 'atomic' }>;
type LegacyLoad = Extract<BpfInstruction, { kind: 'legacy_load' }>;

/** Where an access goes: an i8* and the alignment that is known of it. */
interface Address {
  readonly text: string;
  readonly alignment: number;
  /** ` volatile` when the access must stay where it is. */
  readonly volatile?: string;
}

/** Loads from memory or from the context. */
export function lowerLoad(state: FunctionState, instruction: Load): void {
  const { size, signed, destination, base, offset } = instruction;
  const context = contextAccess(state, base, offset, size, 'load');
  const known = constantText(state.typeAfter(destination));
  if (known !== undefined) {
    state.registers.set(destination, integer(known));
    return;
  }
  if (context?.kind === 'pointer') {
    const start = displaced(state, state.registers.pointer(base), context.offset);
    state.setPointer(destination, loadPointer(state, { text: start, alignment: 8 }));
    return;
  }
  const address = accessAddress(state, base, context?.offset ?? offset, size);
  if (size === 8 && state.typeAfter(destination)?.kind === 'pointer') {
    state.setPointer(destination, loadPointer(state, address));
    return;
  }
  const loaded = settled(state, base, size * 8, loadInteger(state, size * 8, address));
  const how = signed ? 'sext' : 'zext';
  state.registers.set(destination, integer(extended(state, how, size * 8, loaded)));
}

/** Stores to memory or to the context. A pointer is stored as one, so that it comes back as one. */
export function lowerStore(state: FunctionState, instruction: Store): void {
  const { size, base, offset, source } = instruction;
  const { registers, writer } = state;
  const context = contextAccess(state, base, offset, size, 'store');
  const address = accessAddress(state, base, context?.offset ?? offset, size);
  const value = state.operandValue(source);
  if (size === 8 && value.kind !== 'integer') {
    const type = source.kind === 'register' ? state.type(source.register) : undefined;
    const text = registers.toPointer(value, state.partOf(type));
    const slot = writer.define(`bitcast i8* ${address.text} to i8**`);
    writer.emit(
      `store${address.volatile ?? ''} i8* ${text}, i8** ${slot}, align ${address.alignment}`,
    );
    return;
  }
  const bits = size * 8;
  const narrow = truncated(state, registers.toInteger(value), bits);
  const slot = typed(state, address.text, bits);
  writer.emit(
    `store${address.volatile ?? ''} i${bits} ${narrow}, i${bits}* ${slot}, align ${address.alignment}`,
  );
}

/**
 * Atomic operations. What fetches is fully ordered, the rest is relaxed: the kernel's rule. The result
 * of cmpxchg is the one that the operation itself read.
 */
export function lowerAtomic(state: FunctionState, instruction: Atomic): void {
  const { operator, size, fetch, base, offset, source } = instruction;
  const { registers, writer } = state;
  const context = contextAccess(state, base, offset, size, 'store');
  const bits = size * 8;
  const type = `i${bits}`;
  const address = accessAddress(state, base, context?.offset ?? offset, size);
  const slot = typed(state, address.text, bits);
  if (operator === 'load_acquire') {
    const loaded = writer.define(`load atomic ${type}, ${type}* ${slot} acquire, align ${size}`);
    const value = settled(state, base, bits, loaded);
    registers.set(source, integer(extended(state, 'zext', bits, value)));
    return;
  }
  const operand = truncated(state, registers.integer(source), bits);
  if (operator === 'store_release') {
    writer.emit(`store atomic ${type} ${operand}, ${type}* ${slot} release, align ${size}`);
    return;
  }
  if (operator === 'cmpxchg') {
    const expected = truncated(state, registers.integer(0), bits);
    const pair = writer.define(
      `cmpxchg ${type}* ${slot}, ${type} ${expected}, ${type} ${operand} seq_cst seq_cst, align ${size}`,
    );
    const old = writer.define(`extractvalue { ${type}, i1 } ${pair}, 0`);
    if (state.module.options.target.fencedAtomics !== 'none') writer.emit('fence seq_cst');
    registers.set(0, integer(extended(state, 'zext', bits, settled(state, base, bits, old))));
    return;
  }
  const ordered = fetch || operator === 'xchg';
  const order = ordered ? 'seq_cst' : 'monotonic';
  const old = writer.define(
    `atomicrmw ${operator} ${type}* ${slot}, ${type} ${operand} ${order}, align ${size}`,
  );
  if (ordered) {
    if (state.module.options.target.fencedAtomics === 'all') writer.emit('fence seq_cst');
    const value = settled(state, base, bits, old);
    registers.set(source, integer(extended(state, 'zext', bits, value)));
  }
}

/** LD_ABS and LD_IND: a big-endian load from the packet; outside of it the program ends with 0. */
export function lowerLegacyLoad(state: FunctionState, instruction: LegacyLoad): void {
  const { size, index, immediate } = instruction;
  const { registers, writer } = state;
  const type = state.contextType(6);
  const kind = type?.minimum === 0 && type.maximum === 0 ? type.region.program : undefined;
  if (kind !== 'xdp' && kind !== 'socket_filter' && kind !== 'tc') {
    throw state.failure('BPF-L010', 'this load from the packet needs the packet context in r6');
  }
  const data = packetMember(state, kind, 'data');
  const end = packetMember(state, kind, 'data_end');
  const context = registers.pointer(6);
  const first = loadPointer(state, { text: displaced(state, context, data), alignment: 8 });
  const last = loadPointer(state, { text: displaced(state, context, end), alignment: 8 });
  const from = writer.define(`ptrtoint i8* ${first} to i64`);
  const to = writer.define(`ptrtoint i8* ${last} to i64`);
  const length = writer.define(`sub i64 ${to}, ${from}`);
  let position = BigInt.asIntN(32, BigInt(immediate)).toString();
  if (index !== undefined) {
    const low = truncated(state, registers.integer(index), 32);
    const sum = writer.define(`add i32 ${low}, ${position}`);
    position = extended(state, 'sext', 32, sum);
  }
  // Negative positions (the kernel's ancillary data) become huge ones and are out of range.
  const past = writer.define(`add i64 ${position}, ${size}`);
  const starts = writer.define(`icmp sge i64 ${position}, 0`);
  const ends = writer.define(`icmp sle i64 ${past}, ${length}`);
  const inside = writer.define(`and i1 ${starts}, ${ends}`);
  const load = writer.freshLabel('packet');
  const outside = writer.freshLabel('outside');
  writer.emit(`br i1 ${inside}, label %${load}, label %${outside}`);
  writer.startBlock(outside);
  writer.emit(state.returnOf(ZERO));
  writer.startBlock(load);
  const address = writer.define(`getelementptr i8, i8* ${first}, i64 ${position}`);
  const loaded = loadInteger(state, size * 8, { text: address, alignment: 1 });
  const host = swapped(state, size * 8, loaded);
  registers.clobberArguments();
  registers.set(0, integer(extended(state, 'zext', size * 8, host)));
}

function accessAddress(state: FunctionState, base: number, offset: number, size: number): Address {
  const { registers, frame } = state;
  const value = registers.get(base);
  const alignment = Math.min(state.facts.access(state.index)?.alignment ?? 1, size);
  if (value.kind === 'frame') return { text: frame.address(value.offset + offset), alignment };
  const volatile = isRepeated(state, base) ? ' volatile' : '';
  return { text: displaced(state, registers.toPointer(value), offset), alignment, volatile };
}

/** True for an access that a loop makes to one place of memory that others share. */
function isRepeated(state: FunctionState, base: number): boolean {
  const { repeated, index } = state;
  if (!repeated.inLoop(index)) return false;
  const type = state.type(base);
  if (type?.kind !== 'pointer') return repeated.keeps(index, base);
  switch (type.region.kind) {
    case 'data': {
      const kind = state.module.object.data[type.region.section]?.kind;
      if (kind === 'rodata' || kind === 'kconfig') return false;
      const fixed = type.minimum !== undefined && type.minimum === type.maximum;
      return fixed || repeated.keeps(index, base);
    }
    case 'map_value':
    case 'any':
      return repeated.keeps(index, base);
    default:
      return false;
  }
}

/**
 * What was loaded as a number that stays one number. A byte of the stack that nobody wrote holds
 * something, but to LLVM it holds nothing in particular, and a branch on it would let LLVM drop all that
 * depends on it.
 */
function settled(state: FunctionState, base: number, bits: number, text: string): string {
  return mayBeUninitialised(state, base, bits / 8)
    ? state.writer.define(`freeze i${bits} ${text}`)
    : text;
}

function mayBeUninitialised(state: FunctionState, base: number, size: number): boolean {
  const type = state.type(base);
  if (type?.kind !== 'pointer' || type.region.kind === 'any') return state.module.framesEscape;
  if (type.region.kind !== 'stack') return false;
  if (type.region.function !== state.code.index) return true;
  const instruction = state.code.instructions[state.index]!;
  const offset = 'offset' in instruction ? instruction.offset : 0;
  const { minimum, maximum } = type;
  if (minimum === undefined || maximum === undefined) return true;
  return !state.initialised.holds(state.index, minimum + offset, maximum + offset + size);
}

function displaced(state: FunctionState, start: string, offset: number): string {
  return offset === 0
    ? start
    : state.writer.define(`getelementptr i8, i8* ${start}, i64 ${offset}`);
}

function typed(state: FunctionState, address: string, bits: number): string {
  return bits === 8 ? address : state.writer.define(`bitcast i8* ${address} to i${bits}*`);
}

function loadInteger(state: FunctionState, bits: number, address: Address): string {
  const slot = typed(state, address.text, bits);
  return state.writer.define(
    `load${address.volatile ?? ''} i${bits}, i${bits}* ${slot}, align ${address.alignment}`,
  );
}

function loadPointer(state: FunctionState, address: Address): string {
  const slot = state.writer.define(`bitcast i8* ${address.text} to i8**`);
  return state.writer.define(
    `load${address.volatile ?? ''} i8*, i8** ${slot}, align ${address.alignment}`,
  );
}
