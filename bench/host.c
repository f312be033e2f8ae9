/*
 * Measures several builds of one workload against each other, in one process and interleaved: machines
 * drift, so every batch of calls of a variant is paired with a batch of the reference just before it,
 * and what counts is the median of the ratios of such pairs.
 *
 *   host INPUT PAIRS MILLISECONDS REFERENCE=FILE [NAME=FILE...]
 *
 * INPUT is the memory that the workload works on. A FILE is a shared object with
 * `uint64_t run(uint8_t *memory, uint64_t size)`, or, when its name ends in .bpf.o, a BPF object for the
 * kernel with the traffic-control program `kernel` and its memory in the section .bss.memory. Before anything is
 * timed every variant runs twice on a fresh copy of the input; results and memory must be those of the
 * reference (of the kernel's result only 32 bits are seen). Writes one JSON object.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define VARIANTS_MAX 32
#define CHECKED_CALLS 2
#define CALLS_MAX (1u << 28)

typedef uint64_t run_function(uint8_t *memory, uint64_t size);

struct variant {
	const char *name;
	const char *file;
	run_function *run; /* NULL for one that runs in the kernel */
	int program;       /* the kernel's descriptor of it */
	uint8_t *memory;
	char *refused;     /* why it cannot be measured, NULL when it can */
	uint64_t results[CHECKED_CALLS];
	int same;
	uint64_t calls;    /* of one batch */
	double *nanoseconds;
	double *ratios;
};

static uint8_t *input;
static uint64_t input_size;

/* Why the kernel refused the last object, in the words of its verifier or of libbpf. */
static char *refusal;

static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("host: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

static void *allocate(size_t size)
{
	void *memory = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);

	if (!memory)
		fail("no memory");
	memset(memory, 0, size);
	return memory;
}

/* Time of this thread alone: on a busy machine the wall clock measures the neighbours. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void read_input(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file || fseek(file, 0, SEEK_END) != 0)
		fail("cannot read %s", path);
	input_size = (uint64_t)ftell(file);
	rewind(file);
	input = allocate(input_size + 1);
	if (fread(input, 1, input_size, file) != input_size)
		fail("cannot read %s", path);
	fclose(file);
}

/*
 * The verifier's log comes as one message: the reason is the last line before the statistics that
 * end it.
 */
static int keep_reason(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text, *rest, *line, *reason = NULL;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, arguments) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, "processed ", 10) == 0) {
			free(refusal);
			refusal = strdup(reason ? reason : "no reason given");
			break;
		}
		if (*line)
			reason = line;
	}
	if (!refusal && reason)
		refusal = strdup(reason);
	free(text);
	return 0;
}

static void load_kernel(struct variant *variant)
{
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_map *map;

	free(refusal);
	refusal = NULL;
	libbpf_set_print(keep_reason);
	object = bpf_object__open(variant->file);
	if (!object)
		fail("cannot open %s", variant->file);
	if (bpf_object__load(object) != 0) {
		variant->refused = strdup(refusal ? refusal : "the kernel refuses it");
		return;
	}
	program = bpf_object__find_program_by_name(object, "kernel");
	map = bpf_object__find_map_by_name(object, ".bss.memory");
	if (!program || !map)
		fail("%s has no program or no memory", variant->file);
	variant->program = bpf_program__fd(program);
	if (bpf_map__value_size(map) < input_size)
		fail("%s has too little memory", variant->file);
	/* Before libbpf 1.5 what it gives as the map's value is a copy. */
	variant->memory = mmap(NULL, input_size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (variant->memory == MAP_FAILED)
		fail("cannot map the memory of %s", variant->file);
}

static void load(struct variant *variant, uint8_t *shared)
{
	size_t length = strlen(variant->file);
	void *library;

	if (length > 6 && strcmp(variant->file + length - 6, ".bpf.o") == 0) {
		load_kernel(variant);
		return;
	}
	library = dlopen(variant->file, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		fail("%s", dlerror());
	variant->run = (run_function *)dlsym(library, "run");
	if (!variant->run)
		fail("%s has no function `run`", variant->file);
	variant->memory = shared;
}

static uint64_t call_kernel(struct variant *variant, uint64_t calls)
{
	static uint8_t packet[64];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = (int)calls);

	if (bpf_prog_test_run_opts(variant->program, &options) != 0)
		fail("the kernel does not run %s", variant->file);
	return options.retval;
}

static uint64_t call(struct variant *variant, uint64_t calls)
{
	run_function *volatile run = variant->run;
	uint64_t result = 0;

	if (!run)
		return call_kernel(variant, calls);
	for (uint64_t i = 0; i < calls; i++)
		result = run(variant->memory, input_size);
	return result;
}

static double timed(struct variant *variant, uint64_t calls)
{
	double start = now();

	call(variant, calls);
	return (now() - start) / (double)calls;
}

static void calibrate(struct variant *variant, double nanoseconds)
{
	uint64_t calls = 1;

	for (;;) {
		double each = timed(variant, calls);

		/* The first calls meet cold caches and unbound symbols. */
		for (int i = 0; i < 2; i++) {
			double again = timed(variant, calls);

			each = again < each ? again : each;
		}
		if (each * (double)calls >= nanoseconds / 2 || calls >= CALLS_MAX) {
			double wanted = nanoseconds / (each > 0.05 ? each : 0.05);

			variant->calls = wanted < 1 ? 1 : wanted > CALLS_MAX ? CALLS_MAX : (uint64_t)wanted;
			return;
		}
		calls *= 2;
	}
}

/* Runs the variant on fresh input; `expected` is the reference's memory, filled in by the reference. */
static void check(struct variant *variant, const struct variant *reference, uint8_t *expected)
{
	memcpy(variant->memory, input, input_size);
	for (int i = 0; i < CHECKED_CALLS; i++)
		variant->results[i] = call(variant, 1);
	variant->same = 1;
	if (variant == reference) {
		memcpy(expected, variant->memory, input_size);
		return;
	}
	for (int i = 0; i < CHECKED_CALLS; i++) {
		uint64_t difference = variant->results[i] ^ reference->results[i];

		if (variant->run ? difference != 0 : (uint32_t)difference != 0)
			variant->same = 0;
	}
	if (memcmp(expected, variant->memory, input_size) != 0)
		variant->same = 0;
}

static int ascending(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double quantile(double *values, int count, double part)
{
	qsort(values, (size_t)count, sizeof(*values), ascending);
	return values[(int)(part * (count - 1) + 0.5)];
}

static void write_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 32)
			putchar(' ');
		else
			putchar(*text);
	}
	putchar('"');
}

static void write_variant(struct variant *variant, int pairs)
{
	printf("{\"name\":");
	write_string(variant->name);
	if (variant->refused) {
		printf(",\"refused\":");
		write_string(variant->refused);
	} else {
		printf(",\"result\":\"%#llx\",\"same\":%s,\"calls\":%llu",
		       (unsigned long long)variant->results[0], variant->same ? "true" : "false",
		       (unsigned long long)variant->calls);
	}
	if (variant->same)
		printf(",\"nanoseconds\":%.4f,\"ratio\":%.5f,\"quartiles\":[%.5f,%.5f]",
		       quantile(variant->nanoseconds, pairs, 0.5), quantile(variant->ratios, pairs, 0.5),
		       quantile(variant->ratios, pairs, 0.25), quantile(variant->ratios, pairs, 0.75));
	putchar('}');
}

int main(int count, char **arguments)
{
	static struct variant variants[VARIANTS_MAX];
	struct variant *reference = &variants[0];
	uint8_t *shared, *expected;
	int variant_count = count - 4, pairs;
	double batch;

	if (variant_count < 1 || variant_count > VARIANTS_MAX)
		fail("usage: host INPUT PAIRS MILLISECONDS REFERENCE=FILE [NAME=FILE...]");
	read_input(arguments[1]);
	pairs = atoi(arguments[2]);
	batch = atof(arguments[3]) * 1e6;
	if (pairs < 1 || batch <= 0)
		fail("PAIRS and MILLISECONDS must be positive");
	shared = allocate(input_size);
	expected = allocate(input_size);
	for (int i = 0; i < variant_count; i++) {
		struct variant *variant = &variants[i];

		variant->name = arguments[4 + i];
		variant->file = strchr(variant->name, '=');
		if (!variant->file)
			fail("%s is not of the form NAME=FILE", variant->name);
		arguments[4 + i][variant->file++ - variant->name] = 0;
		variant->nanoseconds = allocate((size_t)pairs * sizeof(double));
		variant->ratios = allocate((size_t)pairs * sizeof(double));
		load(variant, shared);
		if (i == 0 && !variant->run)
			fail("the reference cannot be a kernel program");
		if (!variant->refused)
			check(variant, reference, expected);
	}
	memcpy(shared, input, input_size);
	for (int i = 0; i < variant_count; i++)
		if (variants[i].same)
			calibrate(&variants[i], batch);
	for (int pair = 0; pair < pairs; pair++) {
		for (int i = 0; i < variant_count; i++) {
			struct variant *variant = &variants[i];
			double native;

			if (!variant->same)
				continue;
			native = timed(reference, reference->calls);
			variant->nanoseconds[pair] = timed(variant, variant->calls);
			variant->ratios[pair] = variant->nanoseconds[pair] / native;
		}
	}
	printf("{\"pairs\":%d,\"variants\":[", pairs);
	for (int i = 0; i < variant_count; i++) {
		if (i)
			putchar(',');
		write_variant(&variants[i], pairs);
	}
	puts("]}");
	return 0;
}
