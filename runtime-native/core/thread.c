/*
 * The token is the thread pointer, which every libc sets for each thread, mixed with a random number
 * of the process: a forked child has the same thread pointers. The random number lies in a page that
 * the kernel clears in a child; where the kernel has no such pages, the thread id is the token.
 */
#include "thread.h"

#include "auxiliary.h"
#include "cpu.h"
#include "random.h"
#include "system.h"

#define ADVICE_WIPE_ON_FORK 18
#define POINTER_BITS 48
#define PAGE_SIZE 65536ull /* at least one page on every target */

/* NULL until it is known, then the page's number or `no_number`. */
static uint64_t *process_number;
static uint64_t no_number;

static __attribute__((noinline, cold)) uint64_t *find_process_number(void)
{
	uint64_t *expected = NULL, *found = &no_number;
	long page = bpftime_thread_pointer_allowed(bpftime_auxiliary_value(BPFTIME_AUXILIARY_FEATURES_2))
			    ? system_map(NULL, PAGE_SIZE, SYSTEM_PROTECT_READ | SYSTEM_PROTECT_WRITE,
					 SYSTEM_MAP_PRIVATE | SYSTEM_MAP_ANONYMOUS, -1, 0)
			    : -ENOSYS;

	if (page > 0 || page < -4095) {
		if (system_advise((void *)page, PAGE_SIZE, ADVICE_WIPE_ON_FORK) == 0)
			found = (uint64_t *)page;
		else
			system_unmap((void *)page, PAGE_SIZE);
	}
	if (__atomic_compare_exchange_n(&process_number, &expected, found, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return found;
	/* Another thread was first. */
	if (found != &no_number)
		system_unmap(found, PAGE_SIZE);
	return expected;
}

static __attribute__((noinline, cold)) uint64_t make_process_number(uint64_t *place)
{
	uint64_t expected = 0, number = bpftime_random() << POINTER_BITS | 1;

	if (__atomic_compare_exchange_n(place, &expected, number, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return number;
	return expected;
}

uint64_t bpftime_thread_token(void)
{
	uint64_t *place = __atomic_load_n(&process_number, __ATOMIC_ACQUIRE);
	uint64_t number;

	if (unlikely(!place))
		place = find_process_number();
	if (unlikely(place == &no_number))
		return (uint64_t)system_thread_id();
	number = __atomic_load_n(place, __ATOMIC_RELAXED);
	if (unlikely(number == 0))
		number = make_process_number(place);
	/* Thread pointers are even, so the 1 in the number keeps the token from being 0. */
	return number ^ bpftime_thread_pointer();
}
