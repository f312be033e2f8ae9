// expect: is in section 'license', which holds no variables
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
SEC("raw") int entry(unsigned long *memory)
{
	return LICENSE[*memory & 3];
}
