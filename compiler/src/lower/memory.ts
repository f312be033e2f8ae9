import type { BpfInstruction } from '../object/index.ts';
import { extended, swapped, truncated } from './alu.ts';
import { contextAccess, packetMember } from './context.ts';
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
}

/** Loads from memory or from the context. */
export function lowerLoad(state: FunctionState, instruction: Load): void {
  const { size, signed, destination, base, offset } = instruction;
  const context = contextAccess(state, base, offset, size, 'load');
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
  const loaded = loadInteger(state, size * 8, address);
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
    writer.emit(`store i8* ${text}, i8** ${slot}, align ${address.alignment}`);
    return;
  }
  const bits = size * 8;
  const narrow = truncated(state, registers.toInteger(value), bits);
  const slot = typed(state, address.text, bits);
  writer.emit(`store i${bits} ${narrow}, i${bits}* ${slot}, align ${address.alignment}`);
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
    registers.set(source, integer(extended(state, 'zext', bits, loaded)));
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
    registers.set(0, integer(extended(state, 'zext', bits, old)));
    return;
  }
  const ordered = fetch || operator === 'xchg';
  const order = ordered ? 'seq_cst' : 'monotonic';
  const old = writer.define(
    `atomicrmw ${operator} ${type}* ${slot}, ${type} ${operand} ${order}, align ${size}`,
  );
  if (ordered) {
    if (state.module.options.target.fencedAtomics === 'all') writer.emit('fence seq_cst');
    registers.set(source, integer(extended(state, 'zext', bits, old)));
  }
}

/** LD_ABS and LD_IND: a big-endian load from the packet; outside of it the program ends with 0. */
export function lowerLegacyLoad(state: FunctionState, instruction: LegacyLoad): void {
  const { size, index, immediate } = instruction;
  const { registers, writer } = state;
  const kind = state.contextType(6)?.region.program;
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
  return { text: displaced(state, registers.toPointer(value), offset), alignment };
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
  return state.writer.define(`load i${bits}, i${bits}* ${slot}, align ${address.alignment}`);
}

function loadPointer(state: FunctionState, address: Address): string {
  const slot = state.writer.define(`bitcast i8* ${address.text} to i8**`);
  return state.writer.define(`load i8*, i8** ${slot}, align ${address.alignment}`);
}
