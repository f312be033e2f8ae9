/*
 * Reads of memory at any address. In a process, "kernel" and "user" memory are the same. Whatever
 * cannot be read is left zeroed, as in the kernel.
 */
#include "../core/read.h"
#include "../core/string.h"
#include "helper.h"

static uint64_t probe_read(void *destination, uint64_t size, const void *source)
{
	uint32_t bytes = (uint32_t)size;
	int error = bpftime_safe_read(destination, source, bytes);

	if (error)
		memset(destination, 0, bytes);
	return (uint64_t)error;
}

static uint64_t probe_read_string(void *destination, uint64_t size, const void *source)
{
	uint32_t bytes = (uint32_t)size;
	int64_t length = bpftime_safe_read_string(destination, source, bytes);

	if (length < 0)
		memset(destination, 0, bytes);
	return (uint64_t)length;
}

HELPER_FUNCTION(probe_read, void *destination, uint64_t size, const void *source)
{
	return probe_read(destination, size, source);
}

HELPER_FUNCTION(probe_read_user, void *destination, uint64_t size, const void *source)
{
	return probe_read(destination, size, source);
}

HELPER_FUNCTION(probe_read_kernel, void *destination, uint64_t size, const void *source)
{
	return probe_read(destination, size, source);
}

HELPER_FUNCTION(probe_read_str, void *destination, uint64_t size, const void *source)
{
	return probe_read_string(destination, size, source);
}

HELPER_FUNCTION(probe_read_user_str, void *destination, uint64_t size, const void *source)
{
	return probe_read_string(destination, size, source);
}

HELPER_FUNCTION(probe_read_kernel_str, void *destination, uint64_t size, const void *source)
{
	return probe_read_string(destination, size, source);
}
