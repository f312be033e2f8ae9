// expect: the map 'map' has the type 77, which is not known
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { unsigned int fields[5]; } map SEC("maps") = { { 77, 4, 4, 1, 0 } };
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
