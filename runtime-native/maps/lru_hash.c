/* BPF_MAP_TYPE_LRU_HASH: when it is full, a new key takes the place of one that was not used lately. */
#include "hash_engine.h"

static const struct hash_traits traits = {
	.evicts = true,
	.flags = BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_ACCESS | BPF_F_ZERO_SEED,
};

static int lru_hash_create(struct bpftime_map *map)
{
	return bpftime_hash_create(map, &traits, map->value_size);
}

static void *value_of(struct bpftime_map *map, char *element)
{
	return element + bpftime_hash_value_offset(map->key_size, BPFTIME_HASH_WIDE);
}

static void *lru_hash_lookup(struct bpftime_map *map, const void *key)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	if (!element)
		return NULL;
	/* Written only when it changes: readers on many CPUs then share the line. */
	if (__atomic_load_n(bpftime_hash_use(element), __ATOMIC_RELAXED) == BPFTIME_HASH_IDLE)
		__atomic_store_n(bpftime_hash_use(element), BPFTIME_HASH_USED, __ATOMIC_RELAXED);
	return value_of(map, element);
}

static long lru_hash_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	return bpftime_hash_update(map, &traits, key, value, map->value_size, flags);
}

static long lru_hash_remove(struct bpftime_map *map, const void *key)
{
	return bpftime_hash_remove(map, &traits, key);
}

static long lru_hash_next_key(struct bpftime_map *map, const void *key, void *next)
{
	return bpftime_hash_next_key(map, &traits, key, next);
}

static long lru_hash_for_each(struct bpftime_map *map, map_callback callback, void *context)
{
	return bpftime_hash_for_each(map, &traits, value_of, callback, context);
}

const struct map_operations bpftime_lru_hash_operations = {
	.create = lru_hash_create,
	.lookup = lru_hash_lookup,
	.update = lru_hash_update,
	.remove = lru_hash_remove,
	.next_key = lru_hash_next_key,
	.for_each = lru_hash_for_each,
};
