/*
 * The kernel does the copying and reports bad addresses: process_vm_readv on the own process; where
 * that is missing (qemu-user, seccomp), writing the bytes into a pipe and reading them back. Both
 * need no signal handler, so the process's own handlers are never disturbed. The cost is a system
 * call or more a read.
 */
#include "read.h"

#include "system.h"

#define PAGE_SIZE 4096ull /* the smallest of any target; larger ones are multiples of it */
#define STRING_STEP 256ull

/* Not more than PIPE_BUF, which an empty pipe always takes at once. */
#define PIPE_STEP 4096ull

static int read_through_pipe(void *destination, const void *source, uint64_t size)
{
	int files[2];
	int result = 0;
	long error = system_pipe(files, SYSTEM_OPEN_CLOSE_ON_EXEC | SYSTEM_OPEN_NON_BLOCKING);

	if (error < 0)
		return -EFAULT;
	for (uint64_t done = 0; done < size && result == 0;) {
		uint64_t step = minimum_u64(size - done, PIPE_STEP);
		long written = system_write(files[1], (const char *)source + done, step);

		if (written == -EINTR)
			continue;
		/* A short write stopped at a page that is not there; the next round reports it. */
		if (written <= 0 || system_read(files[0], (char *)destination + done, (uint64_t)written) != written)
			result = -EFAULT;
		else
			done += (uint64_t)written;
	}
	system_close(files[0]);
	system_close(files[1]);
	return result;
}

int bpftime_safe_read(void *destination, const void *source, uint64_t size)
{
	struct system_io_vector local = {.base = destination, .length = size};
	struct system_io_vector remote = {.base = (void *)source, .length = size};
	long read;

	if (size == 0)
		return 0;
	read = system_read_process(system_process_id(), &local, &remote);
	if (read == (long)size)
		return 0;
	if (read == -ENOSYS || read == -EPERM)
		return read_through_pipe(destination, source, size);
	return -EFAULT;
}

int64_t bpftime_safe_read_string(char *destination, const char *source, uint64_t size)
{
	char chunk[STRING_STEP];
	uint64_t done = 0;

	/* In steps that end at page boundaries: what follows the string's last page may be missing. */
	while (done < size) {
		uint64_t to_boundary = PAGE_SIZE - ((uintptr_t)(source + done) & (PAGE_SIZE - 1));
		uint64_t step = minimum_u64(minimum_u64(size - done, to_boundary), STRING_STEP);

		if (bpftime_safe_read(chunk, source + done, step) != 0)
			return -EFAULT;
		for (uint64_t i = 0; i < step; i++) {
			destination[done] = chunk[i];
			done++;
			if (chunk[i] == 0)
				return (int64_t)done;
		}
	}
	if (size == 0)
		return 0;
	destination[size - 1] = 0;
	return (int64_t)size;
}
