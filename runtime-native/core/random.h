/* Random numbers: not for secrets, but seeded by the kernel and different on every call. */
#ifndef BPFTIME_CORE_RANDOM_H
#define BPFTIME_CORE_RANDOM_H

#include "base.h"

uint64_t bpftime_random(void);

#endif
