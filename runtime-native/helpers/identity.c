/* Helpers that tell who runs the program and where. */
#include "../core/processor.h"
#include "../core/random.h"
#include "../core/string.h"
#include "../core/system.h"
#include "helper.h"

#define COMMAND_SIZE 16u /* of the kernel's thread names, the zero included */

/* Asked anew each time: a cached answer would be wrong after fork and in new threads. */
HELPER_FUNCTION(get_current_pid_tgid, void)
{
	return (uint64_t)system_process_id() << 32 | (uint32_t)system_thread_id();
}

HELPER_FUNCTION(get_current_comm, char *buffer, uint64_t size)
{
	char command[COMMAND_SIZE] = {0};
	uint32_t bytes = (uint32_t)size;
	uint32_t length = 0;

	if (!buffer || bytes == 0)
		return (uint64_t)-EINVAL;
	system_process_control(SYSTEM_PRCTL_GET_NAME, command);
	while (length < COMMAND_SIZE - 1 && length < bytes - 1 && command[length] != 0)
		length++;
	memcpy(buffer, command, length);
	memset(buffer + length, 0, bytes - length);
	return 0;
}

HELPER_FUNCTION(get_smp_processor_id, void)
{
	return bpftime_processor_current();
}

HELPER_FUNCTION(get_prandom_u32, void)
{
	return (uint32_t)bpftime_random();
}
