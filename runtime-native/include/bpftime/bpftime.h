/*
 * The embedding interface of the runtime: open the compiled objects that are linked into this
 * program, run their programs, read and write their maps. C11 and C++. Link with libbpftime.a.
 *
 * Results are 0 or a negative errno, the same numbers that bpf(2) gives in the same case; nothing
 * touches the `errno` variable. Maps may be used by any number of threads at once; opening and
 * closing may not run at the same time as anything else on the same map.
 */
#ifndef BPFTIME_BPFTIME_H
#define BPFTIME_BPFTIME_H

#include "object.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Objects and programs --- */

/* Opens every object that is linked in: its maps, with their initial elements. */
int bpftime_open(void);

/* Opens one object. Maps that are open already stay as they are. On failure none of its maps that
 * were opened by this call stays open. */
int bpftime_object_open(const struct bpftime_object *object);

/* Gives the memory of the object's maps back. No program of it may run any more. */
void bpftime_object_close(const struct bpftime_object *object);

/* A program or a map of an object by its C name, or NULL. */
const struct bpftime_program *bpftime_object_program(const struct bpftime_object *object,
						     const char *name);
struct bpftime_map *bpftime_object_map(const struct bpftime_object *object, const char *name);

/*
 * Runs a program and gives its r0. `data` and `size` are: for BPFTIME_PROGRAM_RAW, the memory and its
 * size; for packet kinds, the packet's bytes, around which a struct bpftime_packet is made (call the
 * program's function directly to fill in more of it); for all other kinds, the context itself.
 */
uint64_t bpftime_program_run(const struct bpftime_program *program, void *data, uint64_t size);

/* --- Maps --- */

/*
 * Makes the map that the definition describes, empty, in memory shared with child processes. -EINVAL
 * for definitions that the kernel refuses or types the runtime does not have, -E2BIG, -ENOMEM.
 */
int bpftime_map_open(struct bpftime_map *map);
void bpftime_map_close(struct bpftime_map *map);

/*
 * Bytes of the value that bpftime_map_lookup and bpftime_map_update copy: the definition's
 * value_size; for per-CPU maps one value, rounded up to 8 bytes, for each possible CPU.
 */
uint64_t bpftime_map_value_bytes(const struct bpftime_map *map);

/*
 * Copies the element's value out; -ENOENT when there is none. Maps of maps give the address of the
 * inner map (struct bpftime_map *).
 */
int bpftime_map_lookup(struct bpftime_map *map, const void *key, void *value);

/*
 * The value in place, or NULL: what programs get from bpf_map_lookup_elem (of per-CPU maps: the value
 * of the CPU that runs the caller). It stays readable and writable until the map is closed; after a
 * deletion its memory is given to another key, though not before others that became free earlier.
 */
void *bpftime_map_value(struct bpftime_map *map, const void *key);

/*
 * Sets an element. `flags`: 0 create or replace, 1 (BPF_NOEXIST) create only (-EEXIST), 2 (BPF_EXIST)
 * replace only (-ENOENT). -E2BIG when the map is full or an array has no such index. For maps of maps
 * `value` is the inner map's struct bpftime_map, for program arrays the function, both by address.
 */
int bpftime_map_update(struct bpftime_map *map, const void *key, const void *value, uint64_t flags);

/* Removes an element; -ENOENT when there is none, -EINVAL for arrays of values. */
int bpftime_map_delete(struct bpftime_map *map, const void *key);

/*
 * Puts the key after `key` into `next`; the first key when `key` is NULL or not in the map; -ENOENT
 * after the last one.
 */
int bpftime_map_next_key(struct bpftime_map *map, const void *key, void *next);

#ifdef __cplusplus
}
#endif

#endif
