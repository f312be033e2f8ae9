/* Who the calling thread is, as locks record it. */
#ifndef BPFTIME_CORE_THREAD_H
#define BPFTIME_CORE_THREAD_H

#include "base.h"

/*
 * A number other than 0 that no other thread of this process or its children has at the same time,
 * without a system call in the common case. Threads that some program made without thread-local
 * storage of their own share one.
 */
uint64_t bpftime_thread_token(void);

#endif
