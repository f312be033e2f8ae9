// expect: the map 'map' has no type
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(max_entries, 1); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
