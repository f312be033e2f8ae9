// expect: the map 'map' has a value for slot 2, but only 1 entries
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, int); };
struct inner one SEC(".maps");
struct { __uint(type, 12); __uint(max_entries, 1); __array(values, struct inner); } map SEC(".maps") = {
	.values = { [2] = &one },
};
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
