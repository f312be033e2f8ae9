// expect: 'elsewhere' is used, but defined nowhere
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int elsewhere;
SEC("raw") int entry(void *memory)
{
	return elsewhere;
}
