/*
 * The vDSO: a small shared object that the kernel maps into every process, with a few functions that
 * do the work of system calls without entering the kernel.
 */
#ifndef BPFTIME_CORE_VDSO_H
#define BPFTIME_CORE_VDSO_H

#include "base.h"

/* Address of a vDSO function of this process, or NULL when there is none of that name. */
void *bpftime_vdso_function(const char *name);

#endif
