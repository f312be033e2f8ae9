/*
 * One shared counter and a mixing function: an atomic add makes every caller's number distinct, so no
 * per-thread state is needed and a signal handler in between does no harm.
 */
#include "random.h"

#include "clock.h"
#include "system.h"

#define GOLDEN_RATIO 0x9e3779b97f4a7c15ull

static uint64_t counter;

static __attribute__((noinline, cold)) void seed(void)
{
	uint64_t value = 0, expected = 0;

	if (system_random(&value, sizeof(value)) != (long)sizeof(value))
		value = bpftime_clock_nanoseconds(BPFTIME_CLOCK_MONOTONIC) ^ (uint64_t)system_process_id() << 32;
	/* Zero means unseeded; the first thread's seed stays. */
	value |= 1;
	__atomic_compare_exchange_n(&counter, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

uint64_t bpftime_random(void)
{
	uint64_t value;

	if (unlikely(__atomic_load_n(&counter, __ATOMIC_RELAXED) == 0))
		seed();
	value = __atomic_fetch_add(&counter, GOLDEN_RATIO, __ATOMIC_RELAXED);
	/* Each step is a bijection whose output bits depend on all input bits above and below. */
	value = (value ^ value >> 32) * 0xd6e8feb86659fd93ull;
	value = (value ^ value >> 32) * 0xd6e8feb86659fd93ull;
	return value ^ value >> 32;
}
