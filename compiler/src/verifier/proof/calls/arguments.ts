/** The arguments of a helper call, by the kinds that helpers.def gives them. */
import { HELPER } from '../../helper-numbers.ts';
import type { ArgumentKind } from '../../helpers.ts';
import { readable } from '../instructions/alu.ts';
import type { Path } from '../path.ts';
import { isNull, isNullArgument, pointerTo } from './argument-types.ts';
import type { Call } from './call.ts';
import { argumentName, describeValue } from './describe.ts';
import { prepareDynptr, releasableDynptr, useDynptr } from './dynptrs.ts';
import { specialField, spinLock } from './locks.ts';
import { mapArgument, mapKey, mapValue } from './map-arguments.ts';
import { fixedMemory, memoryType, memoryWithSize } from './memory-arguments.ts';
import { findReference } from './references.ts';
import { constantString } from './strings.ts';

/** Numbers that its format does not ask for need not be there: compilers leave them out. */
/** Checks all arguments of a call and gathers what its effects depend on. */
export function checkArguments(path: Path, call: Call): void {
  call.helper.arguments.forEach((kind, position) => {
    checkArgument(path, call, position + 1, kind);
  });
}

function checkArgument(path: Path, call: Call, register: number, kind: ArgumentKind): void {
  const { helper } = call;
  if (helper.number === HELPER.trace_printk && kind === 'ANYTHING') return;
  const value = argumentValue(path, call, register);
  switch (kind) {
    case 'NONE':
    case 'ANYTHING':
      return;
    case 'CTX_OR_NULL':
      if (isNullArgument(path, register, value)) return;
      pointerTo(path, call, register, 'context');
      return;
    case 'CTX':
      pointerTo(path, call, register, 'context');
      return;
    case 'CONST_MAP_PTR':
      mapArgument(path, call, register);
      return;
    case 'MAP_KEY':
      mapKey(path, call, register);
      return;
    case 'MAP_VALUE_OR_NULL':
      if (!isNullArgument(path, register, value)) mapValue(path, call, register, 'read');
      return;
    case 'MAP_VALUE':
      mapValue(path, call, register, 'read');
      return;
    case 'UNINIT_MAP_VALUE':
      mapValue(path, call, register, 'write');
      return;
    case 'MEM_RDONLY':
    case 'MEM_RDONLY_OR_NULL':
    case 'MEM_UNINIT':
    case 'MEM_UNINIT_OR_NULL':
    case 'MEM':
    case 'MEM_OR_NULL':
      // Its bytes are checked with its size, which is the next argument.
      memoryType(path, call, register, kind);
      return;
    case 'SIZE':
    case 'SIZE_OR_ZERO':
      memoryWithSize(path, call, register, kind === 'SIZE_OR_ZERO');
      return;
    case 'MEM_RDONLY_20':
      fixedMemory(path, call, register, 20, 'read', 1);
      return;
    case 'MEM_RDONLY_40':
      fixedMemory(path, call, register, 40, 'read', 1);
      return;
    case 'INT_PTR':
      fixedMemory(path, call, register, 4, 'both', 4);
      return;
    case 'LONG_PTR':
      fixedMemory(path, call, register, 8, 'write', 8);
      return;
    case 'CONST_ALLOC_SIZE':
      call.allocation = constantSize(path, call, register);
      return;
    case 'ALLOC_MEM':
      call.released = record(path, call, register);
      return;
    case 'CONST_STR':
      constantString(path, call, register);
      return;
    case 'FUNC':
      call.callback = functionArgument(path, call, register);
      return;
    case 'STACK_OR_NULL':
      if (!isNullArgument(path, register, value)) callbackContext(path, call, register);
      return;
    case 'SPIN_LOCK':
      spinLock(path, helper, register);
      return;
    case 'TIMER':
      timer(path, call, register);
      return;
    case 'DYNPTR':
    case 'DYNPTR_RDONLY':
      call.dynptr = useDynptr(path, helper, register);
      return;
    case 'DYNPTR_UNINIT':
      call.madeDynptr = prepareDynptr(path, helper, register);
      return;
    case 'DYNPTR_RELEASE':
      call.dynptr = releasableDynptr(path, helper, register);
      return;
    case 'KPTR':
    case 'SOCKET':
    case 'SOCKET_OR_NULL':
    case 'BTF_ID':
    case 'BTF_ID_OR_NULL':
    case 'PERCPU_BTF_ID':
      path.reject(
        'BPF-V033',
        `${argumentName(helper, register)} is an object of the kernel; there are none outside it`,
        { registers: [register] },
      );
  }
}

/** The value in an argument's register, which must have one. */
function argumentValue(path: Path, call: Call, register: number) {
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'uninitialised') {
    path.reject(
      'BPF-V020',
      `${argumentName(call.helper, register)} (r${register}) was never set on this path`,
      {
        help: `bpf_${call.helper.name}() takes ${call.helper.arguments.length} arguments: pass all of them`,
      },
    );
  }
  return readable(path, register);
}

function constantSize(path: Path, call: Call, register: number): number {
  const value = path.state.frame.registers[register]!;
  const name = argumentName(call.helper, register);
  if (value.kind !== 'scalar') {
    return path.reject('BPF-V033', `${name} must be a size, but is ${describeValue(path, value)}`, {
      help: 'pass the number of bytes',
      registers: [register],
    });
  }
  const { constantNumber } = value.range;
  if (constantNumber === undefined) {
    return path.reject('BPF-V034', `${name} must be a constant, but is not the same on every run`, {
      help: 'reserve a constant number of bytes, such as sizeof(struct event)',
      registers: [register],
    });
  }
  if (constantNumber < 0 || constantNumber > 0xffff_ffff) {
    return path.reject('BPF-V034', `${name} is ${constantNumber}, which is no size of memory`, {
      help: 'pass the number of bytes',
      registers: [register],
    });
  }
  path.markPrecise(register);
  return constantNumber;
}

/** A ring-buffer record that is released here. */
function record(path: Path, call: Call, register: number): number {
  const value = path.state.frame.registers[register]!;
  const name = argumentName(call.helper, register);
  const registers = [register];
  const help = 'pass the pointer that bpf_ringbuf_reserve() returned, once';
  if (value.kind === 'scalar' && !isNull(value)) {
    path.reject('BPF-V037', `${name} is a number: the record is no longer the program's`, {
      help,
      registers,
    });
  }
  const held = value.kind === 'pointer' ? findReference(path.state, value.reference) : undefined;
  if (value.kind !== 'pointer' || held?.kind !== 'ringbuf') {
    return path.reject(
      'BPF-V033',
      `${name} must be a ring-buffer record, but is ${describeValue(path, value)}`,
      { help, registers },
    );
  }
  if (value.nullable) {
    path.reject('BPF-V028', `${name} may be null`, {
      help: 'compare what bpf_ringbuf_reserve() returned with NULL first',
      registers,
    });
  }
  if (value.offset !== 0 || value.variable.constantNumber !== 0) {
    path.reject('BPF-V033', `${name} points into the record, not to its start`, {
      help,
      registers,
      related: [{ message: 'it was reserved here', pc: held.at }],
    });
  }
  return held.id;
}

function functionArgument(path: Path, call: Call, register: number): number {
  const value = path.state.frame.registers[register]!;
  if (
    value.kind !== 'pointer' ||
    value.target.kind !== 'function' ||
    value.offset !== 0 ||
    value.variable.constantNumber !== 0
  ) {
    return path.reject(
      'BPF-V046',
      `${argumentName(call.helper, register)} must be a function of this program, but is ${describeValue(path, value)}`,
      { help: 'pass the name of a static function', registers: [register] },
    );
  }
  return value.target.function;
}

/** What the callback gets as its context: memory of the stack, at any offset. */
function callbackContext(path: Path, call: Call, register: number): void {
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'pointer' && value.target.kind === 'stack') return;
  path.reject(
    'BPF-V033',
    `${argumentName(call.helper, register)} must be the address of a local variable or NULL, but is ${describeValue(path, value)}`,
    {
      help: 'put what the callback needs in a local variable (a structure) and pass its address',
      registers: [register],
    },
  );
}

function timer(path: Path, call: Call, register: number): void {
  const { helper } = call;
  if (!path.layout.timers) {
    path.reject('BPF-V035', `programs of this type (${path.layout.kind}) cannot use timers`);
  }
  const { pointer, map } = specialField(path, helper, register, 'struct bpf_timer', 'BPF-V033');
  const unique = pointer.target.kind === 'map_value' ? pointer.target.unique : 0;
  call.timer = { map, unique };
}
