/*
 * Speed of map operations on this machine: lookup and increment in place of random keys, generic (as a
 * helper call), inlined with constant sizes, and, beside them, an open-addressing C hash table with the
 * same hash function, which is about as good as it gets. Each round runs all of them, so that a machine
 * that changes its speed changes all; the median round counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BPFTIME_CORE_ERRNO_H
#include <errno.h>
#define ENOTSUPP 524
#include "../include/bpftime/bpftime.h"
#include "../inline/maps.c"

#define OPERATIONS 400000
#define ROUNDS 15

uint64_t bpf_map_lookup_elem(struct bpftime_map *map, const void *key);
uint64_t bpf_map_update_elem(struct bpftime_map *map, const void *key, const void *value, uint64_t flags);
uint64_t bpf_ktime_get_ns(void);
uint64_t bpf_get_prandom_u32(void);
uint64_t bpf_get_current_pid_tgid(void);

static struct bpftime_map map;
static uint64_t *keys;

/* The reference: keys and values side by side, linear probing, half full. */
static struct slot {
	uint64_t key, value;
} *table;
static uint32_t table_shift;

static uint64_t *reference_find(uint64_t key, bool insert)
{
	uint64_t mask = (1ull << (64 - table_shift)) - 1;

	for (uint64_t i = bpftime_hash_small(key, 0) >> table_shift;; i = (i + 1) & mask) {
		if (table[i].key == key)
			return &table[i].value;
		if (table[i].key == 0) {
			if (!insert)
				return NULL;
			table[i].key = key;
			return &table[i].value;
		}
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static __attribute__((noinline)) void run_generic(void)
{
	for (int i = 0; i < OPERATIONS; i++) {
		uint64_t *value = (uint64_t *)bpf_map_lookup_elem(&map, &keys[i]);

		if (value)
			++*value;
	}
}

static __attribute__((noinline)) void run_inline_4(void)
{
	for (int i = 0; i < OPERATIONS; i++) {
		uint64_t *value = bpftime_inline_hash_lookup(&map, &keys[i], 4, 8);

		if (value)
			++*value;
	}
}

static __attribute__((noinline)) void run_inline_8(void)
{
	for (int i = 0; i < OPERATIONS; i++) {
		uint64_t *value = bpftime_inline_hash_lookup(&map, &keys[i], 8, 8);

		if (value)
			++*value;
	}
}

static __attribute__((noinline)) void run_reference(void)
{
	for (int i = 0; i < OPERATIONS; i++) {
		uint64_t *value = reference_find(keys[i], false);

		if (value)
			++*value;
	}
}

static __attribute__((noinline)) void run_update(void)
{
	for (int i = 0; i < OPERATIONS; i++)
		bpf_map_update_elem(&map, &keys[i], &keys[i], 0);
}

static __attribute__((noinline)) void run_time(void)
{
	for (int i = 0; i < OPERATIONS; i++)
		bpf_ktime_get_ns();
}

static __attribute__((noinline)) void run_random(void)
{
	for (int i = 0; i < OPERATIONS; i++)
		bpf_get_prandom_u32();
}

static __attribute__((noinline)) void run_pid(void)
{
	for (int i = 0; i < OPERATIONS / 4; i++)
		bpf_get_current_pid_tgid();
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

struct competitor {
	const char *name;
	void (*run)(void);
	double operations;
};

static void compete(const char *title, const struct competitor *competitors, int count)
{
	double times[8][ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < count; i++) {
			double start = now();

			competitors[i].run();
			times[i][round] = (now() - start) / competitors[i].operations;
		}
	for (int i = 0; i < count; i++) {
		qsort(times[i], ROUNDS, sizeof(double), by_value);
		printf("%-28s %-22s %7.2f ns\n", title, competitors[i].name, times[i][ROUNDS / 2]);
	}
}

static void bench_hash(uint32_t key_size, uint32_t entries)
{
	const struct competitor competitors[] = {
		{"reference C table", run_reference, OPERATIONS},
		{"inlined", key_size == 4 ? run_inline_4 : run_inline_8, OPERATIONS},
		{"generic", run_generic, OPERATIONS},
		{"update (replace)", run_update, OPERATIONS},
	};
	uint64_t state = 1, zero = 0;
	char title[64];

	map = (struct bpftime_map){.name = "bench", .type = BPF_MAP_TYPE_HASH, .key_size = key_size,
		.value_size = 8, .max_entries = entries};
	if (bpftime_map_open(&map) != 0)
		exit(1);
	for (table_shift = 64; (1ull << (64 - table_shift)) < 2ull * entries;)
		table_shift--;
	table = calloc(1ull << (64 - table_shift), sizeof(*table));
	for (int i = 0; i < OPERATIONS; i++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		/* Keys without a pattern: one would suit one table's hash function and not another's. */
		keys[i] = ((state >> 33) % entries + 1) * 0xd6e8feb86659fd93ull;
		keys[i] = (keys[i] ^ keys[i] >> 32) * 0xd6e8feb86659fd93ull;
		keys[i] ^= keys[i] >> 32;
		if (key_size == 4)
			keys[i] = (uint32_t)keys[i] | 1;
		*reference_find(keys[i], true) = 0;
		bpf_map_update_elem(&map, &keys[i], &zero, BPF_NOEXIST);
	}
	snprintf(title, sizeof(title), "hash, %u-byte keys, %u", key_size, entries);
	compete(title, competitors, 4);
	free(table);
	bpftime_map_close(&map);
}

int main(void)
{
	const struct competitor helpers[] = {
		{"ktime_get_ns", run_time, OPERATIONS},
		{"get_prandom_u32", run_random, OPERATIONS},
		{"get_current_pid_tgid", run_pid, OPERATIONS / 4},
	};

	keys = calloc(OPERATIONS, sizeof(*keys));
	bench_hash(4, 1000);
	bench_hash(8, 1000);
	bench_hash(4, 20000);
	bench_hash(8, 20000);
	bench_hash(8, 200000);
	compete("helpers", helpers, 3);
	return 0;
}
