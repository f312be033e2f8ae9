// expect: the map 'map' has fields after 'values'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner { __uint(type, 2); __type(key, int); __type(value, int); };
struct { __uint(type, 12); struct inner *values[1]; __uint(max_entries, 1); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
