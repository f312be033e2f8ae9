/*
 * The spin-wait hint on riscv64. `pause` (Zihintpause) is encoded as a fence with no
 * predecessor, so cores that do not know it run it as a harmless fence; written as a word because
 * assemblers take the mnemonic only when the extension is on.
 */
#ifndef BPFTIME_TARGET_CPU_H
#define BPFTIME_TARGET_CPU_H

static inline void bpftime_cpu_relax(void)
{
	__asm__ volatile(".word 0x0100000f" ::: "memory");
}

#endif
