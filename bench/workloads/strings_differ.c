// Compares two strings of 1000 bytes that differ near the end.
#include "workload.h"

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	const uint8_t *left = memory, *right = memory + size / 2;

	for (uint32_t index = 0; index < 1000; index++) {
		if (left[index] != right[index])
			return index + 1;
		if (!left[index])
			return 0;
	}
	return 0;
}
