#include "processor.h"

#include "system.h"
#include "vdso.h"
#include "vdso_names.h"

#define PROCESSORS_DEFAULT 256u /* when /sys does not tell */
#define PROCESSORS_LIMIT 8192u  /* the kernel's own */

typedef int (*cpu_function)(uint32_t *cpu, uint32_t *node, void *unused);

static int cpu_by_system_call(uint32_t *cpu, uint32_t *node, void *unused)
{
	(void)node;
	(void)unused;
	return (int)system_cpu(cpu);
}

/* Both set once, to the same value by every thread that comes early. */
static uint32_t known_count;
static cpu_function current_cpu;

/* The file reads like "0-7" or "0,2-5": the last number is the highest CPU. */
static __attribute__((noinline, cold)) uint32_t count_processors(void)
{
	char line[256];
	uint32_t last = PROCESSORS_DEFAULT - 1;
	long file = system_open("/sys/devices/system/cpu/possible", SYSTEM_OPEN_CLOSE_ON_EXEC);
	long length = file < 0 ? file : system_read((int)file, line, sizeof(line));

	if (file >= 0)
		system_close((int)file);
	for (long i = 0; i < length; i++) {
		if (line[i] < '0' || line[i] > '9')
			continue;
		for (last = 0; i < length && line[i] >= '0' && line[i] <= '9'; i++)
			last = last < PROCESSORS_LIMIT ? last * 10 + (uint32_t)(line[i] - '0') : last;
	}
	if (last >= PROCESSORS_LIMIT)
		last = PROCESSORS_LIMIT - 1;
	__atomic_store_n(&known_count, last + 1, __ATOMIC_RELEASE);
	return last + 1;
}

static __attribute__((noinline, cold)) cpu_function find_cpu(void)
{
	cpu_function found = (cpu_function)bpftime_vdso_function(BPFTIME_VDSO_GETCPU);

	if (!found)
		found = cpu_by_system_call;
	__atomic_store_n(&current_cpu, found, __ATOMIC_RELEASE);
	return found;
}

uint32_t bpftime_processor_count(void)
{
	uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);

	return likely(count != 0) ? count : count_processors();
}

uint32_t bpftime_processor_current(void)
{
	cpu_function function = __atomic_load_n(&current_cpu, __ATOMIC_ACQUIRE);
	uint32_t cpu = 0;

	if (unlikely(!function))
		function = find_cpu();
	function(&cpu, NULL, NULL);
	/* A number beyond the count could only come from a wrong /sys; sharing a slot keeps memory safe. */
	return likely(cpu < bpftime_processor_count()) ? cpu : 0;
}
