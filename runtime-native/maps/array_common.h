/* What array types share: the check of a definition, and walking over indices. */
#ifndef BPFTIME_MAPS_ARRAY_COMMON_H
#define BPFTIME_MAPS_ARRAY_COMMON_H

#include "map.h"

/* The kernel's limit for one CPU's value. */
#define PERCPU_VALUE_LIMIT 32768u

static inline uint32_t array_index(const void *key)
{
	uint32_t index;

	__builtin_memcpy(&index, key, sizeof(index));
	return index;
}

/* Checks of every array type: 0, -EINVAL or -E2BIG in the kernel's order. */
int bpftime_array_check(const struct bpftime_map *map, uint32_t allowed_flags);

/* Order of indices; the same for every array type. */
long bpftime_array_next_key(struct bpftime_map *map, const void *key, void *next);

/* Arrays of values have all their elements always. */
long bpftime_array_remove(struct bpftime_map *map, const void *key);

/* Checks of an update of an array of values: 0, or what the update returns. */
long bpftime_array_update_check(const struct bpftime_map *map, const void *key, uint64_t flags);

/* Calls back for each index with the value that `lookup` gives. */
long bpftime_array_for_each(struct bpftime_map *map, map_callback callback, void *context);

#endif
