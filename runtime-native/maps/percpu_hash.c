/* BPF_MAP_TYPE_PERCPU_HASH: a value for each possible CPU under one key. */
#include "../core/processor.h"
#include "hash_engine.h"

static const struct hash_traits traits = {
	.percpu = true,
	.flags = BPF_F_ACCESS | BPF_F_ZERO_SEED,
};

static int percpu_hash_create(struct bpftime_map *map)
{
	return bpftime_hash_create(map, &traits, map->value_size);
}

static void *value_of(struct bpftime_map *map, char *element)
{
	return bpftime_hash_cpu_value(hash_of(map), element, map->value_size, bpftime_processor_current());
}

static void *percpu_hash_lookup(struct bpftime_map *map, const void *key)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	if (!element)
		return NULL;
	return value_of(map, element);
}

static void *percpu_hash_lookup_cpu(struct bpftime_map *map, const void *key, uint32_t cpu)
{
	char *element = bpftime_hash_lookup(map, &traits, key);

	if (!element || cpu >= hash_of(map)->header.cpu_count)
		return NULL;
	return bpftime_hash_cpu_value(hash_of(map), element, map->value_size, cpu);
}

static long percpu_hash_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	return bpftime_hash_update_cpu(map, &traits, key, value, false, flags);
}

static long percpu_hash_update_all(struct bpftime_map *map, const void *key, const void *values, uint64_t flags)
{
	return bpftime_hash_update_cpu(map, &traits, key, values, true, flags);
}

static long percpu_hash_remove(struct bpftime_map *map, const void *key)
{
	return bpftime_hash_remove(map, &traits, key);
}

static long percpu_hash_next_key(struct bpftime_map *map, const void *key, void *next)
{
	return bpftime_hash_next_key(map, &traits, key, next);
}

static long percpu_hash_for_each(struct bpftime_map *map, map_callback callback, void *context)
{
	return bpftime_hash_for_each(map, &traits, value_of, callback, context);
}

const struct map_operations bpftime_percpu_hash_operations = {
	.create = percpu_hash_create,
	.lookup = percpu_hash_lookup,
	.lookup_cpu = percpu_hash_lookup_cpu,
	.update = percpu_hash_update,
	.update_all = percpu_hash_update_all,
	.remove = percpu_hash_remove,
	.next_key = percpu_hash_next_key,
	.for_each = percpu_hash_for_each,
};
