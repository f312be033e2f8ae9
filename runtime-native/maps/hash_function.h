/*
 * The hash function of hash maps. Multiplication to 128 bits and folding the halves together mixes
 * every input bit into every output bit at the price of one instruction; the seed, random for each
 * map, keeps whoever chooses the keys from choosing the collisions. With a constant size everything
 * but the multiplications folds away.
 */
#ifndef BPFTIME_MAPS_HASH_FUNCTION_H
#define BPFTIME_MAPS_HASH_FUNCTION_H

#include "../core/base.h"

/* Odd, half of the bits set, from the fractional parts of square roots of primes. */
#define BPFTIME_HASH_MULTIPLIER_1 0x6a09e667f3bcc909ull
#define BPFTIME_HASH_MULTIPLIER_2 0xbb67ae8584caa73bull

ALWAYS_INLINE uint64_t bpftime_hash_fold(uint64_t left, uint64_t right)
{
	unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

ALWAYS_INLINE uint64_t bpftime_load_8(const void *from)
{
	uint64_t value;

	__builtin_memcpy(&value, from, sizeof(value));
	return value;
}

ALWAYS_INLINE uint32_t bpftime_load_4(const void *from)
{
	uint32_t value;

	__builtin_memcpy(&value, from, sizeof(value));
	return value;
}

/* A key of at most 8 bytes as one number, zero-extended. */
ALWAYS_INLINE uint64_t bpftime_small_key(const void *key, uint64_t size)
{
	const unsigned char *bytes = key;
	uint64_t value = 0;

	if (size == 8)
		return bpftime_load_8(key);
	if (size == 4)
		return bpftime_load_4(key);
	for (uint64_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

ALWAYS_INLINE uint64_t bpftime_hash_small(uint64_t key, uint64_t seed)
{
	return bpftime_hash_fold(key ^ seed, BPFTIME_HASH_MULTIPLIER_1);
}

/* For more than 8 bytes: 16 at a time, the last 16 overlapping what came before. */
ALWAYS_INLINE uint64_t bpftime_hash_long(const void *key, uint64_t size, uint64_t seed)
{
	const unsigned char *bytes = key;
	uint64_t hash = seed ^ size;
	uint64_t left = size;

	for (; left > 16; left -= 16, bytes += 16)
		hash = bpftime_hash_fold(bpftime_load_8(bytes) ^ BPFTIME_HASH_MULTIPLIER_1,
					 bpftime_load_8(bytes + 8) ^ hash);
	bytes = (const unsigned char *)key + size;
	if (size >= 16)
		hash = bpftime_hash_fold(bpftime_load_8(bytes - 16) ^ BPFTIME_HASH_MULTIPLIER_1,
					 bpftime_load_8(bytes - 8) ^ hash);
	else
		hash = bpftime_hash_fold(bpftime_load_8(key) ^ BPFTIME_HASH_MULTIPLIER_1,
					 bpftime_load_8(bytes - 8) ^ hash);
	return bpftime_hash_fold(hash, BPFTIME_HASH_MULTIPLIER_2);
}

ALWAYS_INLINE uint64_t bpftime_hash(const void *key, uint64_t size, uint64_t seed)
{
	if (size <= 8)
		return bpftime_hash_small(bpftime_small_key(key, size), seed);
	return bpftime_hash_long(key, size, seed);
}

#endif
