/*
 * The clock algorithm with two hands half a turn apart. The front hand marks elements idle; the back
 * hand evicts the ones that are still idle, so an element has half a turn, that is, about half as many
 * evictions as the map has elements, to be looked up again. After a bounded number of elements in use
 * the first of them is taken all the same, so that one update never walks through all of a large map.
 */
#include "hash_evict.h"

#include "hash_chain.h"
#include "hash_pool.h"

#define SPARED_LIMIT 1024u

/* Tries to evict one element; false when it is free, on its way, or its bucket is locked. */
static bool evict_element(struct bpftime_hash *hash, char *element, uint64_t self, uint32_t held)
{
	uint64_t hashed = bpftime_hash(element + bpftime_hash_key_offset(hash->header.key_size, BPFTIME_HASH_WIDE),
				       hash->header.key_size, hash->seed);
	uint32_t bucket = (uint32_t)(hashed >> hash->bucket_shift);
	uint32_t number = bucket & hash->lock_mask;
	bool evicted;

	/* Never wait for a second lock: its holder may wait for the first. */
	if (number != held && !bpftime_lock_try(bpftime_hash_lock(hash, number), self))
		return false;
	/* The caller had the pool's lock a moment ago, so this only waits for other threads. */
	bpftime_hash_pool_lock(hash, self);
	evicted = bpftime_hash_unlink(hash, bucket, bpftime_hash_link_of(hash, element), BPFTIME_HASH_WIDE);
	if (evicted)
		bpftime_hash_pool_give(hash, bpftime_hash_link_of(hash, element), true);
	else
		bpftime_lock_release(&hash->pool_lock);
	if (number != held)
		bpftime_lock_release(bpftime_hash_lock(hash, number));
	return evicted;
}

static char *element_at(struct bpftime_hash *hash, uint32_t index)
{
	return bpftime_hash_element(hash, hash->first_element + index * hash->element_units);
}

int bpftime_hash_evict(struct bpftime_hash *hash, uint64_t self, uint32_t held)
{
	uint32_t spared = 0, first_spared = 0;

	for (uint64_t steps = 0; steps < 2ull * hash->element_count; steps++) {
		uint32_t back = __atomic_fetch_add(&hash->hand, 1, __ATOMIC_RELAXED) % hash->element_count;
		uint32_t front = (uint32_t)(((uint64_t)back + hash->element_count / 2) % hash->element_count);
		uint32_t *ahead = bpftime_hash_use(element_at(hash, front));
		uint32_t use = __atomic_load_n(bpftime_hash_use(element_at(hash, back)), __ATOMIC_RELAXED);

		if (__atomic_load_n(ahead, __ATOMIC_RELAXED) == BPFTIME_HASH_USED)
			__atomic_store_n(ahead, BPFTIME_HASH_IDLE, __ATOMIC_RELAXED);
		if (use == BPFTIME_HASH_FREE)
			continue;
		if (use == BPFTIME_HASH_IDLE && evict_element(hash, element_at(hash, back), self, held))
			return 0;
		if (spared == 0)
			first_spared = back;
		if (++spared % SPARED_LIMIT == 0 &&
		    evict_element(hash, element_at(hash, first_spared), self, held))
			return 0;
	}
	return -ENOMEM;
}
