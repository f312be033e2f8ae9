// expect: the map 'map' has the field 'key' in a form other than __type
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 1); int key; } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
