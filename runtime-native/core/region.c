#include "region.h"

#include "system.h"

void *bpftime_region_create(uint64_t size)
{
	long address;

	/* Larger requests fail in the kernel too; this keeps every later sum within 64 bits. */
	if (size == 0 || size > 1ull << 47)
		return NULL;
	/* Shared, as a forked child goes on with the parent's maps, not with a copy. */
	address = system_map(NULL, size, SYSTEM_PROTECT_READ | SYSTEM_PROTECT_WRITE,
			     SYSTEM_MAP_SHARED | SYSTEM_MAP_ANONYMOUS, -1, 0);
	return address < 0 && address > -4096 ? NULL : (void *)address;
}

void bpftime_region_destroy(void *region, uint64_t size)
{
	system_unmap(region, size);
}
