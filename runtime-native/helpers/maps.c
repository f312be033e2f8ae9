/* Helpers on maps: lookup, update, delete, the value of another CPU, iteration. */
#include "../maps/map.h"
#include "helper.h"

HELPER_FUNCTION(map_lookup_elem, struct bpftime_map *map, const void *key)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	return operations && operations->lookup ? (uint64_t)operations->lookup(map, key) : 0;
}

HELPER_FUNCTION(map_update_elem, struct bpftime_map *map, const void *key, const void *value, uint64_t flags)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	return (uint64_t)(operations && operations->update ? operations->update(map, key, value, flags)
							   : -EINVAL);
}

HELPER_FUNCTION(map_delete_elem, struct bpftime_map *map, const void *key)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	return (uint64_t)(operations && operations->remove ? operations->remove(map, key) : -EINVAL);
}

HELPER_FUNCTION(map_lookup_percpu_elem, struct bpftime_map *map, const void *key, uint64_t cpu)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	return operations && operations->lookup_cpu
		       ? (uint64_t)operations->lookup_cpu(map, key, (uint32_t)cpu)
		       : 0;
}

HELPER_FUNCTION(for_each_map_elem, struct bpftime_map *map, void *callback, void *context, uint64_t flags)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	if (flags != 0)
		return (uint64_t)-EINVAL;
	return (uint64_t)(operations && operations->for_each
				  ? operations->for_each(map, (map_callback)callback, context)
				  : -EINVAL);
}
