// expect: the map 'map' has 'wrong' in slot 0, which differs from what its inner maps are
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, int); };
struct { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, long); } wrong SEC(".maps");
struct { __uint(type, 12); __uint(max_entries, 1); __array(values, struct inner); } map SEC(".maps") = {
	.values = { (void *)&wrong },
};
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
