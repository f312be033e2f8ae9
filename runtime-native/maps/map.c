/* What a host does with maps (bpftime.h). */
#include "map.h"

#include "../core/processor.h"
#include "../core/region.h"
#include "../core/string.h"
#include "../include/bpftime/bpftime.h"

struct bpftime_map_header *bpftime_map_region(const struct bpftime_map *map, uint64_t size,
					      uint64_t data_offset, uint32_t cpu_count)
{
	struct bpftime_map_header *header = bpftime_region_create(size);

	if (!header)
		return NULL;
	header->version = BPFTIME_MAP_LAYOUT_VERSION;
	header->type = map->type;
	header->key_size = map->key_size;
	header->value_size = map->value_size;
	header->max_entries = map->max_entries;
	header->flags = map->flags;
	header->extra = map->extra;
	header->region_size = size;
	header->data_offset = data_offset;
	header->cpu_count = cpu_count;
	/* Last: a region without the magic number is not finished. */
	__atomic_store_n(&header->magic, BPFTIME_MAP_MAGIC, __ATOMIC_RELEASE);
	return header;
}

bool bpftime_map_same_definition(const struct bpftime_map *left, const struct bpftime_map *right)
{
	return left->type == right->type && left->key_size == right->key_size &&
	       left->value_size == right->value_size && left->flags == right->flags &&
	       /* Programs check array bounds against the definition, other types look at the map itself. */
	       (left->type != BPF_MAP_TYPE_ARRAY || left->max_entries == right->max_entries);
}

BPFTIME_EXPORT int bpftime_map_open(struct bpftime_map *map)
{
	const struct map_operations *operations = bpftime_map_operations_of_type(map->type);

	if (map->memory)
		return 0;
	if (!operations)
		return -EINVAL;
	return operations->create(map);
}

BPFTIME_EXPORT void bpftime_map_close(struct bpftime_map *map)
{
	struct bpftime_map_header *header = map->state;

	if (!header)
		return;
	map->memory = NULL;
	map->state = NULL;
	bpftime_region_destroy(header, header->region_size);
}

BPFTIME_EXPORT uint64_t bpftime_map_value_bytes(const struct bpftime_map *map)
{
	const struct map_operations *operations = bpftime_map_operations_of_type(map->type);

	if (operations && operations->lookup_cpu)
		return bpftime_value_stride(map->value_size) * bpftime_processor_count();
	return map->value_size;
}

/* Maps whose values are addresses in this process: they are handed over, not copied. */
static bool holds_addresses(const struct bpftime_map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

BPFTIME_EXPORT int bpftime_map_lookup(struct bpftime_map *map, const void *key, void *value)
{
	const struct map_operations *operations = bpftime_map_operations(map);
	uint64_t stride = bpftime_value_stride(map->value_size);
	void *found;

	if (!operations)
		return -EINVAL;
	if (operations->lookup_cpu) {
		for (uint32_t cpu = 0; cpu < bpftime_processor_count(); cpu++) {
			found = operations->lookup_cpu(map, key, cpu);
			if (!found)
				return -ENOENT;
			memset((char *)value + cpu * stride, 0, stride);
			memcpy((char *)value + cpu * stride, found, map->value_size);
		}
		return 0;
	}
	if (!operations->lookup)
		return -EOPNOTSUPP;
	found = operations->lookup(map, key);
	if (!found)
		return -ENOENT;
	if (holds_addresses(map))
		memcpy(value, &found, sizeof(found));
	else
		memcpy(value, found, map->value_size);
	return 0;
}

BPFTIME_EXPORT void *bpftime_map_value(struct bpftime_map *map, const void *key)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	return operations && operations->lookup ? operations->lookup(map, key) : NULL;
}

BPFTIME_EXPORT int bpftime_map_update(struct bpftime_map *map, const void *key, const void *value,
				      uint64_t flags)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	/* No value of ours has a spin lock inside; bpf(2) looks at that before all else. */
	if (!operations || (flags & BPF_F_LOCK))
		return -EINVAL;
	if (operations->update_all)
		return (int)operations->update_all(map, key, value, flags);
	return operations->update ? (int)operations->update(map, key, value, flags) : -EOPNOTSUPP;
}

BPFTIME_EXPORT int bpftime_map_delete(struct bpftime_map *map, const void *key)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	if (!operations)
		return -EINVAL;
	return operations->remove ? (int)operations->remove(map, key) : -EOPNOTSUPP;
}

BPFTIME_EXPORT int bpftime_map_next_key(struct bpftime_map *map, const void *key, void *next)
{
	const struct map_operations *operations = bpftime_map_operations(map);

	if (!operations)
		return -EINVAL;
	return operations->next_key ? (int)operations->next_key(map, key, next) : -EOPNOTSUPP;
}
