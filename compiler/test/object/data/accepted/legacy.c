// Maps as sources before BTF define them; compiled without -g.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};

struct bpf_map_def SEC("maps") first = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = 8,
	.value_size = 16,
	.max_entries = 32,
	.map_flags = BPF_F_NO_PREALLOC,
};
struct bpf_map_def SEC("maps") second = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 1,
};

int counter;
const volatile int limit = 3;

SEC("socket1")
int count(void *context)
{
	__u32 key = 0;
	__u32 *value = bpf_map_lookup_elem(&second, &key);

	if (value && counter < limit)
		counter += *value;
	return counter;
}
