/* Everything that gives an object another kind of section, symbol or relocation. */
#define SEC(name) __attribute__((section(name), used))
typedef unsigned int u32;
typedef unsigned long long u64;

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const for_loop)(u32 count, void *callback, void *context, u64 flags) = (void *)181;

struct {
	int (*type)[2];
	int (*max_entries)[4];
	u32 *key;
	u64 *value;
} counters SEC(".maps");

const volatile u32 limit = 7;
u64 total;
u64 start = 100;
static const char *const message = "hello";
extern u32 CONFIG_HZ __attribute__((section(".kconfig")));

static __attribute__((noinline)) long step(u32 index, void *context)
{
	total += index * start;
	return 0;
}

__attribute__((noinline)) int global_subprogram(u64 *value)
{
	return value ? (int)*value + CONFIG_HZ : 0;
}

SEC("uprobe") int count(void *context)
{
	u32 key = limit;
	u64 *value = map_lookup(&counters, &key);

	if (!value)
		return 0;
	__sync_fetch_and_add(value, 1);
	for_loop(4, step, value, 0);
	return global_subprogram(value) + message[key & 3];
}

SEC("uprobe") int second(void *context)
{
	return (int)total;
}

SEC("license") char _license[] = "GPL";
