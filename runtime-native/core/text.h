/* Building text in a buffer of a fixed size: numbers, padding, strings. */
#ifndef BPFTIME_CORE_TEXT_H
#define BPFTIME_CORE_TEXT_H

#include "base.h"

/*
 * `length` counts every character that was put, also those beyond `capacity`, which are dropped; so
 * a caller learns how much room the whole text needs.
 */
struct text {
	char *start;
	size_t capacity;
	size_t length;
};

/* How a field is laid out; all zero is the plain form. */
struct text_style {
	uint32_t width;
	bool left;        /* pad on the right */
	bool zeros;       /* pad numbers with zeros */
	bool plus;        /* a sign also before positive numbers */
	bool space;       /* a space before positive numbers */
	bool prefix;      /* 0x */
	bool hexadecimal;
	bool capitals;
};

/* Length of a zero-terminated string. */
size_t bpftime_string_length(const char *string);

/* Whether two zero-terminated strings are equal. */
bool bpftime_string_equal(const char *left, const char *right);

void bpftime_text_character(struct text *text, char character);
void bpftime_text_string(struct text *text, const char *string, size_t length,
			 const struct text_style *style);

/* A number by its magnitude and sign. */
void bpftime_text_number(struct text *text, uint64_t value, bool negative,
			 const struct text_style *style);

/* A zero-terminated string and a signed decimal number, unpadded. */
void bpftime_text_plain(struct text *text, const char *string);
void bpftime_text_signed(struct text *text, int64_t value);

#endif
