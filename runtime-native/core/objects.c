/* Compiled objects: finding, opening and running what is linked into this program. */
#include "../include/bpftime/bpftime.h"

#include "../maps/types.h"
#include "log.h"
#include "objects.h"
#include "text.h"

/* Bounds of section `bpftime_objects`, which the linker defines when there is one. */
extern const struct bpftime_object *const __start_bpftime_objects[] __attribute__((weak, visibility("hidden")));
extern const struct bpftime_object *const __stop_bpftime_objects[] __attribute__((weak, visibility("hidden")));


struct object_list bpftime_objects(void)
{
	struct object_list list = {.first = __start_bpftime_objects, .end = __stop_bpftime_objects};

	return list;
}

static void close_maps(const struct bpftime_object *object, uint32_t count)
{
	while (count-- != 0)
		bpftime_map_close(object->maps[count]);
}

BPFTIME_EXPORT int bpftime_object_open(const struct bpftime_object *object)
{
	if (object->magic != BPFTIME_OBJECT_MAGIC || object->version != BPFTIME_OBJECT_VERSION ||
	    object->size < sizeof(*object))
		return -EINVAL;
	for (uint32_t i = 0; i < object->map_count; i++) {
		int error = bpftime_map_open(object->maps[i]);

		if (error) {
			bpftime_log("cannot open map", object->maps[i]->name, error);
			close_maps(object, i);
			return error;
		}
	}
	for (uint32_t i = 0; i < object->initial_count; i++) {
		const struct bpftime_initial_slot *slot = &object->initial[i];
		int error = slot->map < object->map_count
				    ? bpftime_map_update(object->maps[slot->map], &slot->key, slot->value, BPF_ANY)
				    : -EINVAL;

		if (error) {
			bpftime_log("cannot fill map",
				    slot->map < object->map_count ? object->maps[slot->map]->name : object->name, error);
			close_maps(object, object->map_count);
			return error;
		}
	}
	return 0;
}

BPFTIME_EXPORT void bpftime_object_close(const struct bpftime_object *object)
{
	close_maps(object, object->map_count);
}

BPFTIME_EXPORT int bpftime_open(void)
{
	struct object_list list = bpftime_objects();

	for (const struct bpftime_object *const *object = list.first; object < list.end; object++) {
		int error = bpftime_object_open(*object);

		if (error)
			return error;
	}
	return 0;
}

BPFTIME_EXPORT const struct bpftime_program *
bpftime_object_program(const struct bpftime_object *object, const char *name)
{
	for (uint32_t i = 0; i < object->program_count; i++)
		if (bpftime_string_equal(object->programs[i].name, name))
			return &object->programs[i];
	return NULL;
}

BPFTIME_EXPORT struct bpftime_map *bpftime_object_map(const struct bpftime_object *object, const char *name)
{
	for (uint32_t i = 0; i < object->map_count; i++)
		if (bpftime_string_equal(object->maps[i]->name, name))
			return object->maps[i];
	return NULL;
}

/* Programs of kind RAW take two arguments; object.h. */
typedef uint64_t (*raw_function)(void *memory, uint64_t size);

BPFTIME_EXPORT uint64_t bpftime_program_run(const struct bpftime_program *program, void *data, uint64_t size)
{
	struct bpftime_packet packet;

	switch (program->kind) {
	case BPFTIME_PROGRAM_RAW:
		return ((raw_function)(void *)program->function)(data, size);
	case BPFTIME_PROGRAM_XDP:
	case BPFTIME_PROGRAM_SOCKET_FILTER:
	case BPFTIME_PROGRAM_TC:
		packet = (struct bpftime_packet){
			.data = data,
			.data_end = (char *)data + size,
			.data_meta = data,
			.length = (uint32_t)size,
		};
		return program->function(&packet);
	default:
		return program->function(data);
	}
}
