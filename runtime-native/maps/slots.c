#include "slots.h"

int bpftime_slots_create(struct bpftime_map *map, uint32_t allowed_flags)
{
	struct bpftime_map_header *header;

	/* The kernel's value is a file descriptor or an id. */
	if (map->max_entries == 0 || map->key_size != 4 || map->value_size != 4 ||
	    (map->flags & ~allowed_flags) != 0)
		return -EINVAL;
	header = bpftime_map_region(map, sizeof(*header) + sizeof(void *) * map->max_entries,
				    sizeof(*header), 1);
	if (!header)
		return -ENOMEM;
	map->state = header;
	map->memory = header + 1;
	return 0;
}

void *bpftime_slots_get(struct bpftime_map *map, const void *key)
{
	uint32_t index = array_index(key);

	if (index >= map->max_entries)
		return NULL;
	return __atomic_load_n((void **)map->memory + index, __ATOMIC_ACQUIRE);
}

long bpftime_slots_set(struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	uint32_t index = array_index(key);

	if (flags != BPF_ANY)
		return -EINVAL;
	if (index >= map->max_entries)
		return -E2BIG;
	__atomic_store_n((const void **)map->memory + index, value, __ATOMIC_RELEASE);
	return 0;
}

long bpftime_slots_clear(struct bpftime_map *map, const void *key)
{
	uint32_t index = array_index(key);

	if (index >= map->max_entries)
		return -E2BIG;
	return __atomic_exchange_n((void **)map->memory + index, NULL, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}
