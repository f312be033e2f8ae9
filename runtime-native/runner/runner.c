/*
 * The main loop of a runner: a static executable of a compiled object, this file and the runtime,
 * which runs programs on request. It reads requests from standard input and answers each on standard
 * output as soon as it is done, so whoever drives it knows which request a crash belongs to.
 *
 *   request:  u32 program, u32 memory length, u32 repeat, u32 flags (0), memory bytes
 *   response: u64 r0 of the last run, u64 nanoseconds of all runs, u32 memory length, u32 0,
 *             memory bytes after the last run
 *
 * Integers are little-endian. Programs count from 0 over all linked objects in the order of linking.
 * What a run leaves in the memory, in maps and in globals is what the next run of `repeat`, and maps
 * and globals also the next request, starts from. A repeat of 0 runs nothing. The end of input
 * between requests ends the runner.
 */
#include "../core/clock.h"
#include "../core/log.h"
#include "../core/objects.h"
#include "../core/region.h"
#include "../core/string.h"
#include "../core/system.h"
#include "../include/bpftime/bpftime.h"

#define INPUT 0
#define OUTPUT 1

/* Exit codes, beside 0. */
#define EXIT_BAD_PROGRAM 64 /* a request names a program that is not there */
#define EXIT_BAD_REQUEST 65 /* truncated, too large, or flags that mean nothing */
#define EXIT_NOT_OPEN 66    /* a map could not be opened */
#define EXIT_NO_MEMORY 67
#define EXIT_OUTPUT 68      /* the answer could not be written */

#define MEMORY_LIMIT (1u << 30)

/* Contexts shorter than this are followed by zeros up to it. */
#define CONTEXT_SIZE 512u

struct request {
	uint32_t program;
	uint32_t length;
	uint32_t repeat;
	uint32_t flags;
};

struct response {
	uint64_t result;
	uint64_t nanoseconds;
	uint32_t length;
	uint32_t reserved;
};

/* Input comes in large reads: a thousand small requests cost one system call. */
static struct {
	unsigned char bytes[65536];
	size_t start, end;
} input;

static _Noreturn void fail(int code, const char *what, long error)
{
	bpftime_log(what, NULL, error);
	system_exit(code);
}

/* Reads exactly `size` bytes; false at the end of input before the first of them. */
static bool read_exactly(void *destination, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t available = input.end - input.start;
		long got;

		if (available != 0) {
			size_t step = minimum_u64(available, size - done);

			memcpy((char *)destination + done, input.bytes + input.start, step);
			input.start += step;
			done += step;
			continue;
		}
		got = system_read(INPUT, input.bytes, sizeof(input.bytes));
		if (got == -EINTR)
			continue;
		if (got < 0)
			fail(EXIT_BAD_REQUEST, "cannot read the request", got);
		if (got == 0) {
			if (done == 0)
				return false;
			fail(EXIT_BAD_REQUEST, "the request is truncated", 0);
		}
		input.start = 0;
		input.end = (size_t)got;
	}
	return true;
}

static void write_response(struct response *response, void *memory)
{
	struct system_io_vector parts[2] = {
		{.base = response, .length = sizeof(*response)},
		{.base = memory, .length = response->length},
	};
	struct system_io_vector *first = parts;

	while (first < parts + 2) {
		long written = system_write_vector(OUTPUT, first, (int)(parts + 2 - first));

		if (written == -EINTR)
			continue;
		if (written < 0)
			fail(EXIT_OUTPUT, "cannot write the answer", written);
		while (first < parts + 2 && (uint64_t)written >= first->length) {
			written -= (long)first->length;
			first++;
		}
		if (first < parts + 2) {
			first->base = (char *)first->base + written;
			first->length -= (uint64_t)written;
		}
	}
}

/* All programs of all objects in one table, so that finding one does not depend on their number. */
struct program_table {
	const struct bpftime_program **programs;
	uint64_t count;
};

static struct program_table collect_programs(void)
{
	struct object_list list = bpftime_objects();
	struct program_table table = {0};
	uint64_t count = 0;

	for (const struct bpftime_object *const *object = list.first; object < list.end; object++)
		count += (*object)->program_count;
	if (count == 0)
		return table;
	table.programs = bpftime_region_create(count * sizeof(*table.programs));
	if (!table.programs)
		fail(EXIT_NO_MEMORY, "no memory for the table of programs", 0);
	for (const struct bpftime_object *const *object = list.first; object < list.end; object++)
		for (uint32_t i = 0; i < (*object)->program_count; i++)
			table.programs[table.count++] = &(*object)->programs[i];
	return table;
}

static struct {
	unsigned char *bytes;
	uint64_t capacity;
} memory;

/* Room for `size` bytes; what was in it before is lost. */
static void ensure_memory(uint64_t size)
{
	if (size <= memory.capacity)
		return;
	if (memory.bytes)
		bpftime_region_destroy(memory.bytes, memory.capacity);
	memory.capacity = round_up(size, 65536);
	memory.bytes = bpftime_region_create(memory.capacity);
	if (!memory.bytes)
		fail(EXIT_NO_MEMORY, "no memory for the program's input", 0);
}

static void serve(const struct program_table *table, const struct request *request)
{
	const struct bpftime_program *program;
	struct response response = {.length = request->length};
	uint64_t started;
	void *data;

	if (request->program >= table->count)
		fail(EXIT_BAD_PROGRAM, "no program has the number of the request", 0);
	if (request->length > MEMORY_LIMIT || request->flags != 0)
		fail(EXIT_BAD_REQUEST, "the request is not valid", 0);
	program = table->programs[request->program];
	ensure_memory(request->length + CONTEXT_SIZE);
	if (request->length != 0 && !read_exactly(memory.bytes, request->length))
		fail(EXIT_BAD_REQUEST, "the request is truncated", 0);
	/* Only what earlier requests may have left behind the memory. */
	memset(memory.bytes + request->length, 0, CONTEXT_SIZE);
	data = program->kind == BPFTIME_PROGRAM_RAW && request->length == 0 ? NULL : memory.bytes;
	started = bpftime_clock_nanoseconds(BPFTIME_CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < request->repeat; i++)
		response.result = bpftime_program_run(program, data, request->length);
	response.nanoseconds = bpftime_clock_nanoseconds(BPFTIME_CLOCK_MONOTONIC) - started;
	write_response(&response, memory.bytes);
}

/* Entered from start.S. The stack with the arguments is not looked at: everything is in requests. */
_Noreturn void bpftime_start(void *stack);

_Noreturn void bpftime_start(void *stack)
{
	struct program_table table;
	struct request request;
	int error = bpftime_open();

	(void)stack;
	if (error)
		fail(EXIT_NOT_OPEN, "cannot open the linked objects", error);
	table = collect_programs();
	while (read_exactly(&request, sizeof(request)))
		serve(&table, &request);
	system_exit(0);
}
