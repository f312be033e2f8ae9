/**
 * What all accesses to memory have in common: the pointer they go through, and the arithmetic of
 * "inside" for objects of a constant size.
 *
 * Soundness of `checkInside`: the address is the object's start plus `offset` plus some value of `variable`,
 * computed modulo 2^64. Where the variable part is at least 0 as a signed number and at most M as an
 * unsigned one, the sum lies between its two ends, does not wrap (all terms are below 2^32), and both ends
 * are inside; so are all values between. A variable part that may be negative has an unsigned
 * maximum above any object and is refused.
 */
import { quote } from '../../../diag/index.ts';
import { arithmetic, isAligned } from '../../domain/index.ts';
import { constantScalar, ZERO } from '../../domain/scalar.ts';
import { readable } from '../instructions/alu.ts';
import type { Path } from '../path.ts';
import type { PointerValue, Target } from '../value.ts';

/** Bytes that an instruction or a helper touches. */
export interface Access {
  /** Holds the pointer. */
  readonly register: number;
  /** The instruction's own; that of the pointer is not included. */
  readonly offset: number;
  /** More than 0. */
  readonly size: number;
  readonly read: boolean;
  readonly write: boolean;
  /** Bytes from the first on that are surely written; `size` when absent. */
  readonly least?: number;
  /** Made by a helper or a callee on behalf of the program. */
  readonly indirect: boolean;
}

/** Variable parts of offsets from here on count as unbounded; constant parts are refused. */
export const MAXIMUM_OFFSET = 2 ** 29;

/** `1 byte`, `4 bytes`. */
export function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** `a read of 4 bytes`, for messages; `by the call` when a helper or a callee makes it. */
export function describeAccess(access: Access): string {
  const what = access.write ? (access.read ? 'an access' : 'a write') : 'a read';
  return `${what} of ${bytes(access.size)}${access.indirect ? ' by the call' : ''}`;
}

/** `offset 4` or `an offset from 0 to 63`: where an access may start. */
export function describeOffset(pointer: PointerValue, access: Access): string {
  const fixed = pointer.offset + access.offset;
  const { variable } = pointer;
  if (variable === ZERO) return `offset ${fixed}`;
  const [low, high] = [variable.signedMinimum + fixed, variable.signedMaximum + fixed];
  return `an offset from ${bound(low)} to ${bound(high)}`;
}

/** A bound in digits as long as they are exact. */
function bound(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return value < 0 ? '-2^63' : '2^63';
}

/** What a pointer leads to, for messages. */
export function describeTarget(path: Path, target: Target): string {
  switch (target.kind) {
    case 'stack':
      return target.frame === path.state.frames.length - 1
        ? 'the stack frame'
        : "a caller's stack frame";
    case 'context':
      return `the context (${path.layout.name})`;
    case 'map':
      return `map ${quote(target.map.name)} itself`;
    case 'map_value':
      return `a value of map ${quote(target.map.name)}`;
    case 'map_key':
      return `a key of map ${quote(target.map.name)}`;
    case 'packet':
      return path.layout.memoryWithLength ? 'the memory' : 'the packet';
    case 'packet_meta':
      return "the packet's metadata";
    case 'packet_end':
      return 'the end of the packet';
    case 'data':
      return `section ${quote(path.object.data[target.section]!.name)}`;
    case 'memory':
      return `the ${target.name}`;
    case 'function':
      return `function ${quote(path.object.functions[target.function]?.name ?? '?')}`;
    case 'dynptr':
      return `the dynptr (${target.name})`;
  }
}

/** The pointer in a register that something is read or written through: surely one, and not null. */
export function usablePointer(path: Path, register: number): PointerValue {
  const value = readable(path, register);
  if (value.kind === 'scalar') return rejectNumber(path, register);
  const pointer = value as PointerValue;
  if (pointer.nullable) {
    const { target } = pointer;
    const what =
      target.kind === 'map_value'
        ? `the pointer in r${register} may be null: the element may not be in map ${quote(target.map.name)}`
        : `the pointer in r${register} (to ${describeTarget(path, target)}) may be null`;
    path.reject('BPF-V028', what, {
      help: 'compare it with NULL first: `if (!pointer) return 0;`',
      registers: [register],
    });
  }
  return pointer;
}

function rejectNumber(path: Path, register: number): never {
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'scalar' && value.range.constantNumber === 0) {
    path.reject('BPF-V029', `memory is accessed through r${register}, which is null on this path`, {
      help: 'this is the branch where the pointer was found to be NULL: use it on the other one',
      registers: [register],
    });
  }
  path.reject(
    'BPF-V029',
    `memory is accessed through r${register}, which is a number and no pointer that can be followed`,
    {
      help: 'addresses that were read from memory or computed are only numbers here: copy what they point to with bpf_probe_read_user() or bpf_probe_read_kernel()',
      registers: [register],
    },
  );
}

/** Whether the address is surely a multiple of `size` when the object's start is one. */
export function alignedTo(pointer: PointerValue, offset: number, size: 1 | 2 | 4 | 8): boolean {
  if (size === 1) return true;
  if (pointer.target.kind === 'memory' && pointer.target.alignment < size) return false;
  const fixed = pointer.offset + offset;
  const { variable } = pointer;
  if (variable === ZERO) return fixed % size === 0;
  if (fixed % size === 0) return isAligned(variable, size);
  return isAligned(arithmetic('add', 64, variable, constantScalar(fixed)), size);
}

/** Refuses an access that is not surely inside the object's `limit` bytes. */
export function checkInside(
  path: Path,
  access: Access,
  pointer: PointerValue,
  limit: number,
  code: 'BPF-V024' | 'BPF-V026',
): void {
  const { variable } = pointer;
  const start = pointer.offset + access.offset;
  if (variable === ZERO) {
    if (start >= 0 && start + access.size <= limit) return;
  } else if (
    variable.signedMinimum >= 0 &&
    variable.unsignedMaximum < MAXIMUM_OFFSET &&
    start + variable.signedMinimum >= 0 &&
    start + variable.unsignedMaximum + access.size <= limit
  ) {
    return;
  }
  rejectOutside(path, access, pointer, limit, code);
}

function rejectOutside(
  path: Path,
  access: Access,
  pointer: PointerValue,
  limit: number,
  code: 'BPF-V024' | 'BPF-V026',
): never {
  const { variable } = pointer;
  const what = describeTarget(path, pointer.target);
  const start = pointer.offset + access.offset;
  const registers = [access.register];
  if (variable.signedMinimum + start < 0) {
    path.reject(
      code,
      `${describeAccess(access)} at ${describeOffset(pointer, access)} of ${what}: this ${variable === ZERO ? 'is' : 'may be'} before its start`,
      {
        help:
          variable === ZERO
            ? `it has ${bytes(limit)}, from offset 0 on`
            : 'make the index unsigned, or check that it is not negative before it is used',
        registers,
      },
    );
  }
  if (variable.unsignedMaximum >= MAXIMUM_OFFSET) {
    path.reject(
      'BPF-V032',
      `${describeAccess(access)} of ${what} at an offset without an upper bound (as an unsigned number)`,
      {
        help: `it has ${bytes(limit)}: compare the index with a limit first (\`if (index >= limit) return 0;\`), or mask it; what varies in it must not be negative`,
        registers,
      },
    );
  }
  path.reject(
    code,
    `${describeAccess(access)} at ${describeOffset(pointer, access)} of ${what}, which has only ${bytes(limit)}`,
    {
      help:
        variable === ZERO
          ? 'check the size of the type that is accessed against the size of the object'
          : `at most ${Math.max(0, limit - access.size - start)} bytes may be added here: check the index, or mask it`,
      registers,
    },
  );
}
