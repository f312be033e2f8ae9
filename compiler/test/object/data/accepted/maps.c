// Definitions of maps in every form, with initial values.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct key {
	__u32 left;
	__u16 right;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, struct key);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__uint(numa_node, 3);
} hash SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 40);
} sized_type;
sized_type sized SEC(".maps");

static struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__uint(map_extra, 3);
	__type(value, __u32);
} hidden SEC(".maps");

static struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 10);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, 8);
	__uint(value_size, 1);
} routes SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u64);
};
struct inner one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [1] = &one, [3] = &two },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u64);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 7);
		__type(key, __u8);
		__type(value, __u16);
	});
} by_name SEC(".maps");

int step(void *context);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *));
} steps SEC(".maps") = {
	.values = { [1] = &step },
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
} events SEC(".maps");

SEC("xdp")
int step(void *context)
{
	__u32 number = 1;
	void *map;

	bpf_map_push_elem(&hidden, &number, 0);
	bpf_map_delete_elem(&routes, &number);
	map = bpf_map_lookup_elem(&outer, &number);
	if (!map)
		return bpf_map_lookup_elem(&sized, &number) != 0;
	return bpf_map_lookup_elem(map, &number) != 0;
}

SEC("xdp")
int start(void *context)
{
	bpf_tail_call(context, &steps, 1);
	return 0;
}
