/*
 * BPF_MAP_TYPE_ARRAY: values side by side, `memory` is the first. A data section of an object is an
 * array of one element whose memory is the section itself.
 */
#include "../core/string.h"
#include "array_common.h"

#define ARRAY_FLAGS (BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_ACCESS | BPF_F_INNER_MAP)
#define PAGE_SIZE 4096u

static int array_create(struct bpftime_map *map)
{
	int error = bpftime_array_check(map, ARRAY_FLAGS);
	uint64_t bytes = bpftime_value_stride(map->value_size) * map->max_entries;
	/* Elements that a host maps by themselves start a page of their own. */
	uint64_t offset = map->flags & BPF_F_MMAPABLE ? PAGE_SIZE : sizeof(struct bpftime_map_header);
	struct bpftime_map_header *header;

	if (error)
		return error;
	header = bpftime_map_region(map, offset + bytes, offset, 1);
	if (!header)
		return -ENOMEM;
	map->state = header;
	map->memory = (char *)header + offset;
	return 0;
}

static void *array_lookup(struct bpftime_map *map, const void *key)
{
	uint32_t index = array_index(key);

	if (unlikely(index >= map->max_entries))
		return NULL;
	return (char *)map->memory + index * bpftime_value_stride(map->value_size);
}

static long array_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	long error = bpftime_array_update_check(map, key, flags);

	if (error)
		return error;
	memcpy(array_lookup(map, key), value, map->value_size);
	return 0;
}

const struct map_operations bpftime_array_operations = {
	.create = array_create,
	.lookup = array_lookup,
	.update = array_update,
	.remove = bpftime_array_remove,
	.next_key = bpftime_array_next_key,
	.for_each = bpftime_array_for_each,
};
