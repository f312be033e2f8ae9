/*
 * A spin lock in one 64-bit word of map memory. The word is 0 or the token of the thread that holds it
 * (thread.h). Critical sections are a few stores long.
 */
#ifndef BPFTIME_CORE_LOCK_H
#define BPFTIME_CORE_LOCK_H

#include "base.h"

typedef uint64_t bpftime_lock;

/*
 * Takes the lock; -EBUSY when this very thread holds it already: a signal handler came in between,
 * and waiting would be for ever. `self` is the caller's token.
 */
int bpftime_lock_take(bpftime_lock *lock, uint64_t self);

/* Takes the lock if it is free; never waits. */
bool bpftime_lock_try(bpftime_lock *lock, uint64_t self);

void bpftime_lock_release(bpftime_lock *lock);

/* The caller's thread id, as locks hold it. */
uint32_t bpftime_lock_self(void);

#endif
