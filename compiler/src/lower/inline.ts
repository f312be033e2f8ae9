import type { BpfMap } from '../object/index.ts';
import type { Helper } from '../verifier/index.ts';
import { helperArgument } from './calls.ts';
import type { FunctionState } from './state.ts';

/**
 * Lookups that the runtime has as bitcode (runtime-native/inline/inline.h), by map type; each takes the
 * map, the key, and what of the definition it needs, as constants.
 */
const LOOKUPS: ReadonlyMap<string, { name: string; constants(map: BpfMap): readonly number[] }> =
  new Map([
    ['array', { name: 'array_lookup', constants: (map) => [stride(map), map.maxEntries] }],
    [
      'percpu_array',
      { name: 'percpu_array_lookup', constants: (map) => [stride(map), map.maxEntries] },
    ],
    ['hash', { name: 'hash_lookup', constants: sizes }],
    ['lru_hash', { name: 'lru_hash_lookup', constants: sizes }],
    ['percpu_hash', { name: 'percpu_hash_lookup', constants: sizes }],
    ['lru_percpu_hash', { name: 'lru_percpu_hash_lookup', constants: sizes }],
    ['array_of_maps', { name: 'array_of_maps_lookup', constants: (map) => [map.maxEntries] }],
  ]);

function sizes(map: BpfMap): readonly number[] {
  return [map.keySize, map.valueSize];
}

function stride(map: BpfMap): number {
  return Math.ceil(map.valueSize / 8) * 8;
}

/** The call that stands for a helper's where the runtime's bitcode has it for this map. */
export function inlineCall(state: FunctionState, helper: Helper): string | undefined {
  if (helper.name === 'loop') return call(state, 'i64', 'loop', helper, []);
  const map = state.module.object.maps[state.facts.constantMap(state.index) ?? -1];
  if (map === undefined) return undefined;
  if (helper.name === 'map_lookup_elem') {
    const lookup = LOOKUPS.get(map.typeName);
    if (lookup === undefined) return undefined;
    return call(state, 'i8*', lookup.name, helper, lookup.constants(map), map);
  }
  if (helper.name === 'map_update_elem' && map.typeName === 'array') {
    return call(state, 'i64', 'array_update', helper, [map.valueSize, map.maxEntries]);
  }
  return undefined;
}

function call(
  state: FunctionState,
  result: 'i64' | 'i8*',
  name: string,
  helper: Helper,
  constants: readonly number[],
  valuesOf?: BpfMap,
): string {
  const types = helper.arguments.map((kind) =>
    kind === 'ANYTHING' ? ('i64' as const) : ('i8*' as const),
  );
  const symbol = `@bpftime_inline_${name}`;
  const all = [...types, ...constants.map(() => 'i64')];
  state.module.declare(symbol, `declare ${result} ${symbol}(${all.join(', ')}) nounwind`);
  const values = types.map((type, index) => `${type} ${helperArgument(state, helper, index)}`);
  for (const constant of constants) values.push(`i64 ${constant}`);
  const known =
    valuesOf !== undefined && valuesOf.inner === undefined && valuesOf.valueSize > 0
      ? `align 8 dereferenceable_or_null(${valuesOf.valueSize}) `
      : '';
  return `call ${known}${result} ${symbol}(${values.join(', ')})`;
}
