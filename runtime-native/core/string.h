/*
 * Memory primitives. Compilers call them by themselves, so their names are fixed; in libbpftime.a
 * they are renamed (see Makefile), so that linking the runtime never replaces a host's own.
 */
#ifndef BPFTIME_CORE_STRING_H
#define BPFTIME_CORE_STRING_H

#include "base.h"

void *memcpy(void *restrict destination, const void *restrict source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

#endif
