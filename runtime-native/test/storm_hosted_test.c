/*
 * Threads on one map at once: no update is lost, no value is torn, no key is found that is not there,
 * and the map is whole afterwards.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BPFTIME_CORE_ERRNO_H
#include <errno.h>
#define ENOTSUPP 524
#include "../include/bpftime/bpftime.h"
#include "../maps/types.h"
#include "check.h"

#define THREADS 8
#define ROUNDS 30000

static struct bpftime_map map;

/* A value whose words all follow from the key and a counter: a mix of two is seen. */
struct value {
	uint64_t counter;
	uint64_t check[4];
};

static void make_value(struct value *value, uint64_t key, uint64_t counter)
{
	value->counter = counter;
	for (int i = 0; i < 4; i++)
		value->check[i] = (key + 1) * (counter + 3) * 0x9e3779b97f4a7c15ull + (uint64_t)i;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void long_key(uint64_t *key, uint64_t number)
{
	key[0] = number;
	key[1] = ~number;
	key[2] = number * 77;
}

static __thread long failures;
static __thread long stale;

/*
 * A reader that the scheduler stops between finding a value and reading it, while other threads make
 * hundreds of changes, may see the element's next life. That happens to a few reads in a storm; a value
 * written under its readers would show in far more.
 */
#define STALE_LIMIT 30

#define EXPECT(condition)                                                                            \
	do {                                                                                         \
		if (!(condition))                                                                    \
			failures++;                                                                  \
	} while (0)

/* Writers replace, remove and look up random keys; a value that is found is whole and of its key. */
static void *mixed_worker(void *argument)
{
	uint64_t state = (uint64_t)argument * 7919 + 1;

	failures = 0;
	stale = 0;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t number = next_random(&state) % 100;
		uint64_t key[3];
		struct value value, *found;
		int result;

		long_key(key, number);
		switch (next_random(&state) % 4) {
		case 0:
			make_value(&value, number, next_random(&state));
			result = bpftime_map_update(&map, key, &value, BPF_ANY);
			EXPECT(result == 0 || (result == -E2BIG && map.type == BPF_MAP_TYPE_HASH));
			break;
		case 1:
			result = bpftime_map_delete(&map, key);
			EXPECT(result == 0 || result == -ENOENT);
			break;
		default:
			found = bpftime_map_value(&map, key);
			if (found) {
				struct value expected;

				memcpy(&value, found, sizeof(value));
				make_value(&expected, number, value.counter);
				stale += memcmp(&value, &expected, sizeof(value)) != 0;
			}
			break;
		}
	}
	EXPECT(stale <= STALE_LIMIT);
	return (void *)failures;
}

/* Counts in place, the way probe programs do. */
static void *counting_worker(void *argument)
{
	uint64_t state = (uint64_t)argument + 99;

	failures = 0;
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t key = (uint32_t)(next_random(&state) % 32);
		uint64_t zero = 0;
		uint64_t *value = bpftime_map_value(&map, &key);

		if (!value) {
			int result = bpftime_map_update(&map, &key, &zero, BPF_NOEXIST);

			EXPECT(result == 0 || result == -EEXIST);
			value = bpftime_map_value(&map, &key);
		}
		EXPECT(value != NULL);
		if (value)
			__atomic_fetch_add(value, 1, __ATOMIC_RELAXED);
	}
	return (void *)failures;
}

static void run_threads(void *(*worker)(void *))
{
	pthread_t threads[THREADS];
	long failed = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, worker, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		CHECK(pthread_join(threads[i], &result) == 0);
		failed += (long)result;
	}
	CHECK(failed == 0);
	checks_done += THREADS * ROUNDS;
}

static void open_map(const char *name, uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	check_subject = name;
	map = (struct bpftime_map){.name = name, .type = type, .key_size = key_size,
		.value_size = value_size, .max_entries = entries};
	CHECK(bpftime_map_open(&map) == 0);
}

/* After the storm the map still holds exactly max_entries elements. */
static void fill_up(void)
{
	uint64_t key[3], next[3];
	struct value value;
	uint32_t found = 0;
	int error;

	for (uint64_t i = 0; i < 1000; i++) {
		long_key(key, i);
		make_value(&value, i, 0);
		error = bpftime_map_update(&map, key, &value, BPF_ANY);
		CHECK(error == 0 || (error == -E2BIG && map.type == BPF_MAP_TYPE_HASH));
	}
	for (error = bpftime_map_next_key(&map, NULL, next); error == 0;
	     error = bpftime_map_next_key(&map, key, next)) {
		memcpy(key, next, sizeof(key));
		found++;
	}
	CHECK(found == map.max_entries);
	for (uint64_t i = 0; i < 1000; i++) {
		long_key(key, i);
		error = bpftime_map_delete(&map, key);
		CHECK(error == 0 || error == -ENOENT);
		found -= error == 0;
	}
	CHECK(found == 0);
	CHECK(bpftime_map_next_key(&map, NULL, next) == -ENOENT);
}

static void run_tests(void)
{
	/* A chain that became a ring keeps a search going for ever: the signal then ends the test. */
	alarm(300);
	open_map("hash, mixed", BPF_MAP_TYPE_HASH, 24, sizeof(struct value), 60);
	run_threads(mixed_worker);
	fill_up();
	bpftime_map_close(&map);

	open_map("lru_hash, mixed", BPF_MAP_TYPE_LRU_HASH, 24, sizeof(struct value), 60);
	run_threads(mixed_worker);
	fill_up();
	bpftime_map_close(&map);

	open_map("hash, counting", BPF_MAP_TYPE_HASH, 4, 8, 32);
	run_threads(counting_worker);
	{
		uint64_t sum = 0;

		for (uint32_t key = 0; key < 32; key++) {
			uint64_t value = 0;

			CHECK(bpftime_map_lookup(&map, &key, &value) == 0);
			sum += value;
		}
		CHECK(sum == (uint64_t)THREADS * ROUNDS);
	}
	bpftime_map_close(&map);
}
