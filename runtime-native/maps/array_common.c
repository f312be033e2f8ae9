#include "array_common.h"

int bpftime_array_check(const struct bpftime_map *map, uint32_t allowed_flags)
{
	if (map->max_entries == 0 || map->key_size != 4 || map->value_size == 0 ||
	    (map->flags & ~allowed_flags) != 0)
		return -EINVAL;
	/* Both at once would leave nothing to do, for hosts and for programs alike. */
	if ((map->flags & BPF_F_RDONLY_PROG) && (map->flags & BPF_F_WRONLY_PROG))
		return -EINVAL;
	if (map->value_size > INT32_MAX)
		return -E2BIG;
	return 0;
}

long bpftime_array_next_key(struct bpftime_map *map, const void *key, void *next)
{
	uint32_t index = key ? array_index(key) : UINT32_MAX;
	uint32_t following;

	if (index < map->max_entries && index == map->max_entries - 1)
		return -ENOENT;
	following = index < map->max_entries ? index + 1 : 0;
	__builtin_memcpy(next, &following, sizeof(following));
	return 0;
}

long bpftime_array_remove(struct bpftime_map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EINVAL;
}

long bpftime_array_update_check(const struct bpftime_map *map, const void *key, uint64_t flags)
{
	if ((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST)
		return -EINVAL;
	if (array_index(key) >= map->max_entries)
		return -E2BIG;
	if (flags & BPF_NOEXIST)
		return -EEXIST;
	/* Values with a spin lock inside are not part of the runtime. */
	if (flags & BPF_F_LOCK)
		return -EINVAL;
	return 0;
}

long bpftime_array_for_each(struct bpftime_map *map, map_callback callback, void *context)
{
	const struct map_operations *operations = bpftime_map_operations(map);
	long calls = 0;

	for (uint32_t index = 0; index < map->max_entries; index++) {
		calls++;
		if (callback(map, &index, operations->lookup(map, &index), context) != 0)
			break;
	}
	return calls;
}
