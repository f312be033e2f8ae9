/* BPF_MAP_TYPE_LRU_PERCPU_HASH: a value for each possible CPU under one key; evicts when full. */
#include "../core/processor.h"
#include "hash_engine.h"

static const struct hash_traits traits = {
	.evicts = true,
	.percpu = true,
	.flags = BPF_F_NO_COMMON_LRU | BPF_F_ACCESS | BPF_F_ZERO_SEED,
};

static int lru_percpu_hash_create(struct bpftime_map *map)
{
	return bpftime_hash_create(map, &traits, map->value_size);
}

static void *value_of(struct bpftime_map *map, char *element)
{
	return bpftime_hash_cpu_value(hash_of(map), element, map->value_size, bpftime_processor_current());
}

static void *lru_percpu_hash_lookup(struct bpftime_map *map, const void *key)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	if (!element)
		return NULL;
	if (__atomic_load_n(bpftime_hash_use(element), __ATOMIC_RELAXED) == BPFTIME_HASH_IDLE)
		__atomic_store_n(bpftime_hash_use(element), BPFTIME_HASH_USED, __ATOMIC_RELAXED);
	return value_of(map, element);
}

static void *lru_percpu_hash_lookup_cpu(struct bpftime_map *map, const void *key, uint32_t cpu)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	if (!element || cpu >= hash_of(map)->header.cpu_count)
		return NULL;
	return bpftime_hash_cpu_value(hash_of(map), element, map->value_size, cpu);
}

static long lru_percpu_hash_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	return bpftime_hash_update_cpu(map, &traits, key, value, false, flags);
}

static long lru_percpu_hash_update_all(struct bpftime_map *map, const void *key, const void *values, uint64_t flags)
{
	return bpftime_hash_update_cpu(map, &traits, key, values, true, flags);
}

static long lru_percpu_hash_remove(struct bpftime_map *map, const void *key)
{
	return bpftime_hash_remove(map, &traits, key);
}

static long lru_percpu_hash_next_key(struct bpftime_map *map, const void *key, void *next)
{
	return bpftime_hash_next_key(map, &traits, key, next);
}

static long lru_percpu_hash_for_each(struct bpftime_map *map, map_callback callback, void *context)
{
	return bpftime_hash_for_each(map, &traits, value_of, callback, context);
}

const struct map_operations bpftime_lru_percpu_hash_operations = {
	.create = lru_percpu_hash_create,
	.lookup = lru_percpu_hash_lookup,
	.lookup_cpu = lru_percpu_hash_lookup_cpu,
	.update = lru_percpu_hash_update,
	.update_all = lru_percpu_hash_update_all,
	.remove = lru_percpu_hash_remove,
	.next_key = lru_percpu_hash_next_key,
	.for_each = lru_percpu_hash_for_each,
};
