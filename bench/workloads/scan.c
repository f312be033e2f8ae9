// Counts the words, lines and digits of 4096 bytes of text.
#include "workload.h"

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint32_t words = 0, lines = 0, digits = 0, inside = 0;

	for (uint32_t index = 0; index < 4096; index++) {
		uint8_t character = memory[index];

		if (character == '\n')
			lines++;
		if (character == ' ' || character == '\n' || character == '\t') {
			inside = 0;
		} else {
			words += !inside;
			inside = 1;
		}
		if (character >= '0' && character <= '9')
			digits++;
	}
	return (uint64_t)words << 40 | (uint64_t)lines << 20 | digits;
}
