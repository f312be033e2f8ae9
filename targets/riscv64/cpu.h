/*
 * The spin-wait hint and the thread pointer on riscv64. `pause` (Zihintpause) is encoded as a fence with no
 * predecessor, so cores that do not know it run it as a harmless fence; written as a word because
 * assemblers take the mnemonic only when the extension is on.
 *
 * The thread pointer is general register tp.
 */
#ifndef BPFTIME_TARGET_CPU_H
#define BPFTIME_TARGET_CPU_H

#include <stdbool.h>
#include <stdint.h>

static inline void bpftime_cpu_relax(void)
{
	__asm__ volatile(".word 0x0100000f" ::: "memory");
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

	__asm__ volatile("mv %0, tp" : "=r"(pointer));
	return pointer;
}

#endif
