#include "format.h"

#include "../core/read.h"

#define STRING_LIMIT 512u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* What may follow a conversion that could have a longer name (%p..., %s..., %c...). */
static bool ends_conversion(char c)
{
	return c == 0 || is_space(c) || (is_printable(c) && !is_digit(c) && !(c >= 'a' && c <= 'z') &&
					 !(c >= 'A' && c <= 'Z'));
}

static void put_string(struct text *text, uint64_t address, const struct text_style *style)
{
	char string[STRING_LIMIT];
	int64_t length = bpftime_safe_read_string(string, (const char *)address, sizeof(string));

	bpftime_text_string(text, string, length > 0 ? (size_t)length - 1 : 0, style);
}

/* %pi4, %pI4, %pi6, %pI6: an address in network order; `i` prints leading zeros and no colons. */
static void put_internet_address(struct text *text, uint64_t address, char style, char version)
{
	unsigned char bytes[16];
	uint32_t count = version == '4' ? 4 : 16;
	struct text_style digits = {0};

	if (bpftime_safe_read(bytes, (const void *)address, count) != 0)
		return;
	if (version == '4') {
		digits.width = style == 'i' ? 3 : 0;
		digits.zeros = true;
		for (uint32_t i = 0; i < count; i++) {
			if (i != 0)
				bpftime_text_character(text, '.');
			bpftime_text_number(text, bytes[i], false, &digits);
		}
		return;
	}
	digits = (struct text_style){.width = 4, .zeros = true, .hexadecimal = true};
	for (uint32_t i = 0; i < count; i += 2) {
		if (i != 0 && style == 'I')
			bpftime_text_character(text, ':');
		bpftime_text_number(text, (uint64_t)bytes[i] << 8 | bytes[i + 1], false, &digits);
	}
}

/* Conversion of the argument after %p; gives how many letters of the name follow, or -EINVAL. */
static int put_pointer(struct text *text, const char *letters, uint64_t argument, struct text_style *style)
{
	char kind = letters[0];

	if ((kind == 'k' || kind == 'u') && letters[1] == 's') {
		if (!ends_conversion(letters[2]))
			return -EINVAL;
		put_string(text, argument, style);
		return 2;
	}
	if ((kind == 'i' || kind == 'I') && (letters[1] == '4' || letters[1] == '6')) {
		put_internet_address(text, argument, kind, letters[1]);
		return 2;
	}
	if (!ends_conversion(kind) && kind != 'K' && kind != 'x' && kind != 's' && kind != 'S' && kind != 'B')
		return -EINVAL;
	/* There is no kernel address to hide and no kernel symbol to name: all print the address. */
	style->hexadecimal = true;
	style->zeros = true;
	style->width = 2 * sizeof(void *);
	bpftime_text_number(text, argument, false, style);
	return ends_conversion(kind) ? 0 : 1;
}

/* %d, %i, %u, %x, %X with up to two `l`; gives how many letters were read, or -EINVAL. */
static int put_integer(struct text *text, const char *letters, uint64_t argument, struct text_style *style)
{
	int length = 0;
	bool is_signed;

	while (length < 2 && letters[length] == 'l')
		length++;
	switch (letters[length]) {
	case 'd':
	case 'i':
		is_signed = true;
		break;
	case 'X':
		style->capitals = true;
		__attribute__((fallthrough));
	case 'x':
		style->hexadecimal = true;
		__attribute__((fallthrough));
	case 'u':
		is_signed = false;
		break;
	default:
		return -EINVAL;
	}
	if (length == 0)
		argument = is_signed ? (uint64_t)(int64_t)(int32_t)argument : (uint32_t)argument;
	if (is_signed && (int64_t)argument < 0)
		bpftime_text_number(text, -argument, true, style);
	else
		bpftime_text_number(text, argument, false, style);
	return length + 1;
}

/* Flags and width, "[0 +-]*[1-9][0-9]*"; gives how many letters were read. */
static int read_style(const char *letters, struct text_style *style)
{
	int length = 0;

	for (;; length++) {
		if (letters[length] == '0')
			style->zeros = true;
		else if (letters[length] == '+')
			style->plus = true;
		else if (letters[length] == '-')
			style->left = true;
		else if (letters[length] == ' ')
			style->space = true;
		else
			break;
	}
	/* Beyond any buffer a larger width changes nothing. */
	for (; is_digit(letters[length]); length++)
		if (style->width < 100000)
			style->width = style->width * 10 + (uint32_t)(letters[length] - '0');
	return length;
}

int bpftime_format(struct text *text, const char *format, uint64_t format_size,
		   const uint64_t *arguments, uint32_t argument_count)
{
	uint64_t length = 0;
	uint32_t used = 0;

	while (length < format_size && format[length] != 0)
		if (!is_printable(format[length]) && !is_space(format[length]))
			return -EINVAL;
		else
			length++;
	if (length == format_size)
		return -EINVAL;
	for (const char *at = format; *at != 0;) {
		struct text_style style = {0};
		uint64_t argument;
		int taken;

		if (*at != '%') {
			bpftime_text_character(text, *at++);
			continue;
		}
		if (at[1] == '%') {
			bpftime_text_character(text, '%');
			at += 2;
			continue;
		}
		if (used >= argument_count)
			return -EINVAL;
		argument = arguments[used++];
		at++;
		at += read_style(at, &style);
		switch (*at) {
		case 'p':
			taken = put_pointer(text, at + 1, argument, &style);
			at++;
			break;
		case 's':
			if (!ends_conversion(at[1]))
				return -EINVAL;
			put_string(text, argument, &style);
			taken = 1;
			break;
		case 'c': {
			char character = (char)argument;

			if (!ends_conversion(at[1]))
				return -EINVAL;
			bpftime_text_string(text, &character, 1, &style);
			taken = 1;
			break;
		}
		default:
			taken = put_integer(text, at, argument, &style);
			break;
		}
		if (taken < 0)
			return taken;
		at += taken;
	}
	return 0;
}
