/*
 * The frame of a test program: CHECK, reproducible random numbers, and an entry that works with a libc
 * and without one. A test file defines `run_tests` and includes this once.
 */
#ifndef BPFTIME_TEST_CHECK_H
#define BPFTIME_TEST_CHECK_H

#include "../core/base.h"
#include "../core/log.h"
#include "../core/system.h"
#include "../core/text.h"

static void run_tests(void);

static uint64_t checks_done;
/* What was going on, for the message of a failed check. */
static const char *check_subject = "";
static uint64_t check_step;

static inline void check(bool holds, const char *file, int line, const char *condition)
{
	char buffer[512];
	struct text text = {.start = buffer, .capacity = sizeof(buffer)};

	checks_done++;
	if (holds)
		return;
	bpftime_text_plain(&text, file);
	bpftime_text_character(&text, ':');
	bpftime_text_signed(&text, line);
	bpftime_text_plain(&text, ": not true: ");
	bpftime_text_plain(&text, condition);
	bpftime_text_plain(&text, " [");
	bpftime_text_plain(&text, check_subject);
	bpftime_text_plain(&text, " step ");
	bpftime_text_signed(&text, (int64_t)check_step);
	bpftime_text_plain(&text, "]\n");
	bpftime_write_line(buffer, text.length < text.capacity ? text.length : text.capacity);
	system_exit(1);
}

#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)

static inline void say(const char *what, uint64_t number, const char *rest)
{
	char buffer[256];
	struct text text = {.start = buffer, .capacity = sizeof(buffer)};

	bpftime_text_plain(&text, what);
	bpftime_text_signed(&text, (int64_t)number);
	bpftime_text_plain(&text, rest);
	bpftime_text_character(&text, '\n');
	system_write(1, buffer, text.length);
}

/* The same numbers in every run. */
static uint64_t test_random_state = 0x123456789abcdef1ull;

static inline uint64_t test_random(void)
{
	test_random_state ^= test_random_state << 13;
	test_random_state ^= test_random_state >> 7;
	test_random_state ^= test_random_state << 17;
	return test_random_state * 0x2545f4914f6cdd1dull >> 16;
}

static inline uint64_t test_below(uint64_t limit)
{
	return test_random() % limit;
}

#if __STDC_HOSTED__
int main(void)
{
	run_tests();
	say("", checks_done, " checks");
	return 0;
}
#else
_Noreturn void bpftime_start(void *stack);

_Noreturn void bpftime_start(void *stack)
{
	(void)stack;
	run_tests();
	say("", checks_done, " checks");
	system_exit(0);
}
#endif

#endif
