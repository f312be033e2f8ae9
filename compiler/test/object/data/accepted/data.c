// Data sections: strings, constants, volatile and custom-named ones.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair {
	__u64 left;
	__u32 right[3];
};

const volatile __u32 setting = 42;
const volatile char name[16] = "default";
const struct pair table[4] = { { 1, { 2, 3, 4 } }, { 5, { 6, 7, 8 } } };
struct pair state = { .left = 9 };
static __u64 hidden_state = 11;
__u32 zeros[100];
static volatile __u32 hidden_zero;
int grouped SEC(".data.hot") = 5;
int spread SEC(".bss.cold");
const char banner[] SEC(".rodata.text") = "hello";
int custom SEC("my_settings") = 77;

SEC("raw")
int sum(__u32 *memory, __u64 size)
{
	static __u32 calls;
	char format[] = "a string long enough to be in a section of its own %d\n";

	calls++;
	hidden_state += memory != 0;
	hidden_zero++;
	bpf_trace_printk(format, sizeof(format), calls);
	return setting + name[size & 15] + table[size & 3].right[1] + state.right[size % 3] +
	       hidden_state + zeros[size % 100] + hidden_zero + grouped + spread + banner[size % 5] +
	       custom;
}
