// expect: the function 'elsewhere' is called, but defined nowhere
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int elsewhere(void *memory);
SEC("raw") int entry(void *memory)
{
	return elsewhere(memory);
}
