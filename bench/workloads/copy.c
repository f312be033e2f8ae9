// Byte-wise copy of the first half of the memory to the second.
#include "workload.h"

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint64_t half = size / 2;

	for (uint64_t index = 0; index < half; index++)
		memory[half + index] = memory[index];
	return memory[size - 1];
}
