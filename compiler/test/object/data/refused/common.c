// expect: the variable 'shared' is a common symbol
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int shared;
SEC("raw") int entry(void *memory)
{
	return shared;
}
