// expect: kernel function 'bpf_cpumask_create' is not supported
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void *bpf_cpumask_create(void) __ksym;
SEC("raw") int entry(void *memory)
{
	return bpf_cpumask_create() != 0;
}
