/*
 * What the kernel's vDSO offers on riscv64: time without a system call; getcpu is there too, as a
 * wrapper of the system call. Names are those of the vDSO's own symbol table; NULL for a function
 * that it lacks.
 */
#ifndef BPFTIME_TARGET_VDSO_NAMES_H
#define BPFTIME_TARGET_VDSO_NAMES_H

#define BPFTIME_VDSO_CLOCK_GETTIME "__vdso_clock_gettime"
#define BPFTIME_VDSO_GETCPU NULL

#endif
