// A hash-map counter: 256 keys, each looked up and counted.
#ifndef __bpf__
/* The same map, called the way any C program calls a library. */
#include <bpftime/bpftime.h>
#include <stdlib.h>
#endif
#include "workload.h"

#ifdef __bpf__
struct {
	__uint(type, 1);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, uint64_t);
} counts SECTION(".maps");
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, uint64_t flags) =
	(void *)2;
#else
static struct bpftime_map counts = { .type = 1, .max_entries = 1024, .key_size = 4, .value_size = 8 };
void *bpf_map_lookup_elem(struct bpftime_map *map, const void *key);
long bpf_map_update_elem(struct bpftime_map *map, const void *key, const void *value, uint64_t flags);

__attribute__((constructor)) static void open_map(void)
{
	if (bpftime_map_open(&counts) != 0)
		abort();
}
#endif

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint32_t *keys = (uint32_t *)memory;
	uint64_t sum = 0;

	if (size < 1024)
		return 0;
	for (uint32_t index = 0; index < 256; index++) {
		uint32_t key = keys[index] & 255;
		uint64_t one = 1;
		uint64_t *value = bpf_map_lookup_elem(&counts, &key);

		if (value)
			sum += ++*value;
		else
			bpf_map_update_elem(&counts, &key, &one, 1);
	}
	return sum;
}
