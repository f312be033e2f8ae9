#include "text.h"

size_t bpftime_string_length(const char *string)
{
	size_t length = 0;

	while (string[length] != 0)
		length++;
	return length;
}

bool bpftime_string_equal(const char *left, const char *right)
{
	for (; *left == *right; left++, right++)
		if (*left == 0)
			return true;
	return false;
}

static void put(struct text *text, char character)
{
	if (text->length < text->capacity)
		text->start[text->length] = character;
	text->length++;
}

static void put_repeated(struct text *text, char character, size_t count)
{
	while (count-- != 0)
		put(text, character);
}

void bpftime_text_character(struct text *text, char character)
{
	put(text, character);
}

void bpftime_text_string(struct text *text, const char *string, size_t length,
			 const struct text_style *style)
{
	size_t padding = style->width > length ? style->width - length : 0;

	if (!style->left)
		put_repeated(text, ' ', padding);
	for (size_t i = 0; i < length; i++)
		put(text, string[i]);
	if (style->left)
		put_repeated(text, ' ', padding);
}

void bpftime_text_number(struct text *text, uint64_t value, bool negative,
			 const struct text_style *style)
{
	char digits[20];
	size_t count = 0, used, padding;
	const char *alphabet = style->capitals ? "0123456789ABCDEF" : "0123456789abcdef";
	uint64_t base = style->hexadecimal ? 16 : 10;
	char sign = negative ? '-' : style->plus ? '+' : style->space ? ' ' : 0;

	do {
		digits[count++] = alphabet[value % base];
		value /= base;
	} while (value != 0);
	used = count + (sign != 0) + (style->prefix ? 2 : 0);
	padding = style->width > used ? style->width - used : 0;
	if (!style->left && !style->zeros)
		put_repeated(text, ' ', padding);
	if (sign != 0)
		put(text, sign);
	if (style->prefix) {
		put(text, '0');
		put(text, style->capitals ? 'X' : 'x');
	}
	if (!style->left && style->zeros)
		put_repeated(text, '0', padding);
	while (count != 0)
		put(text, digits[--count]);
	if (style->left)
		put_repeated(text, ' ', padding);
}

void bpftime_text_plain(struct text *text, const char *string)
{
	static const struct text_style none;

	bpftime_text_string(text, string, bpftime_string_length(string), &none);
}

void bpftime_text_signed(struct text *text, int64_t value)
{
	static const struct text_style none;

	bpftime_text_number(text, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, &none);
}
