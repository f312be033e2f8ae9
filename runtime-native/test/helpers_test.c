/* Helpers as compiled programs call them; every helper that helpers.def promises exists. */
#include "../core/processor.h"
#include "../core/string.h"
#include "../include/bpftime/bpftime.h"
#include "../maps/map.h"
#include "check.h"

/* Every helper that the runtime is said to have is linked in; tail calls are made by compiled code. */
#define SUPPORT_RUNTIME(name) uint64_t bpf_##name();
#define SUPPORT_EXTERN(name)
#define SUPPORT_REFUSED(name)
#define REFUSED(reason) REFUSED
#define EXPAND(support, name) SUPPORT_##support(name)
#define HELPER(number, name, result, a, b, c, d, e, support) HELPER_1(support, name)
#define HELPER_1(support, name) EXPAND(support, name)
#pragma clang diagnostic ignored "-Wdeprecated-non-prototype"
#pragma clang diagnostic ignored "-Wstrict-prototypes"
#include "../helpers/helpers.def"
uint64_t bpf_trace_vprintk();
uint64_t bpf_strncmp();
uint64_t bpf_map_lookup_percpu_elem();
uint64_t bpf_ktime_get_boot_ns();
uint64_t bpf_ktime_get_tai_ns();
uint64_t bpf_ktime_get_coarse_ns();

/* What the compiled code's own jump stands for here. */
uint64_t bpf_tail_call()
{
	return (uint64_t)-ENOENT;
}

static uint64_t (*const promised[])() = {
#undef SUPPORT_RUNTIME
#define SUPPORT_RUNTIME(name) bpf_##name,
#include "../helpers/helpers.def"
};

static void test_promised(void)
{
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++)
		CHECK(*(uint64_t(*const volatile *)())&promised[i] != NULL);
	CHECK(sizeof(promised) / sizeof(promised[0]) > 15);
}

static uint64_t calls;

static uint64_t loop_body(uint64_t index, uint64_t *stop_at)
{
	CHECK(index == calls);
	calls++;
	return index == *stop_at;
}

static void test_loop(void)
{
	uint64_t stop = ~0ull;

	CHECK(bpf_loop(10ull, loop_body, &stop, 0ull) == 10 && calls == 10);
	calls = 0;
	stop = 4;
	CHECK(bpf_loop(10ull, loop_body, &stop, 0ull) == 5 && calls == 5);
	calls = 0;
	CHECK(bpf_loop(0ull, loop_body, &stop, 0ull) == 0 && calls == 0);
	CHECK((int64_t)bpf_loop(10ull, loop_body, &stop, 1ull) == -EINVAL && calls == 0);
	CHECK((int64_t)bpf_loop((1ull << 23) + 1, loop_body, &stop, 0ull) == -E2BIG && calls == 0);
	/* The count is 32 bits wide, as in the kernel. */
	CHECK(bpf_loop((7ull << 32) + 2, loop_body, &stop, 0ull) == 2 && calls == 2);
	calls = 0;
	stop = ~0ull;
	CHECK(bpf_loop(1ull << 23, loop_body, &stop, 0ull) == 1u << 23);
}

static uint64_t walk_body(struct bpftime_map *map, const uint32_t *key, uint64_t *value, uint64_t *context)
{
	CHECK(*value == *key * 10ull);
	calls++;
	/* Removing the element one stands on is allowed. */
	if (map->type == BPF_MAP_TYPE_HASH)
		CHECK(bpf_map_delete_elem(map, key) == 0);
	return calls == *context;
}

static void test_for_each(uint32_t type)
{
	struct bpftime_map map = {.name = "walk", .type = type, .key_size = 4, .value_size = 8, .max_entries = 20};
	uint64_t stop = 7;

	CHECK(bpftime_map_open(&map) == 0);
	for (uint32_t key = 0; key < 20; key++) {
		uint64_t value = key * 10ull;

		CHECK(bpf_map_update_elem(&map, &key, &value, 0ull) == 0);
		CHECK(*(uint64_t *)bpf_map_lookup_elem(&map, &key) == value);
	}
	calls = 0;
	CHECK((int64_t)bpf_for_each_map_elem(&map, walk_body, &stop, 1ull) == -EINVAL && calls == 0);
	CHECK(bpf_for_each_map_elem(&map, walk_body, &stop, 0ull) == 7 && calls == 7);
	calls = 0;
	stop = 0;
	CHECK(bpf_for_each_map_elem(&map, walk_body, &stop, 0ull) == (type == BPF_MAP_TYPE_HASH ? 13 : 20));
	bpftime_map_close(&map);
}

static void test_probe_read(void)
{
	static const char text[] = "some text";
	char buffer[16];
	char *page = (char *)system_map(NULL, 8192, SYSTEM_PROTECT_READ | SYSTEM_PROTECT_WRITE,
					SYSTEM_MAP_PRIVATE | SYSTEM_MAP_ANONYMOUS, -1, 0);
	char *end = page + 4096;

	CHECK(system_unmap(end, 4096) == 0);
	memset(page, 'x', 4096);
	CHECK(bpf_probe_read(buffer, 9ull, text) == 0 && memcmp(buffer, text, 9) == 0);
	CHECK(bpf_probe_read_user(buffer, 0ull, 0ull) == 0);
	CHECK(bpf_probe_read_kernel(buffer, 8ull, end - 8) == 0 && buffer[7] == 'x');
	memset(buffer, 'y', sizeof(buffer));
	CHECK((int64_t)bpf_probe_read_kernel(buffer, 8ull, end - 7) == -EFAULT);
	CHECK(buffer[0] == 0 && buffer[7] == 0 && buffer[8] == 'y');
	CHECK((int64_t)bpf_probe_read_user(buffer, 8ull, 8ull) == -EFAULT);
	CHECK((int64_t)bpf_probe_read(buffer, 8ull, 1ull << 63) == -EFAULT);

	memset(buffer, 'y', sizeof(buffer));
	CHECK(bpf_probe_read_user_str(buffer, 16ull, text) == 10 && memcmp(buffer, text, 10) == 0);
	CHECK(buffer[10] == 'y');
	CHECK(bpf_probe_read_str(buffer, 5ull, text) == 5 && memcmp(buffer, "some", 5) == 0);
	CHECK(bpf_probe_read_kernel_str(buffer, 0ull, text) == 0);
	/* The string ends on the last byte of the last page, or runs off it. */
	end[-1] = 0;
	CHECK(bpf_probe_read_user_str(buffer, 16ull, end - 3) == 3 && buffer[0] == 'x');
	end[-1] = 'x';
	CHECK((int64_t)bpf_probe_read_user_str(buffer, 16ull, end - 3) == -EFAULT);
	CHECK(buffer[0] == 0 && buffer[15] == 0);
	/* No more is read than asked for. */
	CHECK(bpf_probe_read_user_str(buffer, 3ull, end - 3) == 3 && buffer[1] == 'x' && buffer[2] == 0);
}

static void test_identity(void)
{
	char command[20];
	uint64_t pid = bpf_get_current_pid_tgid();
	uint32_t bits = 0, zeros = ~0u;

	CHECK(pid >> 32 == (uint64_t)system_process_id() && (uint32_t)pid == (uint32_t)system_thread_id());
	memset(command, 'y', sizeof(command));
	CHECK(bpf_get_current_comm(command, 18ull) == 0);
	CHECK(command[0] != 'y' && command[15] == 0 && command[17] == 0 && command[18] == 'y');
	CHECK(bpf_get_current_comm(command, 3ull) == 0 && command[2] == 0);
	CHECK((int64_t)bpf_get_current_comm(command, 0ull) == -EINVAL);
	CHECK((int64_t)bpf_get_current_comm(0ull, 16ull) == -EINVAL);
	CHECK(bpf_get_smp_processor_id() < bpftime_processor_count());
	for (int i = 0; i < 200; i++) {
		uint64_t random = bpf_get_prandom_u32();

		CHECK(random >> 32 == 0);
		bits |= (uint32_t)random;
		zeros &= (uint32_t)random;
	}
	/* Every bit was seen set and clear. */
	CHECK(bits == ~0u && zeros == 0);
	CHECK(bpf_get_prandom_u32() != bpf_get_prandom_u32() || bpf_get_prandom_u32() != bpf_get_prandom_u32());
}

static void test_time(void)
{
	struct system_time now;
	uint64_t before, after;

	for (int i = 0; i < 100; i++) {
		before = bpf_ktime_get_ns();
		CHECK(system_clock(1, &now) == 0);
		after = bpf_ktime_get_ns();
		CHECK(before <= (uint64_t)now.seconds * 1000000000ull + (uint64_t)now.nanoseconds);
		CHECK((uint64_t)now.seconds * 1000000000ull + (uint64_t)now.nanoseconds <= after);
	}
	CHECK(bpf_ktime_get_boot_ns() >= before);
	CHECK(bpf_ktime_get_tai_ns() > 1600000000ull * 1000000000ull);
	CHECK(bpf_ktime_get_coarse_ns() + 100000000ull > before);
}

static void test_maps_of_maps(uint32_t type)
{
	struct bpftime_map inner = {.name = "inner", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
		.max_entries = 3};
	struct bpftime_map other = inner, different = inner;
	struct bpftime_map outer = {.name = "outer", .type = type, .key_size = 4, .value_size = 4,
		.max_entries = 2, .inner = &inner};
	struct bpftime_map *found;
	uint32_t key = 1, beyond = 2;

	different.value_size = 16;
	CHECK(bpftime_map_open(&outer) == 0);
	CHECK(bpf_map_lookup_elem(&outer, &key) == 0);
	CHECK(bpftime_map_update(&outer, &key, &other, 0) == -EINVAL); /* not open */
	CHECK(bpftime_map_open(&other) == 0 && bpftime_map_open(&different) == 0);
	CHECK(bpftime_map_update(&outer, &key, &different, 0) == -EINVAL);
	CHECK(bpftime_map_update(&outer, &key, &other, 0) == 0);
	CHECK(bpf_map_lookup_elem(&outer, &key) == (uint64_t)&other);
	CHECK(bpftime_map_lookup(&outer, &key, &found) == 0 && found == &other);
	CHECK(bpf_map_lookup_elem(&outer, &beyond) == 0);
	if (type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		CHECK(bpftime_map_update(&outer, &beyond, &other, 0) == -E2BIG);
		CHECK(bpftime_map_update(&outer, &key, &other, BPF_NOEXIST) == -EINVAL);
		CHECK(bpftime_map_delete(&outer, &beyond) == -E2BIG);
	} else {
		CHECK(bpftime_map_update(&outer, &key, &other, BPF_NOEXIST) == -EEXIST);
		CHECK(bpftime_map_delete(&outer, &beyond) == -ENOENT);
	}
	CHECK(bpftime_map_delete(&outer, &key) == 0);
	CHECK(bpftime_map_delete(&outer, &key) == -ENOENT);
	bpftime_map_close(&outer);
	bpftime_map_close(&other);
	bpftime_map_close(&different);
}

static void test_program_array(void)
{
	struct bpftime_map array = {.name = "programs", .type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4,
		.value_size = 4, .max_entries = 2};
	uint32_t key = 1, beyond = 2;
	void *value;

	CHECK(bpftime_map_open(&array) == 0);
	CHECK(bpftime_map_delete(&array, &key) == -ENOENT);
	CHECK(bpftime_map_update(&array, &key, (void *)loop_body, 0) == 0);
	CHECK(((void **)array.memory)[0] == NULL && ((void **)array.memory)[1] == (void *)loop_body);
	CHECK(bpftime_map_update(&array, &beyond, (void *)loop_body, 0) == -E2BIG);
	CHECK(bpftime_map_update(&array, &key, (void *)loop_body, BPF_EXIST) == -EINVAL);
	CHECK(bpftime_map_lookup(&array, &key, &value) == -EOPNOTSUPP);
	CHECK(bpftime_map_delete(&array, &key) == 0);
	CHECK(((void **)array.memory)[1] == NULL);
	bpftime_map_close(&array);
}

/* The kernel replaces: who holds the old value keeps it. */
static void test_replacement(void)
{
	struct bpftime_map map = {.name = "replace", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8,
		.max_entries = 1};
	uint32_t key = 5;
	uint64_t one = 1, two = 2;
	uint64_t *old;

	CHECK(bpftime_map_open(&map) == 0);
	CHECK(bpf_map_update_elem(&map, &key, &one, 0ull) == 0);
	old = (uint64_t *)bpf_map_lookup_elem(&map, &key);
	CHECK(bpf_map_update_elem(&map, &key, &two, 0ull) == 0);
	CHECK(*old == 1 && *(uint64_t *)bpf_map_lookup_elem(&map, &key) == 2);
	/* A deleted element is not given to the next key at once. */
	old = (uint64_t *)bpf_map_lookup_elem(&map, &key);
	CHECK(bpf_map_delete_elem(&map, &key) == 0);
	key = 6;
	CHECK(bpf_map_update_elem(&map, &key, &one, 0ull) == 0);
	CHECK(*old == 2);
	bpftime_map_close(&map);
	CHECK(bpf_map_lookup_elem(&map, &key) == 0);
	CHECK((int64_t)bpf_map_update_elem(&map, &key, &one, 0ull) == -EINVAL);
}

static void test_percpu(void)
{
	struct bpftime_map map = {.name = "cpu", .type = BPF_MAP_TYPE_PERCPU_HASH, .key_size = 4, .value_size = 8,
		.max_entries = 4};
	uint32_t key = 3;
	uint64_t value = 11, sum = 0;

	CHECK(bpftime_map_open(&map) == 0);
	CHECK(bpf_map_update_elem(&map, &key, &value, 0ull) == 0);
	for (uint64_t cpu = 0; cpu < bpftime_processor_count(); cpu++)
		sum += *(uint64_t *)bpf_map_lookup_percpu_elem(&map, &key, cpu);
	CHECK(sum == 11);
	/* A program sets its own CPU's value and leaves the others'. */
	for (uint64_t cpu = 0; cpu < bpftime_processor_count(); cpu++)
		*(uint64_t *)bpf_map_lookup_percpu_elem(&map, &key, cpu) = 1000;
	CHECK(bpf_map_update_elem(&map, &key, &value, (uint64_t)BPF_EXIST) == 0);
	sum = 0;
	for (uint64_t cpu = 0; cpu < bpftime_processor_count(); cpu++)
		sum += *(uint64_t *)bpf_map_lookup_percpu_elem(&map, &key, cpu);
	CHECK(sum == 1000ull * (bpftime_processor_count() - 1) + 11);
	CHECK(bpf_map_lookup_percpu_elem(&map, &key, (uint64_t)bpftime_processor_count()) == 0);
	bpftime_map_close(&map);
}

static void run_tests(void)
{
	test_promised();
	test_loop();
	test_for_each(BPF_MAP_TYPE_ARRAY);
	test_for_each(BPF_MAP_TYPE_HASH);
	test_probe_read();
	test_identity();
	test_time();
	test_maps_of_maps(BPF_MAP_TYPE_ARRAY_OF_MAPS);
	test_maps_of_maps(BPF_MAP_TYPE_HASH_OF_MAPS);
	test_program_array();
	test_replacement();
	test_percpu();
	CHECK(bpf_strncmp("abc", 3ull, "abd") == ~0ull && bpf_strncmp("abc", 2ull, "abd") == 0);
}
