// expect: the function 'down' calls itself
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__noinline int down(int value)
{
	return value > 3 ? down(value - 2) + down(value - 1) : value;
}
SEC("raw") int entry(int value)
{
	return down(value);
}
