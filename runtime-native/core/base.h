/*
 * What every source of the runtime starts from: fixed-width types, error numbers, and a few words for
 * the compiler.
 */
#ifndef BPFTIME_CORE_BASE_H
#define BPFTIME_CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errno.h"

/* Part of the interface that programs and hosts link against; everything else is hidden. */
#define BPFTIME_EXPORT __attribute__((visibility("default")))

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/*
 * For functions that are also compiled into programs: inlined even where caller and callee were built
 * for different CPU features, which an ordinary inline function is not.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint64_t round_up(uint64_t value, uint64_t power_of_two)
{
	return (value + power_of_two - 1) & ~(power_of_two - 1);
}

ALWAYS_INLINE uint64_t minimum_u64(uint64_t left, uint64_t right)
{
	return left < right ? left : right;
}

#endif
