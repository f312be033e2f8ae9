/*
 * Memory access rules on x86-64. Unaligned words are full speed. Long copies and fills are best done
 * by `rep movsb` and `rep stosb`: every CPU since 2013 moves whole cache lines for them, without
 * touching vector registers; start-up costs some thirty cycles, so short ones use plain words.
 * The direction flag is clear on entry to any function (C ABI).
 */
#ifndef BPFTIME_TARGET_MEMORY_H
#define BPFTIME_TARGET_MEMORY_H

#include <stddef.h>

#define BPFTIME_UNALIGNED_WORDS 1
#define BPFTIME_BULK_MINIMUM 512

static inline void bpftime_bulk_copy(unsigned char *to, const unsigned char *from, size_t size)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static inline void bpftime_bulk_fill(unsigned char *to, int byte, size_t size)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
}

#endif
