#include "hash_pool.h"

#include "../core/lock.h"

/* Free elements rest in a ring, oldest first; this much memory may rest. */
#define QUARANTINE_BYTES 65536u
#define QUARANTINE_MINIMUM 16u
#define QUARANTINE_MAXIMUM 256u

uint32_t bpftime_hash_pool_spare(uint64_t element_size)
{
	uint64_t elements = QUARANTINE_BYTES / element_size;

	if (elements < QUARANTINE_MINIMUM)
		return QUARANTINE_MINIMUM;
	return elements > QUARANTINE_MAXIMUM ? QUARANTINE_MAXIMUM : (uint32_t)elements;
}

static uint32_t *ring_slot(struct bpftime_hash *hash, uint64_t position)
{
	return (uint32_t *)(void *)((char *)hash + hash->ring_offset) + position % hash->element_count;
}

int bpftime_hash_pool_lock(struct bpftime_hash *hash, uint64_t self)
{
	return bpftime_lock_take(&hash->pool_lock, self);
}

int bpftime_hash_pool_take(struct bpftime_hash *hash, uint64_t self, bool replacing, uint32_t *link)
{
	int error = bpftime_hash_pool_lock(hash, self);
	uint64_t resting;

	if (error)
		return error;
	resting = hash->ring_tail - hash->ring_head;
	if (!replacing && hash->live >= hash->header.max_entries) {
		error = -E2BIG;
	} else if (resting <= hash->quarantine && hash->fresh < hash->element_count) {
		*link = hash->first_element + hash->fresh * hash->element_units;
		hash->fresh++;
	} else if (resting != 0) {
		*link = *ring_slot(hash, hash->ring_head);
		hash->ring_head++;
	} else {
		error = -EAGAIN;
	}
	if (!error && !replacing)
		hash->live++;
	bpftime_lock_release(&hash->pool_lock);
	return error;
}

void bpftime_hash_pool_give(struct bpftime_hash *hash, uint32_t link, bool removed)
{
	*ring_slot(hash, hash->ring_tail) = link;
	hash->ring_tail++;
	if (removed)
		hash->live--;
	bpftime_lock_release(&hash->pool_lock);
}
