// expect: the map 'map' of type array needs keys of 4 bytes, but has 8
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 2); __type(key, long); __type(value, long); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
