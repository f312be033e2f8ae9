// Parses 64 frames of 64 bytes: Ethernet, VLAN, IPv4, TCP and UDP, sums ports and lengths.
#include "workload.h"

static inline uint32_t big16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static NOINLINE uint64_t parse(const uint8_t *frame, const uint8_t *end)
{
	const uint8_t *next = frame + 14;
	uint32_t type, header;

	if (next > end)
		return 1;
	type = big16(frame + 12);
	if (type == 0x8100) {
		if (next + 4 > end)
			return 2;
		type = big16(next + 2);
		next += 4;
	}
	if (type != 0x0800)
		return 3;
	if (next + 20 > end)
		return 4;
	header = (next[0] & 15) * 4;
	if (header < 20)
		return 5;
	if (next[9] == 6 && next + header + 20 <= end)
		return big16(next + header) + big16(next + header + 2) + big16(next + 2);
	if (next[9] == 17 && next + header + 8 <= end)
		return big16(next + header) * 3 + big16(next + header + 4);
	return 6;
}

WORKLOAD uint64_t run(uint8_t *memory, uint64_t size)
{
	uint64_t sum = 0;

	for (uint32_t index = 0; index < 64; index++)
		sum = sum * 7 + parse(memory + index * 64, memory + size);
	return sum;
}
