// expect: 'table' holds the address of
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __noinline int one(int value) { return value * 3; }
static __noinline int two(int value) { return value * 5; }
static int (*const table[])(int) = { one, two };
SEC("raw") int entry(int *memory)
{
	int (*volatile chosen)(int) = table[*memory & 1];
	return chosen != one;
}
