/* Linked to sample.bpf.c by bpftool. */
extern int global_subprogram(unsigned long long *value);
static unsigned long long local = 5;

__attribute__((section("xdp"), used)) int pass(void *context)
{
	return global_subprogram(&local);
}
