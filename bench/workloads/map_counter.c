// A hash-map counter: 256 keys, each looked up and counted.
#include "workload.h"

#ifdef __bpf__
#define __uint(name, value) int (*name)[value]
#define __type(name, value) __typeof__(value) *name
struct {
	__uint(type, 1);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, uint64_t);
} counts __attribute__((section(".maps"), used));
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, uint64_t flags) = (void *)2;
#else
/* The same map, called the way any C program calls a library. */
struct bpftime_map;
extern struct bpftime_map counts;
void *bpf_map_lookup_elem(struct bpftime_map *map, const void *key);
long bpf_map_update_elem(struct bpftime_map *map, const void *key, const void *value, uint64_t flags);
#endif

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint32_t *keys = (uint32_t *)memory;
	uint64_t sum = 0;

	for (uint32_t index = 0; index < 256; index++) {
		uint32_t key = keys[index] & 255;
		uint64_t one = 1;
		uint64_t *value = bpf_map_lookup_elem(&counts, &key);

		if (value)
			sum += ++*value;
		else
			bpf_map_update_elem(&counts, &key, &one, 1);
	}
	return sum & 0;
}
