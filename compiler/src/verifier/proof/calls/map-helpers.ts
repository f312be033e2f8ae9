/** Which helpers take which types of maps. */
import type { BpfMap } from '../../../object/index.ts';
import { HELPER } from '../../helper-numbers.ts';
import type { Helper } from '../../helpers.ts';

/** Types of maps that only these helpers take. */
const BY_TYPE: ReadonlyMap<string, ReadonlySet<number>> = new Map(
  Object.entries({
    prog_array: [HELPER.tail_call],
    perf_event_array: [
      HELPER.perf_event_read,
      HELPER.perf_event_output,
      HELPER.perf_event_read_value,
      HELPER.skb_output,
      HELPER.xdp_output,
    ],
    stack_trace: [HELPER.get_stackid],
    cgroup_array: [HELPER.skb_under_cgroup, HELPER.current_task_under_cgroup],
    cgroup_storage: [HELPER.get_local_storage],
    percpu_cgroup_storage: [HELPER.get_local_storage],
    devmap: [HELPER.redirect_map, HELPER.map_lookup_elem],
    devmap_hash: [HELPER.redirect_map, HELPER.map_lookup_elem],
    cpumap: [HELPER.redirect_map],
    xskmap: [HELPER.redirect_map, HELPER.map_lookup_elem],
    array_of_maps: [HELPER.map_lookup_elem],
    hash_of_maps: [HELPER.map_lookup_elem],
    sockmap: [
      HELPER.sk_redirect_map,
      HELPER.sock_map_update,
      HELPER.map_delete_elem,
      HELPER.msg_redirect_map,
      HELPER.sk_select_reuseport,
      HELPER.map_lookup_elem,
      HELPER.map_update_elem,
    ],
    sockhash: [
      HELPER.sk_redirect_hash,
      HELPER.sock_hash_update,
      HELPER.map_delete_elem,
      HELPER.msg_redirect_hash,
      HELPER.sk_select_reuseport,
      HELPER.map_lookup_elem,
      HELPER.map_update_elem,
    ],
    reuseport_sockarray: [HELPER.sk_select_reuseport],
    queue: [HELPER.map_push_elem, HELPER.map_pop_elem, HELPER.map_peek_elem],
    stack: [HELPER.map_push_elem, HELPER.map_pop_elem, HELPER.map_peek_elem],
    sk_storage: [HELPER.sk_storage_get, HELPER.sk_storage_delete],
    inode_storage: [HELPER.inode_storage_get, HELPER.inode_storage_delete],
    task_storage: [HELPER.task_storage_get, HELPER.task_storage_delete],
    cgrp_storage: [HELPER.cgrp_storage_get, HELPER.cgrp_storage_delete],
    bloom_filter: [HELPER.map_push_elem, HELPER.map_peek_elem],
    ringbuf: [
      HELPER.ringbuf_output,
      HELPER.ringbuf_reserve,
      HELPER.ringbuf_query,
      HELPER.ringbuf_reserve_dynptr,
    ],
    user_ringbuf: [HELPER.user_ringbuf_drain],
    arena: [],
  }).map(([type, numbers]) => [type, new Set(numbers)]),
);

const HASHES_AND_ARRAYS = [
  ...['hash', 'percpu_hash', 'lru_hash', 'lru_percpu_hash'],
  ...['array', 'percpu_array'],
];

/** Helpers that only take these types of maps. */
const BY_HELPER: ReadonlyMap<number, readonly string[]> = new Map<number, readonly string[]>([
  [HELPER.tail_call, ['prog_array']],
  ...[HELPER.perf_event_read, HELPER.perf_event_output, HELPER.perf_event_read_value].map(
    (number) => [number, ['perf_event_array']] as const,
  ),
  [HELPER.get_stackid, ['stack_trace']],
  [HELPER.redirect_map, ['devmap', 'devmap_hash', 'cpumap', 'xskmap']],
  [HELPER.map_push_elem, ['queue', 'stack', 'bloom_filter']],
  [HELPER.map_pop_elem, ['queue', 'stack']],
  [HELPER.map_peek_elem, ['queue', 'stack', 'bloom_filter']],
  ...[
    HELPER.ringbuf_output,
    HELPER.ringbuf_reserve,
    HELPER.ringbuf_query,
    HELPER.ringbuf_reserve_dynptr,
  ].map((number) => [number, ['ringbuf']] as const),
  [HELPER.for_each_map_elem, HASHES_AND_ARRAYS],
  [HELPER.map_lookup_percpu_elem, ['percpu_array', 'percpu_hash', 'lru_percpu_hash']],
  [HELPER.user_ringbuf_drain, ['user_ringbuf']],
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
const WRITERS = new Set<number>([
  HELPER.map_update_elem,
  HELPER.map_delete_elem,
  HELPER.map_push_elem,
  HELPER.map_pop_elem,
]);

/** Whether the map's flags forbid programs what the helper does. */
export function forbidsWriting(helper: Helper, map: BpfMap): boolean {
  return (map.flags & READ_ONLY_TO_PROGRAMS) !== 0 && WRITERS.has(helper.number);
}

/** Whether the elements of the map are maps. */
export function holdsMaps(map: BpfMap): boolean {
  return map.typeName === 'array_of_maps' || map.typeName === 'hash_of_maps';
}
