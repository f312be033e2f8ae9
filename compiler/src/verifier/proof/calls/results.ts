/** What helpers return. */
import { rangeScalar, type Scalar, signedRange, UNKNOWN } from '../../domain/index.ts';
import { HELPER } from '../../helper-numbers.ts';
import { hasLock } from '../memory/special-fields.ts';
import type { Path } from '../path.ts';
import { PointerValue, ScalarValue, type Target, UNINITIALISED, type Value } from '../value.ts';
import type { Call } from './call.ts';
import { holdsMaps } from './map-helpers.ts';
import { acquire } from './references.ts';

/** Helpers that return how many bytes they wrote, or an error number. */
const RETURN_SIZE = new Set<number>([
  HELPER.probe_read_str,
  HELPER.get_stack,
  HELPER.probe_read_user_str,
  HELPER.probe_read_kernel_str,
]);
const LARGEST_ERROR = 4095;
const LARGEST_INT = 0x7fff_ffff;

/** No Linux has more processors. */
const PROCESSORS = rangeScalar(0, 8191);
const UNKNOWN_NUMBER = new ScalarValue(UNKNOWN);

/**
 * Whether all elements below `maxEntries` are there. An inner map has as many as its definition says only if
 * it is an array: of those for each CPU whoever updates the outer map may put in shorter ones.
 */
function hasAllElements({ map, unique }: NonNullable<Call['map']>): boolean {
  return map.typeName === 'array' || (map.typeName === 'percpu_array' && unique === 0);
}

/** What a lookup in the map gives: a value, or, in a map of maps, a map. */
function element(path: Path, call: Call): Target {
  const { map, unique } = call.map!;
  if (!holdsMaps(map)) return { kind: 'map_value', map, unique };
  if (map.inner === undefined) {
    return path.reject('BPF-V052', `${map.name} does not say what its inner maps are like`, {
      help: 'define the inner map in its definition: __array(values, struct inner_map)',
      registers: [1],
    });
  }
  return { kind: 'map', map: map.inner, unique: path.newId() };
}

function mapValue(path: Path, call: Call, optional: boolean): Value {
  const { map } = call.map!;
  const target = element(path, call);
  const { constantKey } = call;
  const found =
    call.helper.number === HELPER.map_lookup_elem &&
    hasAllElements(call.map!) &&
    constantKey !== undefined &&
    constantKey < map.maxEntries;
  const nullable = optional && !found;
  // Locks are told apart by the ids of the pointers that they are taken through.
  const locked = hasLock(path.object, map);
  return new PointerValue(target, { nullable, id: nullable || locked ? path.newId() : 0 });
}

function integer({ helper, largestSize }: Call): Scalar {
  if (helper.number === HELPER.get_smp_processor_id) return PROCESSORS;
  if (RETURN_SIZE.has(helper.number) && largestSize !== undefined) {
    return signedRange(-LARGEST_ERROR, Math.min(largestSize, LARGEST_INT));
  }
  return UNKNOWN;
}

/** The value of r0 after the call. Acquires what the helper hands out. */
export function resultOf(path: Path, call: Call): Value {
  const { helper } = call;
  const nullable = helper.result.endsWith('_OR_NULL');
  switch (helper.result) {
    case 'VOID':
      return UNINITIALISED;
    case 'INTEGER':
      // A tail call comes back only when it failed, and then tells nothing.
      if (helper.number === HELPER.tail_call) return UNINITIALISED;
      return helper.number === HELPER.get_smp_processor_id || RETURN_SIZE.has(helper.number)
        ? new ScalarValue(integer(call))
        : UNKNOWN_NUMBER;
    case 'MAP_VALUE':
    case 'MAP_VALUE_OR_NULL':
      return mapValue(path, call, nullable);
    case 'ALLOC_MEM_OR_NULL': {
      const reference = acquire(path, 'ringbuf');
      return new PointerValue(memory(call, 'ring-buffer record', 8), {
        nullable: true,
        id: reference,
        reference,
      });
    }
    case 'DYNPTR_MEM_OR_NULL':
      return new PointerValue(memory(call, 'dynptr slice', 1), {
        nullable: true,
        id: path.newId(),
        reference: call.dynptr!.reference,
      });
    default:
      return path.reject(
        'BPF-V004',
        `bpf_${helper.name}() returns an object of the kernel; there are none outside it`,
      );
  }
}

function memory(call: Call, name: string, alignment: 1 | 8): Target {
  return { kind: 'memory', size: call.allocation!, writable: true, alignment, name };
}
