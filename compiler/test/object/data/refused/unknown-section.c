// expect: did you mean SEC\("uretprobe/libc.so.6:malloc"\)
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uretporbe/libc.so.6:malloc") int entry(void *memory)
{
	return 0;
}
