#include "clock.h"

#include "system.h"
#include "vdso.h"
#include "vdso_names.h"

typedef int (*clock_function)(int clock, struct system_time *time);

static int clock_by_system_call(int clock, struct system_time *time)
{
	return (int)system_clock(clock, time);
}

/* Set once; every thread that comes early finds the same value, so no lock is needed. */
static clock_function current_clock;

static __attribute__((noinline, cold)) clock_function find_clock(void)
{
	clock_function found = (clock_function)bpftime_vdso_function(BPFTIME_VDSO_CLOCK_GETTIME);

	if (!found)
		found = clock_by_system_call;
	__atomic_store_n(&current_clock, found, __ATOMIC_RELEASE);
	return found;
}

uint64_t bpftime_clock_nanoseconds(int clock)
{
	clock_function function = __atomic_load_n(&current_clock, __ATOMIC_ACQUIRE);
	struct system_time time = {0};

	if (unlikely(!function))
		function = find_clock();
	function(clock, &time);
	return (uint64_t)time.seconds * 1000000000ull + (uint64_t)time.nanoseconds;
}
