// expect: the map 'map' has a definition of 16 bytes that does not fit its place
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { unsigned int fields[4]; } map SEC("maps") = { { 2, 4, 4, 1 } };
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
