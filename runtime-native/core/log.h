/* Messages of the runtime itself to file descriptor 2, one write each. */
#ifndef BPFTIME_CORE_LOG_H
#define BPFTIME_CORE_LOG_H

#include "base.h"

/* Writes "bpftime: WHAT[ NAME][: error NUMBER]\n"; `name` may be NULL, `error` is a negative errno or 0. */
void bpftime_log(const char *what, const char *name, long error);

/* Writes one line of at most `length` bytes to file descriptor 2 by one write. */
void bpftime_write_line(const char *line, size_t length);

#endif
