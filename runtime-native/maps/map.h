/* What a map type is to the rest of the runtime: one table of operations. */
#ifndef BPFTIME_MAPS_MAP_H
#define BPFTIME_MAPS_MAP_H

#include "../core/base.h"
#include "../include/bpftime/object.h"
#include "layout.h"
#include "types.h"

/* Callback of for_each in the shape of compiled code; a result other than 0 ends the walk. */
typedef uint64_t (*map_callback)(struct bpftime_map *map, const void *key, void *value, void *context);

/*
 * Operations of a type. Results are 0 or a negative errno, as bpf(2) and the helpers give them.
 * An operation that is NULL does not exist for the type: -EOPNOTSUPP.
 */
struct map_operations {
	/* Checks the definition and makes the region; sets `memory` and `state`. */
	int (*create)(struct bpftime_map *map);
	/* What bpf_map_lookup_elem gives: the value in place (this CPU's), an inner map, or NULL. */
	void *(*lookup)(struct bpftime_map *map, const void *key);
	/* The value of one CPU, for per-CPU types. */
	void *(*lookup_cpu)(struct bpftime_map *map, const void *key, uint32_t cpu);
	/* Sets this CPU's value; `value` is the new value, an inner map or a function. */
	long (*update)(struct bpftime_map *map, const void *key, const void *value, uint64_t flags);
	/* Per-CPU types: sets the values of all CPUs, which lie one value stride apart. */
	long (*update_all)(struct bpftime_map *map, const void *key, const void *values, uint64_t flags);
	long (*remove)(struct bpftime_map *map, const void *key);
	/* Key after `key`, the first one when it is NULL or absent; -ENOENT at the end. */
	long (*next_key)(struct bpftime_map *map, const void *key, void *next);
	/* Calls back for each element and gives the number of calls. */
	long (*for_each)(struct bpftime_map *map, map_callback callback, void *context);
};

extern const struct map_operations bpftime_hash_operations;
extern const struct map_operations bpftime_array_operations;
extern const struct map_operations bpftime_program_array_operations;
extern const struct map_operations bpftime_percpu_hash_operations;
extern const struct map_operations bpftime_percpu_array_operations;
extern const struct map_operations bpftime_lru_hash_operations;
extern const struct map_operations bpftime_lru_percpu_hash_operations;
extern const struct map_operations bpftime_array_of_maps_operations;
extern const struct map_operations bpftime_hash_of_maps_operations;

/* The table of map types; NULL for one that the runtime does not have. */
static inline const struct map_operations *bpftime_map_operations_of_type(uint32_t type)
{
	/* A switch, not a table of addresses: it needs no relocation when the runtime is loaded. */
	switch (type) {
	case BPF_MAP_TYPE_HASH:
		return &bpftime_hash_operations;
	case BPF_MAP_TYPE_ARRAY:
		return &bpftime_array_operations;
	case BPF_MAP_TYPE_PROG_ARRAY:
		return &bpftime_program_array_operations;
	case BPF_MAP_TYPE_PERCPU_HASH:
		return &bpftime_percpu_hash_operations;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return &bpftime_percpu_array_operations;
	case BPF_MAP_TYPE_LRU_HASH:
		return &bpftime_lru_hash_operations;
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return &bpftime_lru_percpu_hash_operations;
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
		return &bpftime_array_of_maps_operations;
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return &bpftime_hash_of_maps_operations;
	default:
		return NULL;
	}
}

/* Operations of a map, NULL for a type that the runtime does not have or a map that is not open. */
static inline const struct map_operations *bpftime_map_operations(const struct bpftime_map *map)
{
	return likely(map && map->memory) ? bpftime_map_operations_of_type(map->type) : NULL;
}

/*
 * Makes a zeroed region of `size` bytes for a map, with its header filled in and elements at
 * `data_offset`; NULL when there is no memory.
 */
struct bpftime_map_header *bpftime_map_region(const struct bpftime_map *map, uint64_t size,
					      uint64_t data_offset, uint32_t cpu_count);

/* Whether two maps have the same definition, as far as a map of maps cares. */
bool bpftime_map_same_definition(const struct bpftime_map *left, const struct bpftime_map *right);

#endif
