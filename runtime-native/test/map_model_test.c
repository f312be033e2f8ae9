/* Every map type with values against a naive model, by random sequences of operations. */
#include "../core/processor.h"
#include "../core/string.h"
#include "../include/bpftime/bpftime.h"
#include "../maps/map.h"
#include "check.h"

#define STEPS 12000
#define KEYS_LIMIT 96
#define KEY_LIMIT 64
#define VALUE_LIMIT 40
#define CPU_LIMIT 16

struct model_element {
	bool live;
	unsigned char value[CPU_LIMIT][VALUE_LIMIT];
};

/* Key number i of the universe is a byte pattern of it; element i of the model belongs to it. */
static struct model_element model[KEYS_LIMIT];
static struct bpftime_map map;
static uint32_t live, cpus, universe;
static bool percpu, is_array;
static unsigned char values[8192 * 40], other_values[8192 * 40];

static void make_key(unsigned char *key, uint32_t number)
{
	if (is_array) {
		memcpy(key, &number, 4);
		return;
	}
	/* Differ in every byte position now and then, also only in the last one. */
	memset(key, 0x11, KEY_LIMIT);
	key[map.key_size - 1] = (unsigned char)number;
	key[(number * 7) % map.key_size] ^= number & 1 ? 0x80 : 0;
	key[map.key_size - 1] = (unsigned char)number;
}

static uint32_t key_number(const unsigned char *key)
{
	uint32_t number;

	if (!is_array)
		return key[map.key_size - 1];
	memcpy(&number, key, 4);
	return number;
}

static long expected_update(uint32_t number, uint64_t flags)
{
	bool exists = number < universe && model[number].live;

	if (flags > BPF_EXIST)
		return -EINVAL;
	if (is_array && number >= map.max_entries)
		return -E2BIG;
	if (exists && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!exists && flags == BPF_EXIST)
		return -ENOENT;
	return !exists && live == map.max_entries ? -E2BIG : 0;
}

static void model_set(uint32_t number)
{
	uint64_t stride = percpu ? bpftime_value_stride(map.value_size) : map.value_size;

	if (!model[number].live)
		live++;
	model[number].live = true;
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		memcpy(model[number].value[cpu], values + cpu * stride, map.value_size);
}

static void step_update(uint32_t number)
{
	static const uint64_t choices[] = {0, 0, 0, 1, 2, 3, 4, 1ull << 40};
	uint64_t flags = choices[test_below(8)];
	unsigned char key[KEY_LIMIT];
	long expected = expected_update(number, flags);

	make_key(key, number);
	for (uint64_t i = 0; i < bpftime_map_value_bytes(&map); i++)
		values[i] = (unsigned char)test_random();
	CHECK(bpftime_map_update(&map, key, values, flags) == expected);
	if (expected == 0)
		model_set(number);
}

static void step_lookup(uint32_t number)
{
	uint64_t stride = percpu ? bpftime_value_stride(map.value_size) : map.value_size;
	unsigned char key[KEY_LIMIT];
	bool exists = number < universe && model[number].live;

	make_key(key, number);
	memset(other_values, 0x77, sizeof(other_values));
	CHECK(bpftime_map_lookup(&map, key, other_values) == (exists ? 0 : -ENOENT));
	CHECK((bpftime_map_value(&map, key) != NULL) == exists);
	if (!exists)
		return;
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		CHECK(memcmp(other_values + cpu * stride, model[number].value[cpu], map.value_size) == 0);
	CHECK(other_values[bpftime_map_value_bytes(&map)] == 0x77);
	CHECK(((uintptr_t)bpftime_map_value(&map, key) & 7) == 0);
}

/* Programs write through the pointer. */
static void step_write_in_place(uint32_t number)
{
	unsigned char key[KEY_LIMIT];
	unsigned char *value;

	make_key(key, number);
	value = bpftime_map_value(&map, key);
	if (!value || percpu)
		return;
	value[map.value_size - 1]++;
	model[number].value[0][map.value_size - 1]++;
}

static void step_delete(uint32_t number)
{
	unsigned char key[KEY_LIMIT];
	bool exists = number < universe && model[number].live;

	make_key(key, number);
	if (is_array) {
		CHECK(bpftime_map_delete(&map, key) == -EINVAL);
		return;
	}
	CHECK(bpftime_map_delete(&map, key) == (exists ? 0 : -ENOENT));
	if (exists) {
		model[number].live = false;
		live--;
	}
}

static uint64_t count_callback(struct bpftime_map *which, const void *key, void *value, void *context)
{
	(void)value;
	CHECK(which == &map && model[key_number(key)].live);
	++*(uint32_t *)context;
	return 0;
}

static void step_walk(void)
{
	unsigned char key[KEY_LIMIT], next[KEY_LIMIT];
	bool seen[KEYS_LIMIT] = {false};
	uint32_t found = 0, called = 0;
	int error = bpftime_map_next_key(&map, NULL, next);

	for (; error == 0; error = bpftime_map_next_key(&map, key, next)) {
		uint32_t number = key_number(next);

		CHECK(number < universe && model[number].live && !seen[number]);
		seen[number] = true;
		found++;
		memcpy(key, next, map.key_size);
	}
	CHECK(error == -ENOENT);
	CHECK(found == live);
	CHECK(bpftime_map_operations(&map)->for_each(&map, count_callback, &called) == live);
	CHECK(called == live);
}

static void test_map(const char *name, uint32_t type, uint32_t key_size, uint32_t value_size,
		     uint32_t entries, uint32_t flags)
{
	check_subject = name;
	map = (struct bpftime_map){.name = name, .type = type, .key_size = key_size,
		.value_size = value_size, .max_entries = entries, .flags = flags};
	percpu = type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH;
	is_array = type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
	cpus = percpu ? bpftime_processor_count() : 1;
	universe = is_array ? entries : KEYS_LIMIT;
	memset(model, 0, sizeof(model));
	live = is_array ? entries : 0;
	for (uint32_t i = 0; is_array && i < entries; i++)
		model[i].live = true;
	CHECK(bpftime_map_open(&map) == 0);
	for (check_step = 0; check_step < STEPS; check_step++) {
		uint32_t number = (uint32_t)test_below(is_array ? universe + 3 : universe);
		/* Phases that fill up and phases that empty. */
		uint64_t what = test_below(10) + (check_step / 500 % 2 ? 2 : 0);

		if (what < 5)
			step_update(number);
		else if (what < 7)
			step_lookup(number);
		else if (what < 8)
			step_write_in_place(number);
		else
			step_delete(number);
		if (check_step % 64 == 0)
			step_walk();
	}
	bpftime_map_close(&map);
	CHECK(map.memory == NULL);
}

/* An LRU map is full exactly when it should be, keeps what is in use, and never forgets or invents. */
static void test_lru(uint32_t type, uint32_t key_size, uint32_t entries)
{
	struct bpftime_map lru = {.name = "lru", .type = type, .key_size = key_size, .value_size = 8,
		.max_entries = entries};
	uint64_t value[CPU_LIMIT * 64] = {0};
	unsigned char key[KEY_LIMIT] = {0}, next[KEY_LIMIT];
	uint32_t found = 0;

	check_subject = "lru";
	CHECK(bpftime_map_open(&lru) == 0);
	for (uint32_t i = 0; i < 20 * entries + 500; i++) {
		check_step = i;
		memcpy(key, &i, key_size < 4 ? key_size : 4);
		value[0] = i;
		CHECK(bpftime_map_update(&lru, key, value, 0) == 0);
		CHECK(bpftime_map_value(&lru, key) != NULL);
		if (entries > 300) {
			/* Key 0 is looked up all the time, so it stays. */
			memset(key, 0, 4);
			CHECK(bpftime_map_value(&lru, key) != NULL);
		}
		if (i < entries && key_size >= 4) {
			/* Nothing is evicted before it is full. */
			uint32_t old = (uint32_t)test_below(i + 1);

			memcpy(key, &old, 4);
			CHECK(bpftime_map_value(&lru, key) != NULL);
		}
	}
	memset(key, 0, sizeof(key));
	for (int error = bpftime_map_next_key(&lru, NULL, next); error == 0;
	     error = bpftime_map_next_key(&lru, key, next)) {
		memcpy(key, next, key_size);
		CHECK(bpftime_map_lookup(&lru, key, value) == 0);
		CHECK(memcmp(value, key, key_size < 4 ? key_size : 4) == 0 || lru.type != BPF_MAP_TYPE_LRU_HASH);
		found++;
	}
	CHECK(found == entries);
	CHECK(bpftime_map_update(&lru, key, value, BPF_NOEXIST) == -EEXIST);
	CHECK(bpftime_map_delete(&lru, key) == 0);
	CHECK(bpftime_map_update(&lru, key, value, BPF_EXIST) == -ENOENT);
	CHECK(bpftime_map_delete(&lru, key) == -ENOENT);
	bpftime_map_close(&lru);
}

static void run_tests(void)
{
	static const uint32_t key_sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 31, 33, 64};

	CHECK(bpftime_processor_count() <= 8192);
	for (uint32_t i = 0; i < sizeof(key_sizes) / sizeof(key_sizes[0]); i++)
		test_map("hash", BPF_MAP_TYPE_HASH, key_sizes[i], 1 + 7 * i % 40, 40, 0);
	test_map("hash of one", BPF_MAP_TYPE_HASH, 4, 8, 1, 0);
	test_map("hash without preallocation", BPF_MAP_TYPE_HASH, 4, 8, 60, BPF_F_NO_PREALLOC);
	test_map("hash, zero seed", BPF_MAP_TYPE_HASH, 8, 8, 60, BPF_F_ZERO_SEED);
	test_map("array", BPF_MAP_TYPE_ARRAY, 4, 5, 50, 0);
	test_map("array", BPF_MAP_TYPE_ARRAY, 4, 40, 1, BPF_F_MMAPABLE);
	if (bpftime_processor_count() <= CPU_LIMIT) {
		test_map("percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 50, 0);
		test_map("percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 40, 0);
		test_map("percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 17, 5, 40, 0);
		test_lru(BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 500);
	} else {
		say("skip: the model holds ", CPU_LIMIT, " CPUs, this machine has more: per-CPU types");
	}
	test_lru(BPF_MAP_TYPE_LRU_HASH, 4, 1);
	test_lru(BPF_MAP_TYPE_LRU_HASH, 4, 3);
	test_lru(BPF_MAP_TYPE_LRU_HASH, 4, 1000);
	test_lru(BPF_MAP_TYPE_LRU_HASH, 20, 700);
}
