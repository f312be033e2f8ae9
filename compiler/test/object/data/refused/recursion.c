// expect: recursion is not possible in BPF: 'ping' calls 'pong', which leads back to it
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__noinline int pong(int value);
__noinline int ping(int value)
{
	return value ? pong(value - 1) + 1 : 0;
}
__noinline int pong(int value)
{
	return value ? ping(value - 2) + 1 : 0;
}
SEC("raw") int entry(int value)
{
	return ping(value);
}
