/*
 * Our maps against the kernel's own: the same sequence of operations on both gives the same results,
 * errno by errno. Needs the right to make BPF maps; without it, one line says so.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's numbers and ours have the same names. */
#undef BPF_ANY
#define BPFTIME_MAPS_TYPES_H
#define BPFTIME_CORE_ERRNO_H
#define ENOTSUPP 524
#include "../include/bpftime/bpftime.h"
#include "check.h"

#define STEPS 30000
#define KEYS 80

static int kernel_call(int command, union bpf_attr *attributes)
{
	long result = syscall(__NR_bpf, command, attributes, sizeof(*attributes));

	return result < 0 ? -errno : (int)result;
}

static int kernel_create(const struct bpftime_map *map)
{
	union bpf_attr attributes = {
		.map_type = map->type,
		.key_size = map->key_size,
		.value_size = map->value_size,
		.max_entries = map->max_entries,
		.map_flags = map->flags,
	};

	return kernel_call(BPF_MAP_CREATE, &attributes);
}

static int kernel_element(int command, int file, const void *key, void *value, uint64_t flags)
{
	union bpf_attr attributes = {0};

	attributes.map_fd = (uint32_t)file;
	attributes.key = (uint64_t)key;
	attributes.value = (uint64_t)value;
	attributes.flags = flags;
	return kernel_call(command, &attributes);
}

struct pair {
	struct bpftime_map map;
	int file;
	unsigned char *ours, *kernels;
};

static void make_key(const struct bpftime_map *map, unsigned char *key, uint32_t number)
{
	memset(key, 0x5a, 64);
	memcpy(key, &number, map->key_size < 4 ? map->key_size : 4);
}

/* All keys in the order of next_key; in arrays the order is part of the contract. */
static void compare_keys(struct pair *pair, bool ordered)
{
	unsigned char key[64], next[64], kernel_key[64], kernel_next[64];
	bool first = true;
	uint64_t count = 0, kernel_count = 0, sum = 0, kernel_sum = 0;
	int ours, kernels;

	for (;;) {
		ours = bpftime_map_next_key(&pair->map, first ? NULL : key, next);
		kernels = kernel_element(BPF_MAP_GET_NEXT_KEY, pair->file, first ? NULL : kernel_key, kernel_next, 0);
		CHECK(ours == kernels);
		if (ours)
			break;
		if (ordered)
			CHECK(memcmp(next, kernel_next, pair->map.key_size) == 0);
		memcpy(key, next, pair->map.key_size);
		memcpy(kernel_key, kernel_next, pair->map.key_size);
		count++;
		kernel_count++;
		/* The same set of keys has the same sum of a function of each. */
		for (uint32_t i = 0; i < pair->map.key_size; i++) {
			sum += (uint64_t)key[i] * (i + 1) * 0x9e3779b97f4a7c15ull;
			kernel_sum += (uint64_t)kernel_key[i] * (i + 1) * 0x9e3779b97f4a7c15ull;
		}
		first = false;
	}
	CHECK(count == kernel_count && sum == kernel_sum);
	/* A key that is in neither: the first key, or the end. */
	make_key(&pair->map, key, 0x00fffff0);
	CHECK(bpftime_map_next_key(&pair->map, key, next) ==
	      kernel_element(BPF_MAP_GET_NEXT_KEY, pair->file, key, kernel_next, 0));
}

static void compare_map(const char *name, uint32_t type, uint32_t key_size, uint32_t value_size,
			uint32_t entries, uint32_t flags)
{
	static const uint64_t update_flags[] = {0, 0, 0, 1, 2, 3, 4, 5, 8, 1ull << 63};
	struct pair pair = {.map = {.name = name, .type = type, .key_size = key_size,
		.value_size = value_size, .max_entries = entries, .flags = flags}};
	bool is_array = type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
	uint64_t bytes = bpftime_map_value_bytes(&pair.map);
	unsigned char key[64];

	check_subject = name;
	pair.file = kernel_create(&pair.map);
	CHECK(pair.file >= 0);
	CHECK(bpftime_map_open(&pair.map) == 0);
	pair.ours = calloc(1, bytes);
	pair.kernels = calloc(1, bytes);
	for (check_step = 0; check_step < STEPS; check_step++) {
		uint64_t what = test_below(10) + (check_step / 1000 % 2 ? 2 : 0);
		uint64_t flag = update_flags[test_below(sizeof(update_flags) / sizeof(update_flags[0]))];

		make_key(&pair.map, key, (uint32_t)test_below(is_array ? entries + 2 : KEYS));
		if (what < 5) {
			for (uint64_t i = 0; i < bytes; i++)
				pair.ours[i] = (unsigned char)test_random();
			memcpy(pair.kernels, pair.ours, bytes);
			CHECK(bpftime_map_update(&pair.map, key, pair.ours, flag) ==
			      kernel_element(BPF_MAP_UPDATE_ELEM, pair.file, key, pair.kernels, flag));
		} else if (what < 8) {
			uint64_t stride = round_up(value_size, 8);

			memset(pair.ours, 0, bytes);
			memset(pair.kernels, 0, bytes);
			CHECK(bpftime_map_lookup(&pair.map, key, pair.ours) ==
			      kernel_element(BPF_MAP_LOOKUP_ELEM, pair.file, key, pair.kernels, 0));
			/* What lies between values of different CPUs is nobody's. */
			for (uint64_t at = 0; at < bytes; at += bytes > value_size ? stride : bytes)
				CHECK(memcmp(pair.ours + at, pair.kernels + at, value_size) == 0);
		} else {
			CHECK(bpftime_map_delete(&pair.map, key) ==
			      kernel_element(BPF_MAP_DELETE_ELEM, pair.file, key, NULL, 0));
		}
		if (check_step % 500 == 0)
			compare_keys(&pair, is_array);
	}
	free(pair.ours);
	free(pair.kernels);
	bpftime_map_close(&pair.map);
	close(pair.file);
}

/* What may be created, and with what errno the rest is refused. */
static void compare_definitions(void)
{
	static const uint32_t types[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PROG_ARRAY,
		BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_HASH,
		BPF_MAP_TYPE_LRU_PERCPU_HASH};
	static const uint32_t key_sizes[] = {0, 1, 4, 4, 4, 4, 8, 13, 600};
	static const uint32_t value_sizes[] = {0, 1, 4, 4, 8, 100, 32768, 32769, 70000, 4194304, 0x80000000, 0xffffffff};
	static const uint32_t entries[] = {0, 1, 5, 64};
	static const uint32_t flags[] = {0, 0, 0, 0, 0, BPF_F_NO_PREALLOC, BPF_F_NO_COMMON_LRU, BPF_F_RDONLY,
		BPF_F_WRONLY, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG,
		BPF_F_ZERO_SEED, BPF_F_MMAPABLE, BPF_F_PRESERVE_ELEMS, BPF_F_INNER_MAP, BPF_F_STACK_BUILD_ID,
		1u << 31};

	check_subject = "definitions";
	for (check_step = 0; check_step < 8000; check_step++) {
#define PICK(list) list[test_below(sizeof(list) / sizeof(list[0]))]
		struct bpftime_map map = {.name = "definition", .type = PICK(types), .key_size = PICK(key_sizes),
			.value_size = PICK(value_sizes), .max_entries = PICK(entries), .flags = PICK(flags)};
		int kernels = kernel_create(&map), ours;

		/* Elements this large are a matter of how much memory there is. */
		if (kernels == -ENOMEM || (uint64_t)map.value_size * map.max_entries > 1u << 28) {
			if (kernels >= 0)
				close(kernels);
			continue;
		}
		ours = bpftime_map_open(&map);
		if (ours != (kernels < 0 ? kernels : 0))
			fprintf(stderr, "type %u key %u value %u entries %u flags %x: kernel %d, ours %d\n", map.type,
				map.key_size, map.value_size, map.max_entries, map.flags, kernels, ours);
		CHECK(ours == (kernels < 0 ? kernels : 0));
		if (kernels >= 0)
			close(kernels);
		bpftime_map_close(&map);
	}
}

static void run_tests(void)
{
	struct bpftime_map probe = {.type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	int file = kernel_create(&probe);

	if (file < 0) {
		printf("skip: bpf(2) is not permitted here (error %d): comparison with the kernel's maps\n", -file);
		fflush(stdout);
		return;
	}
	close(file);
	compare_map("array", BPF_MAP_TYPE_ARRAY, 4, 12, 50, 0);
	compare_map("percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 12, 50, 0);
	compare_map("hash", BPF_MAP_TYPE_HASH, 4, 8, 50, 0);
	compare_map("hash", BPF_MAP_TYPE_HASH, 1, 3, 50, 0);
	compare_map("hash", BPF_MAP_TYPE_HASH, 8, 16, 50, 0);
	compare_map("hash", BPF_MAP_TYPE_HASH, 29, 40, 50, 0);
	compare_map("hash of one", BPF_MAP_TYPE_HASH, 4, 8, 1, 0);
	compare_map("hash without preallocation", BPF_MAP_TYPE_HASH, 4, 8, 50, BPF_F_NO_PREALLOC);
	compare_map("percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 12, 50, 0);
	/* Never full: when it is, which elements go is each implementation's own choice. */
	compare_map("lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 4000, 0);
	compare_map("lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 8, 4000, 0);
	compare_definitions();
}
