/* A compiled object as the compiler writes it, by hand, for the tests of the runner. */
#include "../include/bpftime/object.h"

static uint64_t cell;

struct bpftime_map sample__counts = {.name = "counts", .type = 1, .key_size = 4, .value_size = 8,
	.max_entries = 16, .id = 0};
struct bpftime_map sample__programs = {.name = "programs", .type = 3, .key_size = 4, .value_size = 4,
	.max_entries = 2, .id = 1};
struct bpftime_map sample__data = {.memory = &cell, .name = ".data", .type = 2, .key_size = 4,
	.value_size = 8, .max_entries = 1, .id = 2};

uint64_t bpf_map_lookup_elem(void *map, const void *key);
uint64_t bpf_map_update_elem(void *map, const void *key, const void *value, uint64_t flags);
uint64_t bpf_trace_printk(const char *format, uint64_t size, uint64_t a, uint64_t b, uint64_t c);

/* Counts under the context's first four bytes; gives the count. */
static uint64_t count(void *context)
{
	uint32_t key = *(uint32_t *)context;
	uint64_t one = 1;
	uint64_t *value = (uint64_t *)bpf_map_lookup_elem(&sample__counts, &key);

	if (value)
		return ++*value;
	return bpf_map_update_elem(&sample__counts, &key, &one, 0) == 0 ? 1 : 0;
}

/* Adds the bytes up and increments each; r1 and r2 are 0 without memory. */
static uint64_t sum(unsigned char *memory, uint64_t size)
{
	uint64_t total = memory ? 1000 : 0;

	for (uint64_t i = 0; i < size; i++)
		total += memory[i]++;
	return total;
}

static uint64_t packet(void *context)
{
	struct bpftime_packet *packet = context;

	((char *)packet->data)[0] = '!';
	return (uint64_t)((char *)packet->data_end - (char *)packet->data) * 1000 + packet->length +
	       (packet->data == packet->data_meta);
}

static uint64_t hello(void *context)
{
	(void)context;
	return bpf_trace_printk("hello %d", 9, 42, 0, 0);
}

/* Calls through the program array's slot 1, which the object fills; -1 when it is empty. */
static uint64_t through_array(void *context)
{
	uint64_t (**slots)(void *, uint64_t) = sample__programs.memory;

	return slots[0] == 0 && slots[1] ? slots[1](context, 1) : ~0ull;
}

static uint64_t in_data(void *context)
{
	uint64_t *value;
	uint32_t key = 0;

	(void)context;
	value = (uint64_t *)bpf_map_lookup_elem(&sample__data, &key);
	return value == &cell ? ++cell : 0;
}

static uint64_t crash(void *context)
{
	(void)context;
	__builtin_trap();
}

/* Beyond a short context there are zeros. */
static uint64_t last_of_context(void *context)
{
	return ((uint64_t *)context)[63];
}

static const struct bpftime_program programs[] = {
	{"count", "uprobe", count, BPFTIME_PROGRAM_KPROBE, 0},
	{"sum", "raw", (uint64_t(*)(void *))(void *)sum, BPFTIME_PROGRAM_RAW, 0},
	{"packet", "xdp", packet, BPFTIME_PROGRAM_XDP, 0},
	{"hello", "uprobe", hello, BPFTIME_PROGRAM_KPROBE, 0},
	{"through_array", "uprobe", through_array, BPFTIME_PROGRAM_KPROBE, 0},
	{"in_data", "uprobe", in_data, BPFTIME_PROGRAM_KPROBE, 0},
	{"crash", "uprobe", crash, BPFTIME_PROGRAM_KPROBE, 0},
	{"last_of_context", "uprobe", last_of_context, BPFTIME_PROGRAM_KPROBE, 0},
};
static struct bpftime_map *const maps[] = {&sample__counts, &sample__programs, &sample__data};
static const struct bpftime_initial_slot initial[] = {{.map = 1, .key = 1, .value = (void *)count}};

const struct bpftime_object sample__object = {
	.magic = BPFTIME_OBJECT_MAGIC, .version = BPFTIME_OBJECT_VERSION, .size = sizeof(struct bpftime_object),
	.name = "sample", .program_count = sizeof(programs) / sizeof(programs[0]), .map_count = 3,
	.initial_count = 1, .programs = programs, .maps = maps, .initial = initial,
};

__attribute__((section("bpftime_objects"), used))
static const struct bpftime_object *const sample_pointer = &sample__object;
