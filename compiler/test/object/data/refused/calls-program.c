// expect: 'entry' calls the program 'inner'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw") __noinline int inner(int *memory)
{
	return *memory * 3;
}
SEC("raw") int entry(int *memory)
{
	return inner(memory) + 1;
}
