/*
 * The engine of the hash map types. It knows elements, chains and the pool of free elements; what a
 * value is (bytes, one for each CPU, an inner map) the types say.
 */
#ifndef BPFTIME_MAPS_HASH_ENGINE_H
#define BPFTIME_MAPS_HASH_ENGINE_H

#include "hash_layout.h"
#include "map.h"

/* What distinguishes the types. */
struct hash_traits {
	bool evicts;       /* LRU: makes room when full */
	bool percpu;       /* a value for each CPU, updated in place */
	uint32_t flags;    /* map flags that the type takes, beside BPF_F_NO_PREALLOC, which changes nothing */
};

static inline struct bpftime_hash *hash_of(const struct bpftime_map *map)
{
	return map->memory;
}

static inline enum bpftime_hash_head hash_head(const struct hash_traits *traits)
{
	return traits->evicts || traits->percpu ? BPFTIME_HASH_WIDE : BPFTIME_HASH_PLAIN;
}

/* Checks the definition as the kernel does and makes the map; `value_size` as stored. */
int bpftime_hash_create(struct bpftime_map *map, const struct hash_traits *traits, uint64_t value_size);

/* bpftime_hash_lookup for any key size; out of line, so that the common sizes stay small and fast. */
char *bpftime_hash_lookup_any(const struct bpftime_map *map, enum bpftime_hash_head head, const void *key);

/* The element of a key or NULL, without a lock. Each type gets its own copy with its traits folded in. */
static inline char *bpftime_hash_lookup(const struct bpftime_map *map, const struct hash_traits *traits,
					const void *key)
{
	struct bpftime_hash *hash = hash_of(map);
	enum bpftime_hash_head head = hash_head(traits);

	/* The common sizes get code of their own, where the size is a constant. */
	if (map->key_size == 4)
		return bpftime_hash_find(hash, key, 4, head);
	if (map->key_size == 8)
		return bpftime_hash_find(hash, key, 8, head);
	return bpftime_hash_lookup_any(map, head, key);
}

/*
 * Creates or replaces an element; `value_size` bytes from `value` become its value. Replacing takes a
 * new element, as in the kernel: who holds the old value keeps it, and no reader sees half of a new
 * one.
 */
long bpftime_hash_update(const struct bpftime_map *map, const struct hash_traits *traits, const void *key,
			 const void *value, uint64_t value_size, uint64_t flags);

/* The same for per-CPU maps, in place: this CPU's value, or those of all CPUs. */
long bpftime_hash_update_cpu(const struct bpftime_map *map, const struct hash_traits *traits,
			     const void *key, const void *values, bool all, uint64_t flags);

long bpftime_hash_remove(const struct bpftime_map *map, const struct hash_traits *traits, const void *key);

long bpftime_hash_next_key(const struct bpftime_map *map, const struct hash_traits *traits, const void *key,
			   void *next);

/* Calls `callback` with what `value_of` makes of each element. */
long bpftime_hash_for_each(struct bpftime_map *map, const struct hash_traits *traits,
			   void *(*value_of)(struct bpftime_map *map, char *element), map_callback callback,
			   void *context);

#endif
