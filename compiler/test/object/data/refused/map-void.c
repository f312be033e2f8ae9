// expect: the map 'map' has a value type without a size
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 1); __type(key, int); __type(value, void); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
