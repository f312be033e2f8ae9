/*
 * Word-wise loops in general registers: the sizes here are keys, values and packets, mostly under a
 * hundred bytes, and runtime code must leave vector registers alone.
 */
#include "string.h"

#include "memory.h"

/* A word that may alias anything and lie anywhere; where that is slow it is used on aligned ones only. */
typedef uint64_t __attribute__((may_alias)) word;

static inline word load_word(const unsigned char *from)
{
	word value;

#if BPFTIME_UNALIGNED_WORDS
	__builtin_memcpy_inline(&value, from, sizeof(value));
#else
	value = *(const word *)from;
#endif
	return value;
}

static inline void store_word(unsigned char *to, word value)
{
#if BPFTIME_UNALIGNED_WORDS
	__builtin_memcpy_inline(to, &value, sizeof(value));
#else
	*(word *)to = value;
#endif
}

/* Bytes until both addresses are aligned; SIZE_MAX when they never are at the same time. */
static inline size_t bytes_to_alignment(const void *left, const void *right)
{
	if (BPFTIME_UNALIGNED_WORDS)
		return 0;
	if (((uintptr_t)left ^ (uintptr_t)right) & 7)
		return SIZE_MAX;
	return -(uintptr_t)left & 7;
}

static void copy_forward(unsigned char *to, const unsigned char *from, size_t size)
{
	size_t lead = bytes_to_alignment(to, from);

	for (; lead != 0 && size != 0; lead--, size--)
		*to++ = *from++;
	if (size >= BPFTIME_BULK_MINIMUM) {
		bpftime_bulk_copy(to, from, size);
		return;
	}
	for (; size >= 8; size -= 8, to += 8, from += 8)
		store_word(to, load_word(from));
	for (; size != 0; size--)
		*to++ = *from++;
}

static void copy_backward(unsigned char *to, const unsigned char *from, size_t size)
{
	size_t lead = bytes_to_alignment(to, from);

	if (lead == SIZE_MAX) {
		while (size != 0) {
			size--;
			to[size] = from[size];
		}
		return;
	}
	while (size != 0 && (!BPFTIME_UNALIGNED_WORDS && ((uintptr_t)(to + size) & 7))) {
		size--;
		to[size] = from[size];
	}
	for (; size >= 8; size -= 8)
		store_word(to + size - 8, load_word(from + size - 8));
	while (size != 0) {
		size--;
		to[size] = from[size];
	}
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size)
{
	copy_forward(destination, source, size);
	return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
	/* Forward is right when the destination does not start inside the source. */
	if ((uintptr_t)destination - (uintptr_t)source >= size)
		copy_forward(destination, source, size);
	else
		copy_backward(destination, source, size);
	return destination;
}

void *memset(void *destination, int byte, size_t size)
{
	unsigned char *to = destination;
	word value = (unsigned char)byte * 0x0101010101010101ull;
	size_t lead = bytes_to_alignment(to, to);

	for (; lead != 0 && size != 0; lead--, size--)
		*to++ = (unsigned char)byte;
	if (size >= BPFTIME_BULK_MINIMUM) {
		bpftime_bulk_fill(to, byte, size);
		return destination;
	}
	for (; size >= 8; size -= 8, to += 8)
		store_word(to, value);
	for (; size != 0; size--)
		*to++ = (unsigned char)byte;
	return destination;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *a = left, *b = right;
	size_t lead = bytes_to_alignment(a, b);

	for (; lead != 0 && size != 0; lead--, size--, a++, b++)
		if (*a != *b)
			return *a - *b;
	/* On a difference the byte loop below finds which byte it was. */
	for (; size >= 8 && load_word(a) == load_word(b); size -= 8, a += 8, b += 8)
		;
	for (; size != 0; size--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}
