// Two loads and an add: what a small probe does.
#include "workload.h"

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint32_t *words = (uint32_t *)memory;

	if (size < 8)
		return 0;
	return words[0] + words[1];
}
