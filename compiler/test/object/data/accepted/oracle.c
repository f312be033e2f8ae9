// Loaded by libbpf into the kernel as well: both must see the same maps and the same code. It avoids
// what the kernel rewrites to another number of instructions.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 300);
	__type(key, __u64);
	__type(value, __u32);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, 16);
	__uint(value_size, 24);
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, __u64);
} queue SEC(".maps");

const volatile __u32 setting = 3;
__u64 state[4] = { 1, 2, 3, 4 };
static volatile __u64 counts[8];

static __noinline long add(long value)
{
	counts[1] += value;
	return counts[2] + setting;
}

__noinline long twice(long value)
{
	return add(value) + add(value + 1) + state[3];
}

static long each(void *map, const void *key, void *value, void *context)
{
	counts[3] += setting;
	return twice(counts[3]) > 1000;
}

SEC("xdp")
int first(struct xdp_md *context)
{
	__u64 key = state[2];

	bpf_for_each_map_elem(&recent, each, 0, 0);
	bpf_map_delete_elem(&recent, &key);
	return twice(key) & 1;
}

SEC("tc")
int second(struct __sk_buff *context)
{
	__u64 key[2] = { state[1], setting };

	bpf_map_delete_elem(&sized, key);
	bpf_map_push_elem(&queue, key, 0);
	return add(counts[7]) & 1;
}

char LICENSE[] SEC("license") = "GPL";
