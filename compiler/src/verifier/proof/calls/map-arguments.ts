/** Maps, keys and values as arguments of helpers. */
import { hasLock, hasSpecialField } from '../memory/special-fields.ts';
import type { Path } from '../path.ts';
import { BYTE } from '../state.ts';
import { pointerTo } from './argument-types.ts';
import type { Call } from './call.ts';
import { argumentName } from './describe.ts';
import { forbidsWriting, mapMisfit } from './map-helpers.ts';
import { argumentMemory } from './memory-arguments.ts';

/** A map: of a type that fits the helper, with values that fit the program. */
export function mapArgument(path: Path, call: Call, register: number): void {
  const { helper } = call;
  const { target } = pointerTo(path, call, register, 'map');
  const { map, unique } = target;
  const misfit = mapMisfit(helper, map);
  const registers = [register];
  if (misfit !== undefined) {
    path.reject('BPF-V052', misfit.message, { help: misfit.help, registers });
  }
  if (!path.layout.spinLocks && hasLock(path.object, map)) {
    path.reject(
      'BPF-V052',
      `programs of this type (${path.layout.kind}) cannot use ${map.name}: its values have a spin lock`,
      { help: 'use atomic operations instead of the lock, or another map', registers },
    );
  }
  if (!path.layout.timers && hasSpecialField(path.object, map, 'struct bpf_timer')) {
    path.reject(
      'BPF-V052',
      `programs of this type (${path.layout.kind}) cannot use ${map.name}: its values have a timer`,
      { help: 'use another map', registers },
    );
  }
  if (forbidsWriting(helper, map)) {
    path.reject('BPF-V027', `${map.name} is read-only for programs (BPF_F_RDONLY_PROG)`, {
      help: 'let user space change the map, or drop the flag',
      registers,
    });
  }
  const { timer } = call;
  if (timer !== undefined && (timer.map !== map || timer.unique !== unique)) {
    path.reject(
      'BPF-V033',
      `${argumentName(helper, register)} must be the map whose value holds the timer`,
      { help: 'pass the map that the value was looked up in', registers },
    );
  }
  call.map = { map, unique };
}

/** The key of an element: read. */
export function mapKey(path: Path, call: Call, register: number): void {
  const { map } = call.map!;
  argumentMemory(path, call, register, map.keySize, 'read');
  const plain = map.typeName === 'array' || map.typeName === 'percpu_array';
  call.constantKey = plain ? constantKey(path, register) : undefined;
}

/**
 * A value of the map: read, or written after everything was read. A Bloom filter is asked about a value
 * by the helper that other maps write one with: it reads.
 */
export function mapValue(path: Path, call: Call, register: number, how: 'read' | 'write'): void {
  const { map } = call.map!;
  const access = map.typeName === 'bloom_filter' ? 'read' : how;
  argumentMemory(path, call, register, map.valueSize, access);
}

/** The number that a key of 4 bytes on the stack is, when all paths to here agree on it. */
function constantKey(path: Path, register: number): number | undefined {
  const value = path.state.frame.registers[register]!;
  if (value.kind !== 'pointer' || value.target.kind !== 'stack') return undefined;
  const variable = value.variable.constantNumber;
  if (variable === undefined) return undefined;
  const offset = value.offset + variable;
  const index = Math.floor(-(offset + 1) / 8);
  const first = offset + 8 * (index + 1);
  const slot = path.state.frames[value.target.frame]!.slot(index);
  if (first > 4) return undefined;
  const kinds = [0, 1, 2, 3].map((byte) => (slot.bytes >>> (4 * (first + byte))) & 15);
  if (kinds.every((kind) => kind === BYTE.ZERO)) return 0;
  // Spilled values begin at the slot's lowest address, and only the whole of one is known.
  const next = first + 4 < 8 ? (slot.bytes >>> (4 * (first + 4))) & 15 : -1;
  const whole =
    first === 0 && next !== BYTE.SPILLED && kinds.every((kind) => kind === BYTE.SPILLED);
  if (!whole || slot.value?.kind !== 'scalar') return undefined;
  const { constantValue } = slot.value.range;
  if (constantValue === undefined) return undefined;
  path.markSlotPrecise(value.target.frame, index);
  return Number(constantValue & 0xffff_ffffn);
}
