/*
 * BPF_MAP_TYPE_PROG_ARRAY: targets of tail calls. `memory` is an array of functions that take the
 * context and the number of tail calls so far; compiled programs jump through it by themselves.
 */
#include "slots.h"

static int program_array_create(struct bpftime_map *map)
{
	return bpftime_slots_create(map, BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY);
}

const struct map_operations bpftime_program_array_operations = {
	.create = program_array_create,
	.update = bpftime_slots_set,
	.remove = bpftime_slots_clear,
	.next_key = bpftime_array_next_key,
};
