/* Error numbers of Linux, the same on every target. Results carry them negated. */
#ifndef BPFTIME_CORE_ERRNO_H
#define BPFTIME_CORE_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define ENOSYS 38
#define EOPNOTSUPP 95
#define ENOTSUPP 524 /* the kernel's own; map creation lets it through to user space */

#endif
