// A table of addresses that no code uses: libbpf leaves zeros in it.
const char *names[] = { "one", "two" };

__attribute__((section("raw"))) int entry(void *memory)
{
	return memory != 0;
}
