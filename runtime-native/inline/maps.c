/* Map operations of constant geometry; see inline.h. */
#include "inline.h"

#include "../maps/hash_layout.h"
#include "../maps/types.h"

ALWAYS_INLINE uint32_t array_index(const void *key)
{
	return bpftime_load_4(key);
}

/* The elements of an open map. That these exist saves programs their checks of constant indices. */
ALWAYS_INLINE char *elements(struct bpftime_map *map)
{
	char *memory = map->memory;

	__builtin_assume(memory != NULL);
	return __builtin_assume_aligned(memory, 8);
}

BPFTIME_INLINE void *bpftime_inline_array_lookup(struct bpftime_map *map, const void *key,
						 uint64_t value_stride, uint64_t max_entries)
{
	uint32_t index = array_index(key);

	return likely(index < max_entries) ? elements(map) + index * value_stride : NULL;
}

BPFTIME_INLINE void *bpftime_inline_percpu_array_lookup(struct bpftime_map *map, const void *key,
							uint64_t value_stride, uint64_t max_entries)
{
	uint32_t index = array_index(key);

	if (unlikely(index >= max_entries))
		return NULL;
	return elements(map) +
	       bpf_get_smp_processor_id() * bpftime_array_cpu_stride(value_stride, max_entries) +
	       index * value_stride;
}

BPFTIME_INLINE uint64_t bpftime_inline_array_update(struct bpftime_map *map, const void *key,
						    const void *value, uint64_t flags, uint64_t value_size,
						    uint64_t max_entries)
{
	uint32_t index = array_index(key);

	if (unlikely((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST))
		return (uint64_t)-EINVAL;
	if (unlikely(index >= max_entries))
		return (uint64_t)-E2BIG;
	if (unlikely(flags & BPF_NOEXIST))
		return (uint64_t)-EEXIST;
	if (unlikely(flags & BPF_F_LOCK))
		return (uint64_t)-EINVAL;
	__builtin_memmove(elements(map) + index * bpftime_value_stride(value_size), value, value_size);
	return 0;
}

BPFTIME_INLINE void *bpftime_inline_hash_lookup(struct bpftime_map *map, const void *key,
						uint64_t key_size, uint64_t value_size)
{
	char *element = bpftime_hash_find(map->memory, key, key_size, BPFTIME_HASH_PLAIN);

	(void)value_size;
	return likely(element) ? element + bpftime_hash_value_offset(key_size, BPFTIME_HASH_PLAIN) : NULL;
}

/* Finds an element of an LRU map and notes that it is in use. */
ALWAYS_INLINE char *find_used(struct bpftime_map *map, const void *key, uint64_t key_size)
{
	char *element = bpftime_hash_find(map->memory, key, key_size, BPFTIME_HASH_WIDE);

	if (element && __atomic_load_n(bpftime_hash_use(element), __ATOMIC_RELAXED) == BPFTIME_HASH_IDLE)
		__atomic_store_n(bpftime_hash_use(element), BPFTIME_HASH_USED, __ATOMIC_RELAXED);
	return element;
}

BPFTIME_INLINE void *bpftime_inline_lru_hash_lookup(struct bpftime_map *map, const void *key,
						    uint64_t key_size, uint64_t value_size)
{
	char *element = find_used(map, key, key_size);

	(void)value_size;
	return likely(element) ? element + bpftime_hash_value_offset(key_size, BPFTIME_HASH_WIDE) : NULL;
}

BPFTIME_INLINE void *bpftime_inline_percpu_hash_lookup(struct bpftime_map *map, const void *key,
						       uint64_t key_size, uint64_t value_size)
{
	char *element = bpftime_hash_find(map->memory, key, key_size, BPFTIME_HASH_WIDE);

	if (unlikely(!element))
		return NULL;
	return bpftime_hash_cpu_value(map->memory, element, value_size, (uint32_t)bpf_get_smp_processor_id());
}

BPFTIME_INLINE void *bpftime_inline_lru_percpu_hash_lookup(struct bpftime_map *map, const void *key,
							   uint64_t key_size, uint64_t value_size)
{
	char *element = find_used(map, key, key_size);

	if (unlikely(!element))
		return NULL;
	return bpftime_hash_cpu_value(map->memory, element, value_size, (uint32_t)bpf_get_smp_processor_id());
}

BPFTIME_INLINE void *bpftime_inline_array_of_maps_lookup(struct bpftime_map *map, const void *key,
							 uint64_t max_entries)
{
	uint32_t index = array_index(key);

	if (unlikely(index >= max_entries))
		return NULL;
	return __atomic_load_n((void **)map->memory + index, __ATOMIC_ACQUIRE);
}
