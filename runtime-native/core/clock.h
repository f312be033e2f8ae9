/* Time, by the vDSO where the process has one. */
#ifndef BPFTIME_CORE_CLOCK_H
#define BPFTIME_CORE_CLOCK_H

#include "base.h"

#define BPFTIME_CLOCK_MONOTONIC 1
#define BPFTIME_CLOCK_MONOTONIC_COARSE 6
#define BPFTIME_CLOCK_BOOT 7
#define BPFTIME_CLOCK_TAI 11

/* Nanoseconds of a clock of clock_gettime(2). */
uint64_t bpftime_clock_nanoseconds(int clock);

#endif
