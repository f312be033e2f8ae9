// expect: the map 'map' states a key_size of 8, but its key type has 4 bytes
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, 1); __uint(key_size, 8); __type(key, int); __type(value, int); } map SEC(".maps");
SEC("raw") int entry(void *memory)
{
	return bpf_map_lookup_elem(&map, memory) != 0;
}
