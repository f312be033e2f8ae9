/*
 * What helper functions start from. Compiled programs call them under their kernel names with up to
 * five 64-bit registers and take a 64-bit result: parameters are pointers or uint64_t, and narrower
 * ones are cut inside, because callers do not extend them.
 */
#ifndef BPFTIME_HELPERS_HELPER_H
#define BPFTIME_HELPERS_HELPER_H

#include "../core/base.h"

/* Declares and starts the definition of helper bpf_NAME. */
#define HELPER_FUNCTION(name, ...)                                                                   \
	BPFTIME_EXPORT uint64_t bpf_##name(__VA_ARGS__);                                             \
	BPFTIME_EXPORT uint64_t bpf_##name(__VA_ARGS__)

#endif
