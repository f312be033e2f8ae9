/*
 * System calls on riscv64. The number goes into a7, arguments into a0 to a5, then `ecall`. The result
 * is in a0; -4095 to -1 are negative errno values. The kernel keeps every other scalar register; it
 * may clobber vector registers, which the runtime never uses.
 */
#ifndef BPFTIME_TARGET_SYSCALL_H
#define BPFTIME_TARGET_SYSCALL_H

#include <stdint.h>

static inline long bpftime_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

#endif
