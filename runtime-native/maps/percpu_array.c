/*
 * BPF_MAP_TYPE_PERCPU_ARRAY: one array of values for each possible CPU, `memory` is the first CPU's
 * first. A CPU's values share no cache line with another's.
 */
#include "../core/processor.h"
#include "../core/string.h"
#include "array_common.h"

#define PERCPU_ARRAY_FLAGS (BPF_F_NUMA_NODE | BPF_F_ACCESS)

static int percpu_array_create(struct bpftime_map *map)
{
	int error = bpftime_array_check(map, PERCPU_ARRAY_FLAGS);
	uint64_t value_stride = bpftime_value_stride(map->value_size);
	uint64_t stride = bpftime_array_cpu_stride(value_stride, map->max_entries);
	uint32_t cpus = bpftime_processor_count();
	struct bpftime_map_header *header;

	if (!error && (map->flags & BPF_F_NUMA_NODE))
		error = -EINVAL;
	if (!error && value_stride > PERCPU_VALUE_LIMIT)
		error = -E2BIG;
	if (error)
		return error;
	header = bpftime_map_region(map, sizeof(*header) + stride * cpus, sizeof(*header), cpus);
	if (!header)
		return -ENOMEM;
	map->state = header;
	map->memory = header + 1;
	return 0;
}

static void *percpu_array_lookup_cpu(struct bpftime_map *map, const void *key, uint32_t cpu)
{
	uint64_t value_stride = bpftime_value_stride(map->value_size);
	uint32_t index = array_index(key);

	if (unlikely(index >= map->max_entries || cpu >= bpftime_processor_count()))
		return NULL;
	return (char *)map->memory + cpu * bpftime_array_cpu_stride(value_stride, map->max_entries) +
	       index * value_stride;
}

static void *percpu_array_lookup(struct bpftime_map *map, const void *key)
{
	return percpu_array_lookup_cpu(map, key, bpftime_processor_current());
}

static long percpu_array_update(struct bpftime_map *map, const void *key, const void *value,
				uint64_t flags)
{
	long error = flags > BPF_EXIST ? -EINVAL : bpftime_array_update_check(map, key, flags);

	if (error)
		return error;
	memcpy(percpu_array_lookup(map, key), value, map->value_size);
	return 0;
}

static long percpu_array_update_all(struct bpftime_map *map, const void *key, const void *values,
				    uint64_t flags)
{
	long error = flags > BPF_EXIST ? -EINVAL : bpftime_array_update_check(map, key, flags);

	if (error)
		return error;
	for (uint32_t cpu = 0; cpu < bpftime_processor_count(); cpu++)
		memcpy(percpu_array_lookup_cpu(map, key, cpu),
		       (const char *)values + cpu * bpftime_value_stride(map->value_size), map->value_size);
	return 0;
}

const struct map_operations bpftime_percpu_array_operations = {
	.create = percpu_array_create,
	.lookup = percpu_array_lookup,
	.lookup_cpu = percpu_array_lookup_cpu,
	.update = percpu_array_update,
	.update_all = percpu_array_update_all,
	.remove = bpftime_array_remove,
	.next_key = bpftime_array_next_key,
	.for_each = bpftime_array_for_each,
};
