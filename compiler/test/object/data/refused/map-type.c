// expect: the map 'map' has the type 99, which is not known
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 99); __uint(max_entries, 1); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
