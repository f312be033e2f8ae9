/* bpf_loop as part of the program; see inline.h. */
#include "inline.h"

#include "../helpers/loop.h"

BPFTIME_INLINE uint64_t bpftime_inline_loop(uint64_t count, void *callback, void *context, uint64_t flags)
{
	return bpftime_loop(count, (bpftime_loop_callback)callback, context, flags);
}
