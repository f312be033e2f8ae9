// expect: the map 'map' has the field 'colour', which maps do not have
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 1); __uint(colour, 1); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
