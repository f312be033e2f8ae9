/* BPF_MAP_TYPE_HASH_OF_MAPS: the value is the address of an inner map; a lookup gives the map itself. */
#include "hash_engine.h"

static const struct hash_traits traits = {
	.flags = BPF_F_NUMA_NODE | BPF_F_ACCESS | BPF_F_ZERO_SEED,
};

static int hash_of_maps_create(struct bpftime_map *map)
{
	/* The kernel's value is a file descriptor or an id. */
	if (!map->inner || map->value_size != 4)
		return -EINVAL;
	return bpftime_hash_create(map, &traits, sizeof(struct bpftime_map *));
}

static void *hash_of_maps_lookup(struct bpftime_map *map, const void *key)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	if (!element)
		return NULL;
	element += bpftime_hash_value_offset(map->key_size, BPFTIME_HASH_PLAIN);
	return *(struct bpftime_map **)(void *)element;
}

static long hash_of_maps_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	const struct bpftime_map *inner = value;

	if (!inner || !inner->memory || !bpftime_map_same_definition(map->inner, inner))
		return -EINVAL;
	return bpftime_hash_update(map, &traits, key, &inner, sizeof(inner), flags);
}

static long hash_of_maps_remove(struct bpftime_map *map, const void *key)
{
	return bpftime_hash_remove(map, &traits, key);
}

static long hash_of_maps_next_key(struct bpftime_map *map, const void *key, void *next)
{
	return bpftime_hash_next_key(map, &traits, key, next);
}

const struct map_operations bpftime_hash_of_maps_operations = {
	.create = hash_of_maps_create,
	.lookup = hash_of_maps_lookup,
	.update = hash_of_maps_update,
	.remove = hash_of_maps_remove,
	.next_key = hash_of_maps_next_key,
};
