#include "log.h"

#include "system.h"
#include "text.h"

#define ERROR_OUTPUT 2

void bpftime_write_line(const char *line, size_t length)
{
	long written;

	/* Lines are short; a rest only appears when a signal or a full pipe cut the write. */
	while (length != 0) {
		written = system_write(ERROR_OUTPUT, line, length);
		if (written == -EINTR)
			continue;
		if (written <= 0)
			return;
		line += written;
		length -= (size_t)written;
	}
}

void bpftime_log(const char *what, const char *name, long error)
{
	char buffer[256];
	struct text text = {.start = buffer, .capacity = sizeof(buffer) - 1};

	bpftime_text_plain(&text, "bpftime: ");
	bpftime_text_plain(&text, what);
	if (name) {
		bpftime_text_character(&text, ' ');
		bpftime_text_plain(&text, name);
	}
	if (error != 0) {
		bpftime_text_plain(&text, ": error ");
		bpftime_text_signed(&text, error < 0 ? -error : error);
	}
	if (text.length > text.capacity)
		text.length = text.capacity;
	buffer[text.length++] = '\n';
	bpftime_write_line(buffer, text.length);
}
