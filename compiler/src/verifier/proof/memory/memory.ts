/**
 * Loads, stores and atomic operations, and the memory that helpers touch: finds what a pointer leads to and
 * asks whoever knows that kind of memory.
 */
import type { BpfInstruction } from '../../../object/index.ts';
import {
  constantScalar,
  signedOfSize,
  UNKNOWN,
  unsignedOfSize,
  ZERO,
} from '../../domain/scalar.ts';
import { readable } from '../instructions/alu.ts';
import type { Code, Path } from '../path.ts';
import { type PointerValue, ScalarValue, UNINITIALISED, type Value } from '../value.ts';
import {
  type Access,
  alignedTo,
  bytes,
  checkInside,
  describeAccess,
  describeTarget,
  usablePointer,
} from './access.ts';
import { accessContext, checkOneKind } from './context-access.ts';
import { checkData, checkMapKey, checkMapValue } from './map-value.ts';
import { readOnlyConstant } from './map-value-constants.ts';
import { checkPacket } from './packet.ts';
import type { Size } from './spill.ts';
import { loadStack, overwriteStack, relyOnSlot, storeStack, touchStack } from './stack.ts';

type Of<K extends BpfInstruction['kind']> = Extract<BpfInstruction, { kind: K }>;

/** What a load of any memory but the stack, the context and constants gives. */
const NUMBERS: Readonly<Record<Size, ScalarValue>> = {
  1: new ScalarValue(unsignedOfSize(1)),
  2: new ScalarValue(unsignedOfSize(2)),
  4: new ScalarValue(unsignedOfSize(4)),
  8: new ScalarValue(UNKNOWN),
};
const SIGNED_NUMBERS: Readonly<Record<Size, ScalarValue>> = {
  1: new ScalarValue(signedOfSize(1)),
  2: new ScalarValue(signedOfSize(2)),
  4: new ScalarValue(signedOfSize(4)),
  8: new ScalarValue(UNKNOWN),
};

/** Checks an access to anything but the stack and the context. */
function checkPlain(path: Path, access: Access, pointer: PointerValue): void {
  const { target } = pointer;
  switch (target.kind) {
    case 'map_value':
      checkMapValue(path, access, pointer, target);
      return;
    case 'map_key':
      checkMapKey(path, access, pointer, target);
      return;
    case 'data':
      checkData(path, access, pointer, target);
      return;
    case 'packet':
    case 'packet_meta':
      checkPacket(path, access, pointer);
      return;
    case 'memory':
      if (access.write && !target.writable) {
        path.reject(
          'BPF-V027',
          `${describeAccess(access)} to the ${target.name}, which is read-only`,
          {
            registers: [access.register],
          },
        );
      }
      checkInside(path, access, pointer, target.size, 'BPF-V026');
      return;
    default:
      path.reject(
        'BPF-V029',
        `${describeAccess(access)} through r${access.register}, which is ${describeTarget(path, target)}: that is no memory of the program's`,
        { help: helpFor(target.kind), registers: [access.register] },
      );
  }
}

function helpFor(kind: string): string {
  switch (kind) {
    case 'packet_end':
      return 'data_end is behind the last byte: read through data';
    case 'map':
      return 'look an element up with bpf_map_lookup_elem()';
    case 'dynptr':
      return 'use bpf_dynptr_read(), bpf_dynptr_write() or bpf_dynptr_data()';
    default:
      return 'this address can only be passed on';
  }
}

function read(path: Path, access: Access, pointer: PointerValue, signed: boolean): Value {
  const { target } = pointer;
  const size = access.size as Size;
  if (target.kind === 'stack') return loadStack(path, access, pointer, signed);
  if (target.kind === 'context') return accessContext(path, access, pointer, signed);
  checkPlain(path, access, pointer);
  if (target.kind === 'data') {
    const constant = readOnlyConstant(path, pointer, target, access.offset, size, signed);
    if (constant !== undefined) return constant;
  }
  return (signed ? SIGNED_NUMBERS : NUMBERS)[size];
}

function write(
  path: Path,
  access: Access,
  pointer: PointerValue,
  value: Value,
  register: number | undefined,
): void {
  const { target } = pointer;
  if (target.kind === 'stack') storeStack(path, access, pointer, value, register);
  else if (target.kind === 'context') accessContext(path, access, pointer, false);
  else checkPlain(path, access, pointer);
}

/** Executes a load. */
export function load(path: Path, i: Of<'load'>): void {
  const pointer = usablePointer(path, i.base);
  const access: Access = {
    register: i.base,
    offset: i.offset,
    size: i.size,
    read: true,
    write: false,
    indirect: false,
  };
  checkOneKind(path, access, pointer);
  setRegister(path, i.destination, read(path, access, pointer, i.signed));
}

/** Executes a store. */
export function store(path: Path, i: Of<'store'>): void {
  const register = i.source.kind === 'register' ? i.source.register : undefined;
  const value: Value =
    i.source.kind === 'register'
      ? readable(path, i.source.register)
      : new ScalarValue(constantScalar(i.source.value));
  const pointer = usablePointer(path, i.base);
  const access: Access = {
    register: i.base,
    offset: i.offset,
    size: i.size,
    read: false,
    write: true,
    indirect: false,
  };
  checkOneKind(path, access, pointer);
  write(path, access, pointer, value, register);
}

function setRegister(path: Path, register: number, value: Value): void {
  if (register === 10) {
    path.reject('BPF-V012', 'r10, the address of the stack frame, must not be changed', {
      help: 'this is not what a C compiler makes: check how the object was produced',
    });
  }
  path.state.frame.registers[register] = value;
}

/** Executes an atomic operation. */
export function atomic(path: Path, i: Of<'atomic'>): void {
  const loads = i.operator === 'load_acquire';
  const stores = i.operator === 'store_release';
  const operand = loads ? UNINITIALISED : readable(path, i.source);
  if (i.operator === 'cmpxchg') readable(path, 0);
  const pointer = usablePointer(path, i.base);
  const access: Access = {
    register: i.base,
    offset: i.offset,
    size: i.size,
    read: !stores,
    write: !loads,
    indirect: false,
  };
  checkAtomic(path, access, pointer);
  checkOneKind(path, access, pointer);
  if (loads) {
    setRegister(path, i.source, read(path, access, pointer, false));
    return;
  }
  if (stores) {
    write(path, access, pointer, operand, i.source);
    return;
  }
  const result = i.operator === 'cmpxchg' ? 0 : i.fetch ? i.source : undefined;
  if (result === i.base) {
    path.reject(
      'BPF-V050',
      `the result of the atomic operation replaces the address in r${i.base}`,
      {
        help: 'this is not what a C compiler makes: keep address and operand in different registers',
        registers: [i.base],
      },
    );
  }
  const old = exchange(path, access, pointer);
  if (result !== undefined) setRegister(path, result, old);
}

/** Checks a read and write of the same bytes; what was there before. */
function exchange(path: Path, access: Access, pointer: PointerValue): Value {
  const size = access.size as Size;
  if (pointer.target.kind !== 'stack') {
    checkPlain(path, access, pointer);
    return NUMBERS[size];
  }
  if (!pointer.variable.isConstant) {
    path.reject('BPF-V050', 'an atomic operation on the stack at an offset that varies', {
      help: 'nobody else sees the stack: no atomic operation is needed there',
      registers: [access.register],
    });
  }
  const old = loadStack(path, access, pointer, false);
  // Nothing traces precision back through an exchange: bounds that go on from here are relied upon at once.
  if (old.kind === 'scalar' && !old.range.isUnknown) relyOnSlot(path, access, pointer);
  overwriteStack(path, access, pointer);
  // Nor does anything trace what is learned later through a tie to another number.
  return old.kind === 'scalar' && old.id !== 0 ? new ScalarValue(old.range) : old;
}

function checkAtomic(path: Path, access: Access, pointer: PointerValue): void {
  const { target } = pointer;
  const registers = [access.register];
  switch (target.kind) {
    case 'context':
    case 'packet':
    case 'packet_meta':
      path.reject('BPF-V050', `an atomic operation on ${describeTarget(path, target)}`, {
        help: 'nobody else changes it meanwhile: use plain loads and stores',
        registers,
      });
      break;
    default:
      if (alignedTo(pointer, access.offset, access.size as Size)) return;
      if (target.kind === 'memory' && target.alignment < access.size) {
        path.reject(
          'BPF-V030',
          `an atomic operation on ${describeTarget(path, target)}, whose address may be no multiple of ${access.size}`,
          {
            help: 'CPUs may fault there: keep what is shared in a map, or use a plain store',
            registers,
          },
        );
      }
      path.reject(
        'BPF-V030',
        `an atomic operation on ${bytes(access.size)} of ${describeTarget(path, target)} at an offset that is no multiple of ${access.size}`,
        { help: 'atomic variables are aligned to their size: no packed structs', registers },
      );
  }
}

/** r1 to r5, which calls and loads like calls leave without a value. */
function loseArguments(registers: Value[]): void {
  for (let register = 1; register <= 5; register++) registers[register] = UNINITIALISED;
}

/**
 * Executes LD_ABS or LD_IND. Where the packet is too short the function that runs ends with 0, so for
 * functions that others called (or that helpers call back) there is another path, on which they do.
 */
export function legacyLoad(path: Path, i: Of<'legacy_load'>): void {
  const { state } = path;
  if (!path.layout.legacyLoads) {
    path.reject(
      'BPF-V023',
      `programs of type ${path.program.attach.type} cannot load from a packet with LD_ABS or LD_IND`,
      { help: 'use ctx->data and ctx->data_end, where the type has them' },
    );
  }
  const context = readable(path, 6);
  if (
    context.kind !== 'pointer' ||
    context.target.kind !== 'context' ||
    context.nullable ||
    context.offset !== 0 ||
    context.variable !== ZERO
  ) {
    path.reject('BPF-V023', 'a load from the packet needs the context, unmoved, in r6', {
      help: 'call load_byte(), load_half() and load_word() with the context that the program got',
      registers: [6],
    });
  }
  // Any number will do, even half an address: what is outside the packet ends the function.
  if (i.index !== undefined) readable(path, i.index);
  const [held] = state.references;
  if (held !== undefined) {
    path.reject(
      'BPF-V036',
      'this load from the packet may end the program while a reference is held',
      {
        help: 'release it first, or read the packet before',
        related: [{ message: 'it was acquired here', pc: held.at }],
      },
    );
  }
  if (state.lock !== undefined) {
    path.reject('BPF-V038', 'this load from the packet may end the program while a lock is held', {
      help: 'read the packet before the lock is taken',
      related: [{ message: 'it was taken here', pc: state.lock.at }],
    });
  }
  const { registers } = state.frame;
  loseArguments(registers);
  const { returns } = path.layout;
  const fine = returns === undefined || (returns.minimum <= 0 && returns.maximum >= 0);
  if (state.frames.length > 1 || !fine) endEarly(path);
  registers[0] = NUMBERS[8];
}

/** Queues the path on which the running function ends with 0 here. */
function endEarly(path: Path): void {
  const exit = exitOf(path.code, path.state.frame.function);
  if (exit === undefined) {
    path.reject(
      'BPF-V040',
      'this load from the packet may end a function that never ends by itself',
      { help: 'let the function return a value at its end' },
    );
  }
  const ended = path.state.copy();
  ended.frame.registers[0] = new ScalarValue(ZERO);
  ended.pc = exit;
  path.fork(ended);
}

const exits = new WeakMap<Code, Map<number, number | undefined>>();

/** `pc` of some exit of a function: which one makes no difference. */
function exitOf(code: Code, fn: number): number | undefined {
  let known = exits.get(code);
  if (known === undefined) {
    known = new Map();
    exits.set(code, known);
  }
  if (known.has(fn)) return known.get(fn);
  let pc = code.startOf(fn);
  while (pc < code.length && code.functionOf(pc) === fn && code.at(pc).kind !== 'exit') pc++;
  const exit = pc < code.length && code.functionOf(pc) === fn ? pc : undefined;
  known.set(fn, exit);
  return exit;
}

/**
 * Checks that a helper or callee may touch [pointer in `register`, + size), and does to the state what that
 * does. `size` is the most it may be, more than 0. `read`: bytes must be initialised. `write` alone: it
 * surely fills in the first `least` bytes (all when absent) and may leave the others as they were. Checks of
 * what is read come before those of what is written when one call has both, since here memory changes at
 * once.
 */
export function checkMemory(
  path: Path,
  register: number,
  size: number,
  how: { readonly read: boolean; readonly write: boolean; readonly least?: number },
): void {
  const pointer = usablePointer(path, register);
  const access: Access = { register, offset: 0, size, ...how, indirect: true };
  switch (pointer.target.kind) {
    case 'stack':
      touchStack(path, access, pointer);
      return;
    case 'context':
      path.reject('BPF-V033', `${path.layout.name} is passed where a call needs memory`, {
        help: 'read the fields one by one into a struct on the stack, and pass that',
        registers: [register],
      });
      break;
    default:
      checkPlain(path, access, pointer);
  }
}
