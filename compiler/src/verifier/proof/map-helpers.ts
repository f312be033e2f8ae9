/** Which helpers take which types of maps. */
import type { BpfMap } from '../../object/index.ts';
import type { Helper } from '../helpers.ts';

const TAIL_CALL = 12;
const LOOKUP = 1;

/** Types of maps that only these helpers take. */
const BY_TYPE: ReadonlyMap<string, ReadonlySet<number>> = new Map(
  Object.entries({
    prog_array: [TAIL_CALL],
    perf_event_array: [22, 25, 55, 111, 121],
    stack_trace: [27],
    cgroup_array: [33, 37],
    cgroup_storage: [81],
    percpu_cgroup_storage: [81],
    devmap: [51, LOOKUP],
    devmap_hash: [51, LOOKUP],
    cpumap: [51],
    xskmap: [51, LOOKUP],
    array_of_maps: [LOOKUP],
    hash_of_maps: [LOOKUP],
    sockmap: [52, 53, 3, 60, 82, LOOKUP, 2],
    sockhash: [72, 70, 3, 71, 82, LOOKUP, 2],
    reuseport_sockarray: [82],
    queue: [87, 88, 89],
    stack: [87, 88, 89],
    sk_storage: [107, 108],
    inode_storage: [145, 146],
    task_storage: [156, 157],
    cgrp_storage: [210, 211],
    bloom_filter: [87, 89],
    ringbuf: [130, 131, 134, 198],
    user_ringbuf: [209],
    arena: [],
  }).map(([type, numbers]) => [type, new Set(numbers)]),
);

const HASHES_AND_ARRAYS = [
  ...['hash', 'percpu_hash', 'lru_hash', 'lru_percpu_hash'],
  ...['array', 'percpu_array'],
];

/** Helpers that only take these types of maps. */
const BY_HELPER: ReadonlyMap<number, readonly string[]> = new Map<number, readonly string[]>([
  [TAIL_CALL, ['prog_array']],
  ...[22, 25, 55].map((number) => [number, ['perf_event_array']] as const),
  [27, ['stack_trace']],
  [51, ['devmap', 'devmap_hash', 'cpumap', 'xskmap']],
  [87, ['queue', 'stack', 'bloom_filter']],
  [88, ['queue', 'stack']],
  [89, ['queue', 'stack', 'bloom_filter']],
  ...[130, 131, 134, 198].map((number) => [number, ['ringbuf']] as const),
  [164, HASHES_AND_ARRAYS],
  [195, ['percpu_array', 'percpu_hash', 'lru_percpu_hash']],
  [209, ['user_ringbuf']],
]);

/** Types of maps, for messages. */
function wanted(types: readonly string[]): string {
  const names = types.map((type) => `BPF_MAP_TYPE_${type.toUpperCase()}`);
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Why a helper cannot take a map of this type; undefined when it can. */
export function mapMisfit(
  helper: Helper,
  map: BpfMap,
): { readonly message: string; readonly help: string } | undefined {
  const only = BY_HELPER.get(helper.number);
  const message = `bpf_${helper.name}() does not work on ${map.name}, a map of type BPF_MAP_TYPE_${map.typeName.toUpperCase()}`;
  if (only !== undefined && !only.includes(map.typeName)) {
    return { message, help: `it takes a map of type ${wanted(only)}` };
  }
  if (BY_TYPE.get(map.typeName)?.has(helper.number) === false) {
    return { message, help: `use the helpers that maps of that type are for` };
  }
  return undefined;
}

const READ_ONLY_TO_PROGRAMS = 1 << 7;
const WRITERS = new Set([2, 3, 87, 88]);

/** Whether the map's flags forbid programs what the helper does. */
export function forbidsWriting(helper: Helper, map: BpfMap): boolean {
  return (map.flags & READ_ONLY_TO_PROGRAMS) !== 0 && WRITERS.has(helper.number);
}

/** Whether the elements of the map are maps. */
export function holdsMaps(map: BpfMap): boolean {
  return map.typeName === 'array_of_maps' || map.typeName === 'hash_of_maps';
}
