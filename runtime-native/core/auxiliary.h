/* The auxiliary vector: what the kernel told the process when it started. */
#ifndef BPFTIME_CORE_AUXILIARY_H
#define BPFTIME_CORE_AUXILIARY_H

#include "base.h"

#define BPFTIME_AUXILIARY_FEATURES_2 26 /* AT_HWCAP2 */
#define BPFTIME_AUXILIARY_VDSO 33       /* AT_SYSINFO_EHDR */

/* Value of an entry, 0 when there is none. Costs system calls: for use once. */
uint64_t bpftime_auxiliary_value(uint64_t type);

#endif
