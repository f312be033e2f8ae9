/*
 * Operations that the compiler inlines into programs. The files of this folder are compiled to bitcode
 * for each target; codegen links in what a program calls, before it optimises, and makes it internal.
 * Sizes are constants at each call, so what remains of a lookup is a few instructions.
 *
 * The map must be open and of the type named; the other arguments come from its definition.
 */
#ifndef BPFTIME_INLINE_INLINE_H
#define BPFTIME_INLINE_INLINE_H

#include "../core/base.h"
#include "../include/bpftime/object.h"

#define BPFTIME_INLINE __attribute__((always_inline))

/* Value of an element of an array, NULL beyond its end. `value_stride`: value_size rounded up to 8. */
void *bpftime_inline_array_lookup(struct bpftime_map *map, const void *key, uint64_t value_stride,
				  uint64_t max_entries);

/* The same of a per-CPU array: the value of the CPU that runs the program. */
void *bpftime_inline_percpu_array_lookup(struct bpftime_map *map, const void *key, uint64_t value_stride,
					 uint64_t max_entries);

/* Sets an element of an array; results as bpf_map_update_elem. */
uint64_t bpftime_inline_array_update(struct bpftime_map *map, const void *key, const void *value,
				     uint64_t flags, uint64_t value_size, uint64_t max_entries);

/* Value under a key, or NULL. `key_size`, `value_size` as in the definition. */
void *bpftime_inline_hash_lookup(struct bpftime_map *map, const void *key, uint64_t key_size,
				 uint64_t value_size);
void *bpftime_inline_lru_hash_lookup(struct bpftime_map *map, const void *key, uint64_t key_size,
				     uint64_t value_size);
void *bpftime_inline_percpu_hash_lookup(struct bpftime_map *map, const void *key, uint64_t key_size,
					uint64_t value_size);
void *bpftime_inline_lru_percpu_hash_lookup(struct bpftime_map *map, const void *key, uint64_t key_size,
					    uint64_t value_size);

/* Inner map of an array of maps, or NULL. */
void *bpftime_inline_array_of_maps_lookup(struct bpftime_map *map, const void *key, uint64_t max_entries);

/* bpf_loop: with a constant callback the compiler can inline that, too. */
uint64_t bpftime_inline_loop(uint64_t count, void *callback, void *context, uint64_t flags);

/* Out of line in the runtime. */
uint64_t bpf_get_smp_processor_id(void);

#endif
