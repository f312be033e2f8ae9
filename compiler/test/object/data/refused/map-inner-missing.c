// expect: the map 'map' is of type array_of_maps, but does not say of what maps
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 12); __uint(max_entries, 1); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
