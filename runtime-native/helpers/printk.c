/* bpf_trace_printk and bpf_trace_vprintk: one line to file descriptor 2 by one write. */
#include "../core/log.h"
#include "../core/string.h"
#include "format.h"
#include "helper.h"

#define LINE_LIMIT 1024u
#define VARIADIC_LIMIT 12u /* arguments of bpf_trace_vprintk */

static uint64_t print_line(const char *format, uint64_t format_size, const uint64_t *arguments,
			   uint32_t argument_count)
{
	char line[LINE_LIMIT + 1];
	struct text text = {.start = line, .capacity = LINE_LIMIT - 1};
	int error = bpftime_format(&text, format, (uint32_t)format_size, arguments, argument_count);
	size_t length = text.length < text.capacity ? text.length : text.capacity;

	if (error)
		return (uint64_t)error;
	if (length == 0 || line[length - 1] != '\n')
		line[length++] = '\n';
	bpftime_write_line(line, length);
	return text.length;
}

HELPER_FUNCTION(trace_printk, const char *format, uint64_t format_size, uint64_t first, uint64_t second,
		uint64_t third)
{
	const uint64_t arguments[] = {first, second, third};

	return print_line(format, format_size, arguments, 3);
}

HELPER_FUNCTION(trace_vprintk, const char *format, uint64_t format_size, const void *data, uint64_t data_size)
{
	uint64_t arguments[VARIADIC_LIMIT];
	uint32_t bytes = (uint32_t)data_size;

	if (bytes % 8 != 0 || bytes > sizeof(arguments) || (bytes != 0 && !data))
		return (uint64_t)-EINVAL;
	memcpy(arguments, data, bytes);
	return print_line(format, format_size, arguments, bytes / 8);
}
