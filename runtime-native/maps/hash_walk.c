/* Going through all elements of a hash map: by key, and with a callback. */
#include "../core/string.h"
#include "hash_engine.h"

static const char *key_of(const struct bpftime_map *map, const struct hash_traits *traits, char *element)
{
	return element + bpftime_hash_key_offset(map->key_size, hash_head(traits));
}

long bpftime_hash_next_key(const struct bpftime_map *map, const struct hash_traits *traits, const void *key,
			   void *next)
{
	struct bpftime_hash *hash = hash_of(map);
	char *element = key ? bpftime_hash_lookup(map, traits, key) : NULL;
	uint32_t bucket = 0;
	uint32_t link = 0;

	if (element) {
		bucket = (uint32_t)(bpftime_hash(key, map->key_size, hash->seed) >> hash->bucket_shift);
		link = __atomic_load_n(bpftime_hash_next(element), __ATOMIC_RELAXED);
		bucket++;
	}
	while (!bpftime_hash_is_element(link)) {
		if (bucket == hash->bucket_count)
			return -ENOENT;
		link = __atomic_load_n(&hash->buckets[bucket++], __ATOMIC_RELAXED);
	}
	memcpy(next, key_of(map, traits, bpftime_hash_element(hash, link)), map->key_size);
	return 0;
}

long bpftime_hash_for_each(struct bpftime_map *map, const struct hash_traits *traits,
			   void *(*value_of)(struct bpftime_map *map, char *element), map_callback callback,
			   void *context)
{
	struct bpftime_hash *hash = hash_of(map);
	/* Whatever the callback adds or moves, the walk ends. */
	const long limit = 2 * (long)hash->element_count;
	long calls = 0;

	for (uint32_t bucket = 0; bucket < hash->bucket_count; bucket++) {
		uint32_t link = __atomic_load_n(&hash->buckets[bucket], __ATOMIC_RELAXED);

		/* A callback may remove the element: its link stays, so the walk goes on from it. */
		while (bpftime_hash_is_element(link)) {
			char *element = bpftime_hash_element(hash, link);

			calls++;
			if (callback(map, key_of(map, traits, element), value_of(map, element), context) != 0 ||
			    calls == limit)
				return calls;
			link = __atomic_load_n(bpftime_hash_next(element), __ATOMIC_RELAXED);
		}
	}
	return calls;
}
