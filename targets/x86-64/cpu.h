/*
 * The spin-wait hint on x86-64. `pause` tells the core that it spins: it saves power, leaves
 * the other hyper-thread its share, and avoids the memory-order flush when the loop ends.
 */
#ifndef BPFTIME_TARGET_CPU_H
#define BPFTIME_TARGET_CPU_H

static inline void bpftime_cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
