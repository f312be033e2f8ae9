/* The kernel's format strings for programs: bpf_trace_printk, bpf_trace_vprintk. */
#ifndef BPFTIME_HELPERS_FORMAT_H
#define BPFTIME_HELPERS_FORMAT_H

#include "../core/base.h"
#include "../core/text.h"

/*
 * Puts `format`, at most `format_size` bytes with its final zero, into `text`, taking arguments in
 * order. 0, or -EINVAL for what the kernel refuses: no final zero, a character that is not printable
 * ASCII or white space, an unknown conversion, more conversions than arguments. Strings (%s) are read
 * safely; one that cannot be read prints as nothing.
 */
int bpftime_format(struct text *text, const char *format, uint64_t format_size,
		   const uint64_t *arguments, uint32_t argument_count);

#endif
