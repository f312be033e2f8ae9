// expect: the map 'map' is not declared as a struct
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
