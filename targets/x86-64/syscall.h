/*
 * System calls on x86-64. The number goes into rax, arguments into rdi, rsi, rdx, r10, r8, r9 (r10
 * where the C ABI has rcx, because `syscall` saves the return address in rcx and the flags in r11,
 * so both are lost). The result is in rax; -4095 to -1 are negative errno values. No other register
 * changes, and the red zone stays intact, because the kernel switches stacks.
 */
#ifndef BPFTIME_TARGET_SYSCALL_H
#define BPFTIME_TARGET_SYSCALL_H

#include <stdint.h>

static inline long bpftime_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#endif
