// Static and global subprograms in .text and in program sections, callbacks, code nobody calls.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int total;

static __noinline int in_text(int value)
{
	return value * 3 + total;
}

__noinline int global_in_text(int value)
{
	return in_text(value + 1) ^ total;
}

__noinline int nobody_calls(int value)
{
	return global_in_text(value) + 7;
}

static long each(__u32 index, void *context)
{
	total += index;
	return 0;
}

static __attribute__((section("xdp"))) __noinline int beside(int value)
{
	return value - total;
}

static __attribute__((section("tc"))) __noinline int elsewhere(unsigned int value)
{
	return value / (unsigned int)(total | 1);
}

SEC("xdp")
int entry(void *context)
{
	bpf_loop(5, each, 0, 0);
	return beside(4) + global_in_text(2) + elsewhere(9);
}

static __noinline __attribute__((section("xdp"))) int same_section(int value)
{
	return value + total * 2;
}

SEC("xdp")
int other_entry(void *context)
{
	return same_section(1) + beside(2);
}

SEC("tc")
int shaper(void *context)
{
	return elsewhere(1) + in_text(4);
}
