#include "auxiliary.h"

#include "system.h"

/* Read from /proc, as a library does not see the process's start. */
uint64_t bpftime_auxiliary_value(uint64_t type)
{
	uint64_t pair[2];
	uint64_t value = 0;
	long file = system_open("/proc/self/auxv", SYSTEM_OPEN_CLOSE_ON_EXEC);

	if (file < 0)
		return 0;
	while (system_read((int)file, pair, sizeof(pair)) == (long)sizeof(pair) && pair[0] != 0) {
		if (pair[0] == type)
			value = pair[1];
	}
	system_close((int)file);
	return value;
}
