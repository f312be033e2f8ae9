// Local calls: a recurrence through two small functions that must not be inlined.
#include "workload.h"

static NOINLINE uint64_t step(uint64_t value, uint64_t key)
{
	return (value ^ key) * 0x9e3779b97f4a7c15ull;
}

static NOINLINE uint64_t twice(uint64_t value, uint64_t key)
{
	return step(step(value, key), key >> 7) + 1;
}

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint64_t value;

	if (size < 8)
		return 0;
	value = *(uint64_t *)memory;
	for (uint32_t index = 0; index < 100; index++)
		value = twice(value, index);
	return value;
}
