// expect: kernel symbol 'runqueues' is not supported
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const int runqueues __ksym;
SEC("raw") int entry(void *memory)
{
	return &runqueues == memory;
}
