/*
 * The spin-wait hint and the thread pointer on arm64. `isb` is used instead of `yield`: most cores treat `yield` as
 * nothing, while `isb` refills the pipeline and so waits about as long as `pause` on x86-64.
 *
 * The thread pointer is system register tpidr_el0, which programs may always read.
 */
#ifndef BPFTIME_TARGET_CPU_H
#define BPFTIME_TARGET_CPU_H

#include <stdbool.h>
#include <stdint.h>

static inline void bpftime_cpu_relax(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/* Whether bpftime_thread_pointer may be used; `features` is AT_HWCAP2. */
static inline bool bpftime_thread_pointer_allowed(uint64_t features)
{
	(void)features;
	return true;
}

static inline uint64_t bpftime_thread_pointer(void)
{
	uint64_t pointer;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(pointer));
	return pointer;
}

#endif
