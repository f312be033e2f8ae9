// One of every kind of type, and layouts that are hard to write back as C.
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define tagged(name) __attribute__((btf_type_tag(name)))
#define noted(name) __attribute__((btf_decl_tag(name)))

struct ahead;

enum small { SMALL_A, SMALL_B = 7 };
enum negative { NEGATIVE = -3 };
enum large { LARGE = 0xffffffff };
enum huge { HUGE_A = 0x8000000000000000ULL, HUGE_B = 1 };
enum huge_negative { HUGE_NEGATIVE = -0x7fffffffffffffffLL };
enum __attribute__((packed)) tiny { TINY_A, TINY_B };

typedef unsigned long long u64_alias;
typedef int (*callback)(struct ahead *, const char *, ...);
typedef int matrix[3][4];

typedef struct {
	int first;
	callback call;
} anonymous_alias;

union number {
	double real;
	float half;
	unsigned char bytes[8];
};

struct packed {
	char a;
	int b;
	short c;
} __attribute__((packed));

struct packed_end {
	long a;
	char b;
} __attribute__((packed));

struct bits {
	unsigned int a : 3;
	unsigned int : 5;
	int b : 9;
	_Bool c : 1;
	enum small d : 4;
	unsigned long e : 60;
	char after;
	unsigned char f : 2, g : 6;
};

struct packed_bits {
	unsigned char a;
	unsigned int b : 30;
	unsigned int c : 10;
	unsigned short d;
} __attribute__((packed));

struct spaced {
	char a;
	int b __attribute__((aligned(32)));
	char c;
} __attribute__((aligned(64)));

struct nested {
	struct packed inner[3];
	char gap;
	struct spaced spaced;
	union {
		struct {
			int x, y;
		};
		long xy;
		struct {
			char bytes[3];
		} named;
	};
	struct nested *next;
	struct ahead *ahead;
	struct later *later;
	const volatile char *const *restrict pointers[2];
	int (*table[4])(struct nested *, int (*)(int), anonymous_alias);
	int (*(*returns_pointer)(void))[5];
	enum { IN_PLACE_A = 41, IN_PLACE_B } in_place, in_place_again;
	enum tiny tiny;
	enum huge huge;
	__int128 wide;
	matrix grid;
	union number number;
	anonymous_alias alias;
	struct packed_end packed_end;
	struct bits bits;
	struct packed_bits packed_bits;
	enum negative negative;
	enum large large;
	enum huge_negative huge_negative;
	u64_alias flexible[];
};

struct later {
	struct nested *nested;
	struct ahead tagged("user") * user;
} noted("a note");

struct empty {};

struct nested *global_nested;
struct later global_later noted("on a variable");
struct empty empties[2];
static volatile const int constant = 5;
extern int kernel_version __attribute__((section(".kconfig"), weak));

__attribute__((noinline)) static int helper_function(int argument noted("on an argument"))
{
	return argument * constant;
}

SEC("uprobe/libc.so.6:malloc")
int program(void *context)
{
	return helper_function(global_later.nested == (void *)empties) + (global_nested == context) +
	       kernel_version;
}

char _license[] SEC("license") = "GPL";
