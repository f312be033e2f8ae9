/* Reads of memory that may not be there: a bad address gives -EFAULT, never a signal. */
#ifndef BPFTIME_CORE_READ_H
#define BPFTIME_CORE_READ_H

#include "base.h"

/* Copies `size` bytes from `source`. 0, or -EFAULT with `destination` in an unspecified state. */
int bpftime_safe_read(void *destination, const void *source, uint64_t size);

/*
 * Copies a string of at most `size` bytes, the final zero included; one that is longer is cut and
 * terminated. Gives the number of bytes copied with the zero, or -EFAULT.
 */
int64_t bpftime_safe_read_string(char *destination, const char *source, uint64_t size);

#endif
