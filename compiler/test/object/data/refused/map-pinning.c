// expect: the map 'map' has the pinning 7
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 1); __uint(pinning, 7); __type(key, int); __type(value, int); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
