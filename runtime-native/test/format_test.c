/* Format strings of bpf_trace_printk: what is printed, and what is refused. */
#include "../core/string.h"
#include "../helpers/format.h"
#include "check.h"

static char output[1024];

static int format(const char *string, uint64_t size, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t arguments[] = {a, b, c};
	struct text text = {.start = output, .capacity = sizeof(output) - 1};
	int result = bpftime_format(&text, string, size, arguments, 3);

	output[text.length < text.capacity ? text.length : text.capacity] = 0;
	return result;
}

static void prints(const char *expected, const char *string, uint64_t a, uint64_t b, uint64_t c)
{
	check_subject = string;
	CHECK(format(string, bpftime_string_length(string) + 1, a, b, c) == 0);
	CHECK(bpftime_string_equal(output, expected));
}

static void refuses(const char *string)
{
	check_subject = string;
	CHECK(format(string, bpftime_string_length(string) + 1, 1, 2, 3) == -EINVAL);
}

static void run_tests(void)
{
	static const char text[] = "abc";
	static const unsigned char address[16] = {192, 168, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};
	char unterminated[4] = {'a', 'b', 'c', 'd'};
	char longer[600];

	prints("plain", "plain", 0, 0, 0);
	prints("", "", 0, 0, 0);
	prints("1 -2 3", "%d %d %d", 1, (uint64_t)-2, 3);
	prints("-1 4294967295 ffffffff", "%d %u %x", 0xffffffff, 0xffffffffffffffff, 0xffffffffffffffff);
	prints("-5 7", "%i %i", (uint64_t)-5, 7, 0);
	prints("18446744073709551615 -1 FFFFFFFFFFFFFFFF", "%lu %ld %lX", ~0ull, ~0ull, ~0ull);
	prints("-9223372036854775808 8000000000000000", "%lld %llx", 1ull << 63, 1ull << 63, 0);
	prints("   42|42   |00042", "%5d|%-5d|%05d", 42, 42, 42);
	prints("  -42|-0042|+42", "%5d|%05d|%+d", (uint64_t)-42, (uint64_t)-42, 42);
	prints(" 42", "% d", 42, 0, 0);
	prints("100% 1", "100%% %d", 1, 0, 0);
	prints("abc|  abc|abc  ", "%s|%5s|%-5s", (uint64_t)text, (uint64_t)text, (uint64_t)text);
	prints("x y", "%c %c", 'x', 'y', 0);
	prints("000000000000beef", "%p", 0xbeef, 0, 0);
	prints("00000000deadbeef!", "%px!", 0xdeadbeef, 0, 0);
	prints("abc abc", "%pks %pus", (uint64_t)text, (uint64_t)text, 0);
	prints("192.168.0.7 192.168.000.007", "%pI4 %pi4", (uint64_t)address, (uint64_t)address, 0);
	prints("c0a8:0007:0102:0304:0506:0708:090a:0bff c0a80007010203040506070809" "0a0bff", "%pI6 %pi6",
	       (uint64_t)address, (uint64_t)address, 0);
	/* A string that is not there prints as nothing. */
	prints("[]", "[%s]", 8, 0, 0);
	prints("line\n", "line\n", 0, 0, 0);
	prints("tab\tx", "tab\tx", 0, 0, 0);

	refuses("%");
	refuses("%y");
	refuses("%l");
	refuses("%llld");
	refuses("%f");
	refuses("%n");
	refuses("%hd");
	refuses("%.3d");
	refuses("%sx");
	refuses("%cx");
	refuses("%pz");
	refuses("%d %d %d %d");
	refuses("bell \a");
	refuses("caf\xc3\xa9");
	check_subject = "unterminated";
	CHECK(format(unterminated, 4, 0, 0, 0) == -EINVAL);
	CHECK(format("", 0, 0, 0, 0) == -EINVAL);

	/* What does not fit is cut, and the whole length is known. */
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	{
		char small[8];
		struct text cut = {.start = small, .capacity = sizeof(small)};

		CHECK(bpftime_format(&cut, longer, sizeof(longer), NULL, 0) == 0);
		CHECK(cut.length == sizeof(longer) - 1);
		CHECK(small[7] == 'x');
	}
	/* A string is cut at the limit of one argument, not refused. */
	prints(longer + sizeof(longer) - 512, "%s", (uint64_t)longer, 0, 0);
}
