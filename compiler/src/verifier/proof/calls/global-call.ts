/** Arguments of global functions, against their signatures. */
import { checkMemory } from '../memory/memory.ts';
import type { Path } from '../path.ts';
import type { PointerValue, Value } from '../value.ts';
import { isNullArgument } from './argument-types.ts';
import { describeValue } from './describe.ts';
import { type DynptrPlace, dynptrAt } from './dynptrs.ts';
import { functionChangesPacket } from './packet-changes.ts';
import type { Parameter, Signature } from './signature.ts';

/** Checks r1 to r5 before a call of the global function `name`. */
export function checkGlobalArguments(path: Path, callee: number, signature: Signature): void {
  if (signature.kind === 'unusable') {
    path.reject('BPF-V049', signature.message, {
      ...(signature.help !== undefined && { help: signature.help }),
    });
  }
  signature.parameters.forEach((parameter, index) => {
    checkParameter(path, callee, parameter, index + 1);
  });
}

function checkParameter(path: Path, callee: number, parameter: Parameter, register: number): void {
  const fn = path.object.functions[callee]!.name;
  const value = path.state.frame.registers[register]!;
  const name = `argument ${register} (${parameter.name}) of ${fn}()`;
  const registers = [register];
  if (value.kind === 'uninitialised') {
    path.reject('BPF-V020', `${name} was never set on this path`, {
      help: 'the declaration that the caller sees may have fewer parameters than the function',
    });
  }
  if (parameter.kind === 'memory') {
    memory(path, name, parameter, register, value);
    if (isInPacket(value) && functionChangesPacket(path.object, callee)) {
      path.reject(
        'BPF-V049',
        `${name} points into the packet, which ${fn}() may move or cut off while it uses that memory`,
        { help: 'declare the function static, or change the packet in its caller', registers },
      );
    }
    return;
  }
  if (fits(path, parameter, value)) return;
  const { wanted, help } = EXPECTED[parameter.kind];
  path.reject('BPF-V049', `${name} must be ${wanted}, but is ${describeValue(path, value)}`, {
    help,
    registers,
  });
}

const EXPECTED = {
  scalar: {
    wanted: 'a number',
    help: 'declare the parameter as a pointer to a structure, or the function static',
  },
  context: {
    wanted: 'the context of the program',
    help: 'pass the argument of the program, unchanged',
  },
  dynptr: {
    wanted: 'a dynptr that was made before',
    help: 'make it first, with bpf_dynptr_from_mem() or bpf_ringbuf_reserve_dynptr()',
  },
} as const;

function fits(path: Path, parameter: Parameter, value: Value): boolean {
  switch (parameter.kind) {
    case 'scalar':
      return value.kind === 'scalar';
    case 'context':
      return isPlain(value, 'context');
    case 'dynptr':
      return isPlain(value, 'dynptr') || isDynptr(path, value);
    default:
      return false;
  }
}

function isInPacket(value: Value): boolean {
  return value.kind === 'pointer' && value.target.kind.startsWith('packet');
}

function isPlain(value: Value, kind: 'context' | 'dynptr'): boolean {
  return (
    value.kind === 'pointer' &&
    value.target.kind === kind &&
    !value.nullable &&
    value.offset === 0 &&
    value.variable.constantNumber === 0
  );
}

function isDynptr(path: Path, value: Value): boolean {
  if (value.kind !== 'pointer' || value.target.kind !== 'stack') return false;
  const variable = value.variable.constantNumber;
  if (variable === undefined) return false;
  const offset = value.offset + variable;
  if (offset % 8 !== 0) return false;
  const place: DynptrPlace = { frame: value.target.frame, slot: -offset / 8 - 1 };
  if (dynptrAt(path.state, place) === undefined) return false;
  path.readSlot(place.frame, place.slot);
  path.readSlot(place.frame, place.slot - 1);
  return true;
}

const MEMORY = new Set([
  'stack',
  'map_value',
  'map_key',
  'data',
  'memory',
  'packet',
  'packet_meta',
]);

function memory(
  path: Path,
  name: string,
  parameter: Extract<Parameter, { kind: 'memory' }>,
  register: number,
  value: Value,
): void {
  const registers = [register];
  if (isNullArgument(path, register, value)) {
    if (parameter.nullable) return;
    path.reject('BPF-V049', `${name} is null, but is declared to be never null (__arg_nonnull)`, {
      registers,
    });
  }
  if (value.kind !== 'pointer' || !MEMORY.has(value.target.kind)) {
    path.reject(
      'BPF-V049',
      `${name} must be a pointer to ${parameter.size} bytes of memory, but is ${describeValue(path, value)}`,
      { help: 'pass the address of a local variable, of a map value or of global data', registers },
    );
  }
  if (value.nullable && !parameter.nullable) {
    path.reject(
      'BPF-V049',
      `${name} may be null, but is declared to be never null (__arg_nonnull)`,
      {
        help: 'compare the pointer with NULL first',
        registers,
      },
    );
  }
  if (parameter.size === 0) return;
  const pointer: PointerValue = value;
  // The function looks whether it is null before it uses it.
  if (pointer.nullable) path.state.frame.registers[register] = pointer.with({ nullable: false });
  checkMemory(path, register, parameter.size, { read: true, write: true });
}
