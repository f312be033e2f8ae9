/* Making room in an LRU map that is full. */
#ifndef BPFTIME_MAPS_HASH_EVICT_H
#define BPFTIME_MAPS_HASH_EVICT_H

#include "hash_layout.h"

/*
 * Takes one element that was not looked up lately out of its chain and gives it to the pool. The
 * caller holds lock number `held`. -ENOMEM when no element can be had, because other writers hold the
 * locks of all candidates.
 */
int bpftime_hash_evict(struct bpftime_hash *hash, uint64_t self, uint32_t held);

#endif
