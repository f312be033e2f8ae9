#include "lock.h"

#include "cpu.h"
#include "system.h"

/* About two microseconds: longer than any critical section, shorter than a time slice. */
#define SPINS_BEFORE_YIELD 64

bool bpftime_lock_try(bpftime_lock *lock, uint64_t self)
{
	uint64_t holder = 0;

	return __atomic_compare_exchange_n(lock, &holder, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

int bpftime_lock_take(bpftime_lock *lock, uint64_t self)
{
	for (uint32_t spins = 0;; spins++) {
		uint64_t holder = __atomic_load_n(lock, __ATOMIC_RELAXED);

		if (holder == 0 &&
		    __atomic_compare_exchange_n(lock, &holder, self, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
		if (holder == self)
			return -EBUSY;
		/* The holder may have been preempted; it needs a CPU, perhaps this one. */
		if (spins < SPINS_BEFORE_YIELD)
			bpftime_cpu_relax();
		else
			system_yield();
	}
}

void bpftime_lock_release(bpftime_lock *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}
