/*
 * Typed wrappers of the system calls the runtime makes. All return what the kernel returns: a result,
 * or a negative errno. There is no errno variable, because there is no thread-local storage.
 */
#ifndef BPFTIME_CORE_SYSTEM_H
#define BPFTIME_CORE_SYSTEM_H

#include "base.h"
#include "syscall.h"

enum {
#define SYSTEM_CALL(name, number) SYSTEM_CALL_##name = number,
#include "syscalls.def"
#undef SYSTEM_CALL
};

struct system_io_vector {
	void *base;
	uint64_t length;
};

struct system_time {
	int64_t seconds;
	int64_t nanoseconds;
};

#define SYSTEM_CURRENT_DIRECTORY (-100)
#define SYSTEM_OPEN_CLOSE_ON_EXEC 02000000
#define SYSTEM_OPEN_NON_BLOCKING 04000

#define SYSTEM_PROTECT_READ 1
#define SYSTEM_PROTECT_WRITE 2
#define SYSTEM_MAP_SHARED 0x01
#define SYSTEM_MAP_PRIVATE 0x02
#define SYSTEM_MAP_ANONYMOUS 0x20
#define SYSTEM_MAP_NORESERVE 0x4000

#define SYSTEM_PRCTL_GET_NAME 16

static inline long system_read(int file, void *buffer, uint64_t length)
{
	return bpftime_syscall(SYSTEM_CALL_read, file, (long)buffer, (long)length, 0, 0, 0);
}

static inline long system_write(int file, const void *buffer, uint64_t length)
{
	return bpftime_syscall(SYSTEM_CALL_write, file, (long)buffer, (long)length, 0, 0, 0);
}

static inline long system_write_vector(int file, const struct system_io_vector *vector, int count)
{
	return bpftime_syscall(SYSTEM_CALL_writev, file, (long)vector, count, 0, 0, 0);
}

static inline long system_open(const char *path, int flags)
{
	return bpftime_syscall(SYSTEM_CALL_openat, SYSTEM_CURRENT_DIRECTORY, (long)path, flags, 0, 0, 0);
}

static inline long system_close(int file)
{
	return bpftime_syscall(SYSTEM_CALL_close, file, 0, 0, 0, 0, 0);
}

static inline long system_pipe(int files[2], int flags)
{
	return bpftime_syscall(SYSTEM_CALL_pipe2, (long)files, flags, 0, 0, 0, 0);
}

static inline long system_map(void *address, uint64_t length, int protection, int flags, int file,
			      uint64_t offset)
{
	return bpftime_syscall(SYSTEM_CALL_mmap, (long)address, (long)length, protection, flags, file,
			       (long)offset);
}

static inline long system_unmap(void *address, uint64_t length)
{
	return bpftime_syscall(SYSTEM_CALL_munmap, (long)address, (long)length, 0, 0, 0, 0);
}

static inline long system_advise(void *address, uint64_t length, int advice)
{
	return bpftime_syscall(SYSTEM_CALL_madvise, (long)address, (long)length, advice, 0, 0, 0);
}

static inline long system_yield(void)
{
	return bpftime_syscall(SYSTEM_CALL_sched_yield, 0, 0, 0, 0, 0, 0);
}

static inline long system_process_id(void)
{
	return bpftime_syscall(SYSTEM_CALL_getpid, 0, 0, 0, 0, 0, 0);
}

static inline long system_thread_id(void)
{
	return bpftime_syscall(SYSTEM_CALL_gettid, 0, 0, 0, 0, 0, 0);
}

static inline long system_process_control(int option, void *argument)
{
	return bpftime_syscall(SYSTEM_CALL_prctl, option, (long)argument, 0, 0, 0, 0);
}

static inline long system_cpu(uint32_t *cpu)
{
	return bpftime_syscall(SYSTEM_CALL_getcpu, (long)cpu, 0, 0, 0, 0, 0);
}

static inline long system_clock(int clock, struct system_time *time)
{
	return bpftime_syscall(SYSTEM_CALL_clock_gettime, clock, (long)time, 0, 0, 0, 0);
}

static inline long system_read_process(long process, const struct system_io_vector *local,
				       const struct system_io_vector *remote)
{
	return bpftime_syscall(SYSTEM_CALL_process_vm_readv, process, (long)local, 1, (long)remote, 1, 0);
}

static inline long system_random(void *buffer, uint64_t length)
{
	return bpftime_syscall(SYSTEM_CALL_getrandom, (long)buffer, (long)length, 0, 0, 0, 0);
}

static inline _Noreturn void system_exit(int code)
{
	for (;;)
		bpftime_syscall(SYSTEM_CALL_exit_group, code, 0, 0, 0, 0, 0);
}

#endif
