/* Opens the maps of whatever compiled object is linked into the same shared object. */
#include <bpftime/bpftime.h>
#include <stdlib.h>

__attribute__((constructor)) static void open_maps(void)
{
	if (bpftime_open() != 0)
		abort();
}
