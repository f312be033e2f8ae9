/*
 * How hash maps lie in memory, and the search in them: compiled both into the runtime and, with
 * constant sizes, into programs.
 *
 *   region:   struct bpftime_hash, buckets (u32 each), locks (u64 each), ring of free elements, elements,
 *             and for per-CPU maps a plane of values for each CPU
 *   element:  u32 next, u32 tag, [u32 use, u32 index,] key, value       tag: part of the hash
 *             u32 next, u32 key, value                                  keys of up to 4 bytes
 *
 * A link is an element's offset in the region in units of 8 bytes. A chain ends with a link that has
 * the top bit set and the bucket's number; 0 in a bucket is an empty chain too, so a new region needs
 * no initialisation.
 *
 * Searches take no lock. An element that leaves its chain keeps its link, so a search that stands on
 * it goes on; when it is linked into another chain meanwhile, the search ends at another bucket's end
 * and starts over. Links are followed by plain loads: the address depends on the loaded link, which
 * orders the accesses on every CPU; writers publish by release stores.
 */
#ifndef BPFTIME_MAPS_HASH_LAYOUT_H
#define BPFTIME_MAPS_HASH_LAYOUT_H

#include "hash_function.h"
#include "layout.h"

#define BPFTIME_HASH_UNIT 8u
#define BPFTIME_HASH_END 0x80000000u

/* Values of an element's `use` in LRU maps. */
#define BPFTIME_HASH_FREE 0u
#define BPFTIME_HASH_IDLE 1u
#define BPFTIME_HASH_USED 2u /* looked up since the eviction last came by */

struct bpftime_hash {
	struct bpftime_map_header header;

	/* Fixed when the map is made. */
	uint64_t seed;
	uint32_t bucket_shift;     /* bucket = hash >> bucket_shift */
	uint32_t bucket_count;
	uint32_t lock_mask;        /* lock = bucket & lock_mask */
	uint32_t element_units;    /* distance of elements */
	uint32_t first_element;    /* link of the first one */
	uint32_t element_count;    /* max_entries and spare ones */
	uint32_t quarantine;       /* free elements that wait before the first is used again */
	uint32_t reserved;
	uint64_t locks_offset;
	uint64_t ring_offset;
	uint64_t planes_offset;    /* per-CPU values */
	uint64_t plane_size;
	uint64_t padding[7];

	/* What writers change, on lines of its own. */
	uint64_t pool_lock;
	uint32_t live;             /* elements in chains, or about to be */
	uint32_t fresh;            /* elements never used yet start at this index */
	uint32_t hand;             /* index at which the next eviction starts to look */
	uint32_t pool_reserved;
	uint64_t ring_head;        /* ring positions count on for ever; the slot is modulo element_count */
	uint64_t ring_tail;
	uint64_t pool_padding[11];

	uint32_t buckets[];
};

_Static_assert(offsetof(struct bpftime_hash, pool_lock) == 256, "layout version 1");
_Static_assert(offsetof(struct bpftime_hash, buckets) == 384, "layout version 1");

/* Maps that keep more than the key in an element's head: LRU and per-CPU ones. */
enum bpftime_hash_head { BPFTIME_HASH_PLAIN, BPFTIME_HASH_WIDE };

/* Offset of the key in an element. */
ALWAYS_INLINE uint64_t bpftime_hash_key_offset(uint64_t key_size, enum bpftime_hash_head head)
{
	if (head == BPFTIME_HASH_WIDE)
		return 16;
	return key_size <= 4 ? 4 : 8;
}

/* Offset of the value in an element. */
ALWAYS_INLINE uint64_t bpftime_hash_value_offset(uint64_t key_size, enum bpftime_hash_head head)
{
	return round_up(bpftime_hash_key_offset(key_size, head) + key_size, 8);
}

ALWAYS_INLINE char *bpftime_hash_element(struct bpftime_hash *hash, uint32_t link)
{
	return (char *)hash + (uint64_t)link * BPFTIME_HASH_UNIT;
}

/* A link that names an element has the top bit clear and is not 0. */
ALWAYS_INLINE bool bpftime_hash_is_element(uint32_t link)
{
	return (int32_t)link > 0;
}

ALWAYS_INLINE uint32_t *bpftime_hash_next(char *element)
{
	return (uint32_t *)element;
}

ALWAYS_INLINE uint32_t *bpftime_hash_tag(char *element)
{
	return (uint32_t *)(element + 4);
}

ALWAYS_INLINE uint32_t *bpftime_hash_use(char *element)
{
	return (uint32_t *)(element + 8);
}

ALWAYS_INLINE uint32_t *bpftime_hash_index(char *element)
{
	return (uint32_t *)(element + 12);
}

/* Never 0, which marks an element that is being written. */
ALWAYS_INLINE uint32_t bpftime_hash_make_tag(uint64_t hash)
{
	return (uint32_t)hash | 1;
}

ALWAYS_INLINE bool bpftime_long_keys_equal(const char *stored, const void *key, uint64_t size)
{
	const uint64_t *words = (const uint64_t *)(const void *)stored;
	const char *bytes = key;
	uint64_t whole = size / 8;

	for (uint64_t i = 0; i < whole; i++)
		if (words[i] != bpftime_load_8(bytes + 8 * i))
			return false;
	return size % 8 == 0 || words[whole] == bpftime_small_key(bytes + 8 * whole, size % 8);
}

/*
 * Whether the element has the key. Short keys are one load, so a key that is being overwritten is
 * never seen torn; for longer ones the tag is checked again after the comparison, because writers
 * clear it before and set it after they write a key. Keys are padded with zeros.
 */
ALWAYS_INLINE bool bpftime_hash_matches(char *element, const void *key, uint64_t small, uint64_t key_size,
					uint32_t tag, enum bpftime_hash_head head)
{
	char *stored = element + bpftime_hash_key_offset(key_size, head);

	if (key_size <= 4)
		return __atomic_load_n((uint32_t *)(void *)stored, __ATOMIC_RELAXED) == (uint32_t)small;
	if (key_size <= 8)
		return __atomic_load_n((uint64_t *)(void *)stored, __ATOMIC_RELAXED) == small;
	if (__atomic_load_n(bpftime_hash_tag(element), __ATOMIC_ACQUIRE) != tag ||
	    !bpftime_long_keys_equal(stored, key, key_size))
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(bpftime_hash_tag(element), __ATOMIC_RELAXED) == tag;
}

/* Finds the element of a key whose hash is known; NULL when there is none. */
ALWAYS_INLINE char *bpftime_hash_find_hashed(struct bpftime_hash *hash, const void *key, uint64_t key_size,
					     uint64_t hashed, enum bpftime_hash_head head)
{
	uint32_t bucket = (uint32_t)(hashed >> hash->bucket_shift);
	uint32_t tag = bpftime_hash_make_tag(hashed);
	uint64_t small = key_size <= 8 ? bpftime_small_key(key, key_size) : 0;
	uint32_t link;

	do {
		link = __atomic_load_n(&hash->buckets[bucket], __ATOMIC_RELAXED);
		while (bpftime_hash_is_element(link)) {
			char *element = bpftime_hash_element(hash, link);

			if (likely(bpftime_hash_matches(element, key, small, key_size, tag, head)))
				return element;
			link = __atomic_load_n(bpftime_hash_next(element), __ATOMIC_RELAXED);
		}
	} while (unlikely(link != 0 && link != (BPFTIME_HASH_END | bucket)));
	return NULL;
}

ALWAYS_INLINE char *bpftime_hash_find(struct bpftime_hash *hash, const void *key, uint64_t key_size,
				      enum bpftime_hash_head head)
{
	return bpftime_hash_find_hashed(hash, key, key_size, bpftime_hash(key, key_size, hash->seed), head);
}

/* Where one CPU's value of an element of a per-CPU map lies. */
ALWAYS_INLINE char *bpftime_hash_cpu_value(struct bpftime_hash *hash, char *element, uint64_t value_size,
					   uint32_t cpu)
{
	return (char *)hash + hash->planes_offset + hash->plane_size * cpu +
	       *bpftime_hash_index(element) * bpftime_value_stride(value_size);
}

#endif
