/* Memory primitives against byte loops, at every small size and alignment. */
#include "../core/string.h"
#include "check.h"

#define ROOM 1400

static unsigned char ours[ROOM], expected[ROOM], source[ROOM];

static void fill(unsigned char *bytes)
{
	for (int i = 0; i < ROOM; i++)
		bytes[i] = (unsigned char)test_random();
}

static bool same(const unsigned char *left, const unsigned char *right)
{
	for (int i = 0; i < ROOM; i++)
		if (left[i] != right[i])
			return false;
	return true;
}

static void reset(void)
{
	for (int i = 0; i < ROOM; i++)
		expected[i] = ours[i] = source[i];
}

static void test_size(size_t size, size_t to, size_t from)
{
	fill(source);
	reset();
	CHECK(memcpy(ours + to, source + from, size) == ours + to);
	for (size_t i = 0; i < size; i++)
		expected[to + i] = source[from + i];
	CHECK(same(ours, expected));
	reset();
	CHECK(memmove(ours + to, ours + from, size) == ours + to);
	for (size_t i = 0; i < size; i++)
		expected[to + i] = source[from + i];
	CHECK(same(ours, expected));
	reset();
	CHECK(memset(ours + to, 0x1c3, size) == ours + to);
	for (size_t i = 0; i < size; i++)
		expected[to + i] = 0xc3;
	CHECK(same(ours, expected));
}

static void test_compare(size_t size, size_t left, size_t right)
{
	fill(source);
	reset();
	memcpy(expected + right, ours + left, size);
	CHECK(memcmp(ours + left, expected + right, size) == 0);
	if (size != 0) {
		size_t at = test_below(size);

		expected[right + at] ^= (unsigned char)(1 + test_below(255));
		CHECK((memcmp(ours + left, expected + right, size) < 0) ==
		      (ours[left + at] < expected[right + at]));
		CHECK(memcmp(ours + left, expected + right, size) != 0);
	}
}

static void run_tests(void)
{
	for (size_t size = 0; size < 48; size++)
		for (size_t to = 0; to < 9; to++)
			for (size_t from = 0; from < 9; from++) {
				test_size(size, 16 + to, 16 + from);
				test_compare(size, 16 + to, 16 + from);
			}
	for (int i = 0; i < 300; i++) {
		size_t size = test_below(1000);

		test_size(size, test_below(300), test_below(300));
		test_compare(size, test_below(300), test_below(300));
	}
}
