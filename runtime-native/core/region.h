/* Zeroed memory straight from the kernel, for maps: resident only where it is touched. */
#ifndef BPFTIME_CORE_REGION_H
#define BPFTIME_CORE_REGION_H

#include "base.h"

/* Gives `size` zeroed bytes at a page boundary, or NULL when the kernel has none. */
void *bpftime_region_create(uint64_t size);

/* Gives a region back. */
void bpftime_region_destroy(void *region, uint64_t size);

#endif
