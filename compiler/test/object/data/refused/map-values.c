// expect: the map 'map' has 'values', which only arrays of programs and maps of maps have
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner { __uint(type, 2); __type(key, int); __type(value, int); };
struct { __uint(type, 1); __type(key, int); __type(value, int); __array(values, struct inner); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
