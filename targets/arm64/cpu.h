/*
 * The spin-wait hint on arm64. `isb` is used instead of `yield`: most cores treat `yield` as
 * nothing, while `isb` refills the pipeline and so waits about as long as `pause` on x86-64.
 */
#ifndef BPFTIME_TARGET_CPU_H
#define BPFTIME_TARGET_CPU_H

static inline void bpftime_cpu_relax(void)
{
	__asm__ volatile("isb" ::: "memory");
}

#endif
