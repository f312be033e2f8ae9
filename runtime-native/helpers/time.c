/* Helpers that tell the time. */
#include "../core/clock.h"
#include "helper.h"

HELPER_FUNCTION(ktime_get_ns, void)
{
	return bpftime_clock_nanoseconds(BPFTIME_CLOCK_MONOTONIC);
}

HELPER_FUNCTION(ktime_get_boot_ns, void)
{
	return bpftime_clock_nanoseconds(BPFTIME_CLOCK_BOOT);
}

HELPER_FUNCTION(ktime_get_coarse_ns, void)
{
	return bpftime_clock_nanoseconds(BPFTIME_CLOCK_MONOTONIC_COARSE);
}

HELPER_FUNCTION(ktime_get_tai_ns, void)
{
	return bpftime_clock_nanoseconds(BPFTIME_CLOCK_TAI);
}
