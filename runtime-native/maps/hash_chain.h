/* Changing chains; the bucket's lock is held. */
#ifndef BPFTIME_MAPS_HASH_CHAIN_H
#define BPFTIME_MAPS_HASH_CHAIN_H

#include "../core/lock.h"
#include "hash_layout.h"

static inline bpftime_lock *bpftime_hash_lock(struct bpftime_hash *hash, uint32_t lock)
{
	return (bpftime_lock *)(void *)((char *)hash + hash->locks_offset) + lock;
}

static inline uint32_t bpftime_hash_link_of(struct bpftime_hash *hash, const char *element)
{
	return (uint32_t)((uint64_t)(element - (char *)hash) / BPFTIME_HASH_UNIT);
}

/* Puts an element at the front of its chain. */
void bpftime_hash_link(struct bpftime_hash *hash, uint32_t bucket, uint32_t link);

/* Takes an element out of its chain; false when it is not in it. Its own link stays. */
bool bpftime_hash_unlink(struct bpftime_hash *hash, uint32_t bucket, uint32_t link,
			 enum bpftime_hash_head head);

#endif
