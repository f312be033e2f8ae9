/* BPF_MAP_TYPE_HASH. */
#include "hash_engine.h"

static const struct hash_traits traits = {
	.flags = BPF_F_NUMA_NODE | BPF_F_ACCESS | BPF_F_ZERO_SEED,
};

static int hash_create(struct bpftime_map *map)
{
	return bpftime_hash_create(map, &traits, map->value_size);
}

static void *value_of(struct bpftime_map *map, char *element)
{
	return element + bpftime_hash_value_offset(map->key_size, BPFTIME_HASH_PLAIN);
}

static void *hash_lookup(struct bpftime_map *map, const void *key)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	return element ? value_of(map, element) : NULL;
}

static long hash_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	return bpftime_hash_update(map, &traits, key, value, map->value_size, flags);
}

static long hash_remove(struct bpftime_map *map, const void *key)
{
	return bpftime_hash_remove(map, &traits, key);
}

static long hash_next_key(struct bpftime_map *map, const void *key, void *next)
{
	return bpftime_hash_next_key(map, &traits, key, next);
}

static long hash_for_each(struct bpftime_map *map, map_callback callback, void *context)
{
	return bpftime_hash_for_each(map, &traits, value_of, callback, context);
}

const struct map_operations bpftime_hash_operations = {
	.create = hash_create,
	.lookup = hash_lookup,
	.update = hash_update,
	.remove = hash_remove,
	.next_key = hash_next_key,
	.for_each = hash_for_each,
};
