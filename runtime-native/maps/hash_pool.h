/* Elements that are in no chain: taking one for a new key, and giving one back. */
#ifndef BPFTIME_MAPS_HASH_POOL_H
#define BPFTIME_MAPS_HASH_POOL_H

#include "hash_layout.h"

/*
 * Elements beyond max_entries: replacing needs one before the old one is free, and an element that
 * was just freed rests behind this many others before it is used again, so that a program that still
 * holds a pointer to it does not find another key's value there.
 */
uint32_t bpftime_hash_pool_spare(uint64_t element_size);

/*
 * Takes an element; `replacing` one that leaves its chain next, so the number of live ones stays.
 * The element's link goes to `link`. -E2BIG when the map is full, -EAGAIN when all spare elements are
 * in use by other writers for a moment, -EBUSY in a signal handler that interrupted the pool.
 */
int bpftime_hash_pool_take(struct bpftime_hash *hash, uint64_t self, bool replacing, uint32_t *link);

/* Locks the pool before an element leaves its chain, so that giving it back cannot fail. */
int bpftime_hash_pool_lock(struct bpftime_hash *hash, uint64_t self);

/* Gives an element back and unlocks; `removed` unless another took its place. */
void bpftime_hash_pool_give(struct bpftime_hash *hash, uint32_t link, bool removed);

#endif
