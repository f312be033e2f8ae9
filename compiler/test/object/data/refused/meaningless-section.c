// expect: 'entry' is in section 'qwertyuiop', which names no kind of program
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("qwertyuiop") int entry(void *memory)
{
	return 0;
}
