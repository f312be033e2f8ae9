/* bpf_loop, for the runtime and for inlining. */
#ifndef BPFTIME_HELPERS_LOOP_H
#define BPFTIME_HELPERS_LOOP_H

#include "../core/base.h"

#define BPFTIME_LOOPS_LIMIT (1u << 23)

typedef uint64_t (*bpftime_loop_callback)(uint64_t index, void *context);

/* Calls back `count` times or until the callback gives something else than 0; counts the calls. */
ALWAYS_INLINE uint64_t bpftime_loop(uint64_t count, bpftime_loop_callback callback, void *context,
				    uint64_t flags)
{
	uint32_t loops = (uint32_t)count;

	if (flags != 0)
		return (uint64_t)-EINVAL;
	if (loops > BPFTIME_LOOPS_LIMIT)
		return (uint64_t)-E2BIG;
	for (uint32_t i = 0; i < loops; i++)
		if (callback(i, context) != 0)
			return i + 1;
	return loops;
}

#endif
