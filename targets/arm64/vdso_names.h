/*
 * What the kernel's vDSO offers on arm64: time without a system call, but no CPU number. Names are
 * those of the vDSO's own symbol table (arm64 prefixes them with __kernel); NULL for a function that
 * it lacks.
 */
#ifndef BPFTIME_TARGET_VDSO_NAMES_H
#define BPFTIME_TARGET_VDSO_NAMES_H

#define BPFTIME_VDSO_CLOCK_GETTIME "__kernel_clock_gettime"
#define BPFTIME_VDSO_GETCPU NULL

#endif
