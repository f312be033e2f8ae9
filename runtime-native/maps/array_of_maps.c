/* BPF_MAP_TYPE_ARRAY_OF_MAPS: a lookup gives the inner map itself, for use by the next helper. */
#include "slots.h"

static int array_of_maps_create(struct bpftime_map *map)
{
	if (!map->inner)
		return -EINVAL;
	return bpftime_slots_create(map, BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY);
}

static long array_of_maps_update(struct bpftime_map *map, const void *key, const void *value,
				 uint64_t flags)
{
	const struct bpftime_map *inner = value;

	if (!inner || !inner->memory || !bpftime_map_same_definition(map->inner, inner))
		return -EINVAL;
	return bpftime_slots_set(map, key, value, flags);
}

const struct map_operations bpftime_array_of_maps_operations = {
	.create = array_of_maps_create,
	.lookup = bpftime_slots_get,
	.update = array_of_maps_update,
	.remove = bpftime_slots_clear,
	.next_key = bpftime_array_next_key,
};
