/*
 * Memory access rules on arm64. Unaligned words in ordinary memory are full speed (a penalty only
 * where they cross a page). Long copies go four words at a time, which the compiler pairs into
 * ldp/stp.
 */
#ifndef BPFTIME_TARGET_MEMORY_H
#define BPFTIME_TARGET_MEMORY_H

#include <stddef.h>

#define BPFTIME_UNALIGNED_WORDS 1
#define BPFTIME_BULK_MINIMUM 32

/* Copies a multiple of 8 bytes and the odd rest; at most the last 7 bytes go one by one. */
static inline void bpftime_bulk_copy(unsigned char *to, const unsigned char *from, size_t size)
{
	typedef unsigned long __attribute__((may_alias, aligned(1))) word;

	for (; size >= 32; size -= 32, to += 32, from += 32) {
		word a = ((const word *)from)[0], b = ((const word *)from)[1];
		word c = ((const word *)from)[2], d = ((const word *)from)[3];

		((word *)to)[0] = a;
		((word *)to)[1] = b;
		((word *)to)[2] = c;
		((word *)to)[3] = d;
	}
	for (; size != 0; size--)
		*to++ = *from++;
}

static inline void bpftime_bulk_fill(unsigned char *to, int byte, size_t size)
{
	typedef unsigned long __attribute__((may_alias, aligned(1))) word;
	word value = (unsigned char)byte * 0x0101010101010101ul;

	for (; size >= 32; size -= 32, to += 32)
		for (int i = 0; i < 4; i++)
			((word *)to)[i] = value;
	for (; size != 0; size--)
		*to++ = (unsigned char)byte;
}

#endif
