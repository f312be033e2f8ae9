/*
 * Drives a runner with test/sample_object.c in it through pipes and checks its answers:
 * runner_driver COMMAND ARGUMENT...
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char **command;
static pid_t child;
static int to_child, from_child, child_errors;
static int checks;

#define CHECK(condition)                                                                             \
	do {                                                                                         \
		checks++;                                                                            \
		if (!(condition)) {                                                                  \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);    \
			exit(1);                                                                     \
		}                                                                                    \
	} while (0)

static void start(void)
{
	int in[2], out[2], errors[2];

	CHECK(pipe(in) == 0 && pipe(out) == 0 && pipe(errors) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(errors[1], 2);
		for (int file = 3; file < 64; file++)
			close(file);
		execvp(command[0], command);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(errors[1]);
	to_child = in[1];
	from_child = out[0];
	child_errors = errors[0];
}

static int finish(char *errors, size_t room)
{
	int status;
	size_t length = 0;
	ssize_t got;

	close(to_child);
	while ((got = read(child_errors, errors + length, room - 1 - length)) > 0)
		length += (size_t)got;
	errors[length] = 0;
	close(child_errors);
	close(from_child);
	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void send_bytes(const void *bytes, size_t size)
{
	CHECK(write(to_child, bytes, size) == (ssize_t)size);
}

static void request(uint32_t program, const void *memory, uint32_t length, uint32_t repeat)
{
	const uint32_t head[4] = {program, length, repeat, 0};

	send_bytes(head, sizeof(head));
	if (length != 0)
		send_bytes(memory, length);
}

static void receive(void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(from_child, (char *)bytes + done, size - done);

		CHECK(got > 0);
		done += (size_t)got;
	}
}

struct answer {
	uint64_t result, nanoseconds;
	uint32_t length, reserved;
};

static uint64_t answer(void *memory, uint32_t length)
{
	struct answer head;

	receive(&head, sizeof(head));
	CHECK(head.length == length && head.reserved == 0);
	CHECK(head.nanoseconds < 60ull * 1000000000ull);
	receive(memory, length);
	return head.result;
}

static uint64_t run(uint32_t program, void *memory, uint32_t length, uint32_t repeat)
{
	request(program, memory, length, repeat);
	return answer(memory, length);
}

static void test_answers(void)
{
	unsigned char memory[8] = {7, 0, 0, 0};
	uint64_t context[64] = {0};
	static unsigned char large[300000];
	char errors[4096];

	start();
	CHECK(run(0, memory, 4, 1) == 1);
	CHECK(run(0, memory, 4, 10) == 11);
	memcpy(memory, "\1\2\3\4", 4);
	CHECK(run(1, memory, 4, 1) == 1010 && memcmp(memory, "\2\3\4\5", 4) == 0);
	/* Each repeat starts from the memory that the one before left. */
	CHECK(run(1, memory, 4, 3) == 1022 && memcmp(memory, "\5\6\7\10", 4) == 0);
	CHECK(run(1, memory, 4, 0) == 0 && memcmp(memory, "\5\6\7\10", 4) == 0);
	CHECK(run(1, NULL, 0, 1) == 0);
	CHECK(run(2, memory, 6, 1) == 6007 && memory[0] == '!');
	CHECK(run(3, NULL, 0, 2) == 8);
	CHECK(run(4, memory, 4, 1) != ~0ull);
	CHECK(run(5, NULL, 0, 5) == 5);
	context[63] = 99;
	CHECK(run(7, context, sizeof(context), 1) == 99);
	CHECK(run(7, context, 504, 1) == 0);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = 1;
	/* In another order than the pipes' room allows for writing everything first. */
	if (fork() == 0) {
		request(1, large, sizeof(large), 1);
		_exit(0);
	}
	CHECK(answer(large, sizeof(large)) == 1000 + sizeof(large));
	for (size_t i = 0; i < sizeof(large); i++)
		if (large[i] != 2)
			CHECK(large[i] == 2);
	wait(NULL);
	/* A thousand requests in one write. */
	{
		uint32_t heads[1000][4];
		uint64_t expected = 5;

		for (int i = 0; i < 1000; i++)
			memcpy(heads[i], (uint32_t[]){5, 0, 1, 0}, 16);
		send_bytes(heads, sizeof(heads));
		for (int i = 0; i < 1000; i++)
			CHECK(answer(NULL, 0) == ++expected);
	}
	CHECK(finish(errors, sizeof(errors)) == 0);
	CHECK(strcmp(errors, "hello 42\nhello 42\n") == 0);
}

static void test_failure(const void *bytes, size_t size, int code, const char *message)
{
	char errors[4096];

	start();
	send_bytes(bytes, size);
	CHECK(finish(errors, sizeof(errors)) == code);
	CHECK(strstr(errors, message));
}

int main(int count, char **arguments)
{
	if (count < 2) {
		fprintf(stderr, "usage: runner_driver COMMAND ARGUMENT...\n");
		return 2;
	}
	command = arguments + 1;
	signal(SIGPIPE, SIG_IGN);
	test_answers();
	test_failure((uint32_t[]){8, 0, 1, 0}, 16, 64, "no program");
	test_failure((uint32_t[]){0xffffffff, 0, 1, 0}, 16, 64, "no program");
	test_failure((uint32_t[]){1, 4, 1, 0, 0}, 18, 65, "truncated");
	test_failure((uint32_t[]){1, 4, 1, 0}, 16, 65, "truncated");
	test_failure((uint32_t[]){1}, 3, 65, "truncated");
	test_failure((uint32_t[]){1, 0, 1, 1}, 16, 65, "not valid");
	test_failure((uint32_t[]){1, 0x80000000, 1, 0}, 16, 65, "not valid");
	{
		char errors[4096];

		/* What was answered before a crash arrives. */
		start();
		CHECK(run(5, NULL, 0, 1) == 1);
		request(6, NULL, 0, 1);
		CHECK(finish(errors, sizeof(errors)) > 1000);
	}
	printf("%d checks\n", checks);
	return 0;
}
