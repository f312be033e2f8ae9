/* The compiled objects that are linked into this program. */
#ifndef BPFTIME_CORE_OBJECTS_H
#define BPFTIME_CORE_OBJECTS_H

#include "../include/bpftime/object.h"
#include "base.h"

struct object_list {
	const struct bpftime_object *const *first;
	const struct bpftime_object *const *end;
};

/* Every object, in the order of linking. */
struct object_list bpftime_objects(void);

#endif
