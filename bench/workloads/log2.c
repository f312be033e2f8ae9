// Integer logarithm by shifting, over 64 values.
#include "workload.h"

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint64_t *values = (uint64_t *)memory;
	uint64_t sum = 0;

	if (size < 512)
		return 0;
	for (uint32_t index = 0; index < 64; index++) {
		uint64_t value = values[index];

		while (value > 1) {
			value >>= 1;
			sum++;
		}
	}
	return sum;
}
