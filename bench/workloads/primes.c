// Primes below 4000 by trial division.
#include "workload.h"

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint64_t count = 0;

	for (uint32_t candidate = 2; candidate < 4000; candidate++) {
		uint32_t divisor;

		for (divisor = 2; divisor * divisor <= candidate; divisor++)
			if (candidate % divisor == 0)
				break;
		count += divisor * divisor > candidate;
	}
	return count;
}
