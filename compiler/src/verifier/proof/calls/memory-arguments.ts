/** Memory that a helper reads or writes, with its size: in the map, in the next argument, or fixed. */
import { isAligned } from '../../domain/index.ts';
import { HELPER } from '../../helper-numbers.ts';
import type { ArgumentKind } from '../../helpers.ts';
import { checkMemory } from '../memory/memory.ts';
import type { Path } from '../path.ts';
import { isNull, isNullArgument } from './argument-types.ts';
import type { Call } from './call.ts';
import { argumentName, describeValue } from './describe.ts';

/** The largest size the kernel takes from a variable. */
const LARGEST_SIZE = 2 ** 29;

/** Helpers that accept pointers into the packet: what goes into maps, checksums. */
const PACKET_HELPERS = new Set<number>([
  HELPER.map_lookup_elem,
  HELPER.map_update_elem,
  HELPER.map_delete_elem,
  HELPER.csum_diff,
  HELPER.map_push_elem,
  HELPER.map_lookup_percpu_elem,
]);

type Access = 'read' | 'write' | 'both';

/** Checks that an argument is memory at all: something with bytes that this helper may take. */
export function memoryType(path: Path, call: Call, register: number, kind: ArgumentKind): void {
  const value = path.state.frame.registers[register]!;
  const { helper } = call;
  const name = argumentName(helper, register);
  const registers = [register];
  const optional = kind.endsWith('_OR_NULL');
  if (value.kind !== 'pointer') {
    if (optional && isNullArgument(path, register, value)) return;
    path.reject(
      'BPF-V033',
      `${name} must be a pointer to memory, but is ${describeValue(path, value)}`,
      {
        help: isNull(value)
          ? 'pass the address of memory'
          : 'a number is no address: copy what it points to with bpf_probe_read_user() first',
        registers,
      },
    );
  }
  const target = value.target.kind;
  switch (target) {
    case 'stack':
    case 'map_value':
    case 'map_key':
    case 'data':
    case 'memory':
      break;
    case 'packet':
    case 'packet_meta':
      if (PACKET_HELPERS.has(helper.number) || path.layout.memoryWithLength) break;
      path.reject(
        'BPF-V033',
        `${name} points into the packet, which bpf_${helper.name}() does not take`,
        {
          help: 'copy the bytes to a local variable first',
          registers,
        },
      );
      break;
    default:
      path.reject('BPF-V033', `${name} must be memory, but is ${describeValue(path, value)}`, {
        help: 'pass the address of a local variable, of a map value or of global data',
        registers,
      });
  }
  if (value.nullable && !optional) {
    path.reject('BPF-V028', `${name} may be null`, {
      help: 'compare the pointer with NULL first',
      registers,
    });
  }
  if (helper.number === HELPER.dynptr_from_mem && target !== 'map_value' && target !== 'data') {
    path.reject(
      'BPF-V047',
      `${name} must be memory of a map value or of global data, but is ${describeValue(path, value)}`,
      { help: 'a dynptr must not outlive its memory: put the bytes in a map', registers },
    );
  }
}

/** Memory of a constant size above 0. Writes happen after all arguments were read. */
export function argumentMemory(
  path: Path,
  call: Call,
  register: number,
  size: number,
  access: Access,
): void {
  memoryType(path, call, register, 'MEM');
  touch(path, call, register, size, access);
}

function touch(path: Path, call: Call, register: number, size: number, access: Access): void {
  if (size === 0) return;
  if (access === 'write') {
    call.writes.push(() => checkMemory(path, register, size, { read: false, write: true }));
  } else {
    checkMemory(path, register, size, { read: true, write: access === 'both' });
  }
}

/** Memory of a fixed size, aligned. */
export function fixedMemory(
  path: Path,
  call: Call,
  register: number,
  size: number,
  access: Access,
  alignment: number,
): void {
  memoryType(path, call, register, 'MEM');
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'pointer' && alignment > 1) {
    const packet = value.target.kind.startsWith('packet');
    if (packet || value.offset % alignment !== 0 || !isAligned(value.variable, alignment)) {
      path.reject(
        'BPF-V030',
        `${argumentName(call.helper, register)} must be aligned to ${alignment} bytes`,
        { help: 'declare the variable with its natural type and alignment', registers: [register] },
      );
    }
  }
  touch(path, call, register, size, access);
}

/** The size in `register` and the memory in the register before. */
export function memoryWithSize(path: Path, call: Call, register: number, zero: boolean): void {
  const size = path.state.frame.registers[register]!;
  const { helper } = call;
  const name = argumentName(helper, register);
  const registers = [register];
  if (size.kind !== 'scalar') {
    path.reject('BPF-V033', `${name} must be a size, but is ${describeValue(path, size)}`, {
      help: 'pass the number of bytes that the argument before points to',
      registers,
    });
  }
  const { range } = size;
  if (range.signedMinimum < 0) {
    path.reject('BPF-V034', `${name}, a size, may be negative`, {
      help: 'make the variable unsigned, or test that it is not below 0',
      registers,
    });
  }
  if (!zero && range.unsignedMinimum === 0) {
    path.reject('BPF-V034', `${name}, a size, may be 0`, {
      help: 'test that it is above 0',
      registers,
    });
  }
  const largest = range.unsignedMaximum;
  if (largest >= LARGEST_SIZE) {
    path.reject('BPF-V034', `${name}, a size, has no upper bound below 2^29`, {
      help: 'compare it with the size of the buffer, or mask it: size &= sizeof(buffer) - 1',
      registers,
    });
  }
  // Before the memory: its bytes may be those of the size's own slot.
  path.markPrecise(register);
  call.largestSize = largest;
  if (largest === 0) return;
  const memory = helper.arguments[register - 2]!;
  refuseNull(path, call, register - 1);
  if (memory.startsWith('MEM_RDONLY')) {
    checkMemory(path, register - 1, largest, { read: true, write: false });
  } else if (memory.startsWith('MEM_UNINIT')) {
    const least = range.unsignedMinimum;
    call.writes.push(() =>
      checkMemory(path, register - 1, largest, { read: false, write: true, least }),
    );
  } else {
    checkMemory(path, register - 1, largest, { read: true, write: true });
  }
}

/**
 * Refuses null with a size that may be above 0. The kernel refuses only the constant, and leaves it to each
 * helper to look; here helpers come from whoever runs the program.
 */
function refuseNull(path: Path, call: Call, register: number): void {
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'pointer' && !value.nullable) return;
  const is = value.kind === 'pointer' ? 'may be' : 'is';
  path.reject(
    'BPF-V028',
    `${argumentName(call.helper, register)} ${is} null, but its size is not always 0`,
    {
      help: 'compare the pointer with NULL first, and pass 0 as the size of what is not there',
      registers: [register, register + 1],
    },
  );
}
