// expect: section '.bss' has the alignment 8192
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int far __attribute__((aligned(8192)));
SEC("raw") int entry(void *memory)
{
	return far;
}
