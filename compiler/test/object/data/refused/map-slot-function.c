// expect: the map 'map' has 'helper' in slot 0, which is no program
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int helper(void *memory) { return memory != 0; }
struct { __uint(type, 3); __uint(max_entries, 1); __array(values, int(void *)); } map SEC(".maps") = {
	.values = { helper },
};
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
