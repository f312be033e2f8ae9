/*
 * How maps lie in memory: read by the map types and by the operations that are inlined into programs,
 * so a change here is a change of BPFTIME_MAP_LAYOUT_VERSION. Everything is in offsets from the start
 * of the map's region, never in addresses: a region means the same wherever it is mapped.
 */
#ifndef BPFTIME_MAPS_LAYOUT_H
#define BPFTIME_MAPS_LAYOUT_H

#include "../core/base.h"

#define BPFTIME_MAP_MAGIC 0x50414d454d495442ull /* "BTIMEMAP" in memory */
#define BPFTIME_MAP_LAYOUT_VERSION 1u

/* CPUs must not write to one another's cache lines; two lines, because hardware prefetches pairs. */
#define BPFTIME_CPU_LINE 128u

/* The first bytes of every region. */
struct bpftime_map_header {
	uint64_t magic;
	uint32_t version;
	uint32_t type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	uint64_t extra;
	uint64_t region_size;
	uint64_t data_offset;  /* of the first element */
	uint32_t cpu_count;    /* copies of each value; 1 unless per-CPU */
	uint32_t reserved;
	uint64_t padding[8];
};

_Static_assert(sizeof(struct bpftime_map_header) == 128, "layout version 1");

/* Values lie at multiples of 8, as in the kernel. */
ALWAYS_INLINE uint64_t bpftime_value_stride(uint64_t value_size)
{
	return round_up(value_size, 8);
}

/* Per-CPU array: distance of one CPU's elements to the next CPU's. */
ALWAYS_INLINE uint64_t bpftime_array_cpu_stride(uint64_t value_stride, uint64_t max_entries)
{
	return round_up(value_stride * max_entries, BPFTIME_CPU_LINE);
}

#endif
