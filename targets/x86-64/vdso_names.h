/*
 * What the kernel's vDSO offers on x86-64: both functions work without a system call. Names are those
 * of the vDSO's own symbol table; NULL for a function that it lacks.
 */
#ifndef BPFTIME_TARGET_VDSO_NAMES_H
#define BPFTIME_TARGET_VDSO_NAMES_H

#define BPFTIME_VDSO_CLOCK_GETTIME "__vdso_clock_gettime"
#define BPFTIME_VDSO_GETCPU "__vdso_getcpu"

#endif
