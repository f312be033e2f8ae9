/* CPUs: how many there can be, and which one this is. */
#ifndef BPFTIME_CORE_PROCESSOR_H
#define BPFTIME_CORE_PROCESSOR_H

#include "base.h"

/* Number of possible CPUs: one more than the highest number any thread can ever run on. */
uint32_t bpftime_processor_count(void);

/* The CPU that the caller runs on now, below bpftime_processor_count(). */
uint32_t bpftime_processor_current(void);

#endif
