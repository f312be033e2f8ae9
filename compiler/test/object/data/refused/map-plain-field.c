// expect: the map 'map' has the field 'type' in a form other than __uint
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { int type; } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
