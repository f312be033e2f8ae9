/** BPF_MAP_TYPE_* by number, in lower case without the prefix. */
const NAMES = [
  ...['unspec', 'hash', 'array', 'prog_array', 'perf_event_array', 'percpu_hash', 'percpu_array'],
  ...['stack_trace', 'cgroup_array', 'lru_hash', 'lru_percpu_hash', 'lpm_trie', 'array_of_maps'],
  ...['hash_of_maps', 'devmap', 'sockmap', 'cpumap', 'xskmap', 'sockhash', 'cgroup_storage'],
  ...['reuseport_sockarray', 'percpu_cgroup_storage', 'queue', 'stack', 'sk_storage'],
  ...['devmap_hash', 'struct_ops', 'ringbuf', 'inode_storage', 'task_storage', 'bloom_filter'],
  ...['user_ringbuf', 'cgrp_storage', 'arena'],
] as const;

/** The name of a map type's number; undefined when there is no such type. */
export function mapTypeName(type: number): string | undefined {
  return type === 0 ? undefined : NAMES[type];
}

/** Whether the elements of a map type are maps. */
export function holdsMaps(typeName: string): boolean {
  return typeName === 'array_of_maps' || typeName === 'hash_of_maps';
}

const ARRAYS = new Set([
  ...['array', 'percpu_array', 'prog_array', 'perf_event_array', 'cgroup_array', 'array_of_maps'],
  ...['stack_trace', 'devmap', 'cpumap', 'xskmap', 'sockmap', 'reuseport_sockarray'],
]);
const HASHES = new Set([
  ...['hash', 'percpu_hash', 'lru_hash', 'lru_percpu_hash', 'hash_of_maps', 'lpm_trie'],
  ...['devmap_hash', 'sockhash'],
]);
const KEYLESS = new Set(['queue', 'stack', 'bloom_filter']);
const RING_BUFFERS = new Set(['ringbuf', 'user_ringbuf']);
/** Elements are numbers of files, programs or maps. */
const HANDLES = new Set([
  ...['prog_array', 'perf_event_array', 'cgroup_array', 'array_of_maps', 'hash_of_maps'],
]);

/** Sizes that a definition need not state because only one is possible. */
export function impliedSizes(typeName: string): { readonly key?: number; readonly value?: number } {
  if (!HANDLES.has(typeName)) return {};
  return typeName === 'hash_of_maps' ? { value: 4 } : { key: 4, value: 4 };
}

/** Why the kernel would refuse a map of these sizes, or undefined when it would not for that reason. */
export function sizeProblem(
  typeName: string,
  keySize: number,
  valueSize: number,
): string | undefined {
  if (ARRAYS.has(typeName) && keySize !== 4) return `needs keys of 4 bytes, but has ${keySize}`;
  if (HANDLES.has(typeName) && valueSize !== 4) {
    return `needs values of 4 bytes, but has ${valueSize}`;
  }
  if (HASHES.has(typeName) && keySize === 0) return 'needs a key';
  if (KEYLESS.has(typeName) && keySize !== 0)
    return `takes no key, but has one of ${keySize} bytes`;
  if (RING_BUFFERS.has(typeName)) {
    return keySize === 0 && valueSize === 0 ? undefined : 'takes neither key nor value';
  }
  if (typeName === 'lpm_trie' && (keySize < 5 || keySize > 260)) {
    return `needs keys of 5 to 260 bytes (4 for the length of the prefix), but has ${keySize}`;
  }
  if (typeName === 'stack_trace' && (valueSize < 8 || valueSize % 8 !== 0)) {
    return `needs values of whole 8-byte addresses, but has ${valueSize} bytes`;
  }
  const needsValue = ARRAYS.has(typeName) || HASHES.has(typeName) || KEYLESS.has(typeName);
  if (needsValue && valueSize === 0) return 'needs a value';
  // The kernel keeps keys on the stack of programs.
  if (keySize > 512) return `has keys of ${keySize} bytes, more than the 512 that are possible`;
  if (valueSize > 0x7fff_ffff) return `has values of ${valueSize} bytes`;
  return undefined;
}
