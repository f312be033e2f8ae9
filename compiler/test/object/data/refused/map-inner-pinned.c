// expect: the map 'map.inner' is an inner map, which cannot be pinned
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner { __uint(type, 2); __uint(pinning, 1); __type(key, int); __type(value, int); };
struct { __uint(type, 12); __uint(max_entries, 1); __array(values, struct inner); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
