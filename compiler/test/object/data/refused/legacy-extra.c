// expect: the map 'map' has fields beyond struct bpf_map_def that are not 0
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { unsigned int fields[6]; } map SEC("maps") = { { 2, 4, 4, 1, 0, 9 } };
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
