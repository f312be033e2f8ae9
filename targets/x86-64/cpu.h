/*
 * The spin-wait hint and the thread pointer on x86-64. `pause` tells the core that it spins: it saves power, leaves
 * the other hyper-thread its share, and avoids the memory-order flush when the loop ends.
 *
 * The thread pointer is the base of segment fs. Programs may read it by `rdfsbase` where the kernel
 * allows (since 5.9, on CPUs since 2012); that is bit 1 of the auxiliary vector's second word of CPU
 * features. A load from fs:0, which gives the same in most processes, would fault in a thread without
 * thread-local storage.
 */
#ifndef BPFTIME_TARGET_CPU_H
#define BPFTIME_TARGET_CPU_H

#include <stdbool.h>
#include <stdint.h>

static inline void bpftime_cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* Whether bpftime_thread_pointer may be used; `features` is AT_HWCAP2. */
static inline bool bpftime_thread_pointer_allowed(uint64_t features)
{
	return (features & 2) != 0;
}

static inline uint64_t bpftime_thread_pointer(void)
{
	uint64_t pointer;

	__asm__ volatile("rdfsbase %0" : "=r"(pointer));
	return pointer;
}

#endif
