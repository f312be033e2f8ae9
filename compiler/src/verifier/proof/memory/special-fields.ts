/** Whether values of a map have a special field of some type: asked at every call that takes the map. */
import type { BpfMap, BpfObject } from '../../../object/index.ts';
import { type SpecialField, specialFieldsOfMap } from './map-value-fields.ts';

/** C types of the fields, by the list of them, of which each map has one. */
const typesOf = new WeakMap<readonly SpecialField[], ReadonlySet<string>>();

/** Whether BTF declares a field of this C type in the values of the map. */
export function hasSpecialField(object: BpfObject, map: BpfMap, type: string): boolean {
  const fields = specialFieldsOfMap(object, map);
  let types = typesOf.get(fields);
  if (types === undefined) {
    types = new Set(fields.map((field) => field.type));
    typesOf.set(fields, types);
  }
  return types.has(type);
}

/** Whether values of the map have a spin lock: pointers to different elements are then told apart. */
export function hasLock(object: BpfObject, map: BpfMap): boolean {
  return hasSpecialField(object, map, 'struct bpf_spin_lock');
}
