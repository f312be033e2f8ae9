/*
 * Arrays whose elements are addresses in this process: programs, or inner maps. They stay in the
 * process; in shared memory another process could not use them.
 */
#ifndef BPFTIME_MAPS_SLOTS_H
#define BPFTIME_MAPS_SLOTS_H

#include "array_common.h"

/* Makes `max_entries` empty slots. */
int bpftime_slots_create(struct bpftime_map *map, uint32_t allowed_flags);

/* What a slot holds; NULL when it is empty or does not exist. */
void *bpftime_slots_get(struct bpftime_map *map, const void *key);

/* Fills a slot; programs that run see the old or the new content. */
long bpftime_slots_set(struct bpftime_map *map, const void *key, const void *value, uint64_t flags);

/* Empties a slot; -ENOENT when it is empty. */
long bpftime_slots_clear(struct bpftime_map *map, const void *key);

#endif
