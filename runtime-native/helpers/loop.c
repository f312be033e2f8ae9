/* bpf_loop. */
#include "loop.h"

#include "helper.h"

HELPER_FUNCTION(loop, uint64_t count, void *callback, void *context, uint64_t flags)
{
	return bpftime_loop(count, (bpftime_loop_callback)callback, context, flags);
}
