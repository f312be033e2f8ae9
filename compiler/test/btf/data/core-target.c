// The system that core.bpf.c is relocated for: names as there, layouts of its own.
struct inner {
	long before;
	int first;
	unsigned int second;
};

enum colour { RED = 11, GREEN___x = 12, CYAN = 13, MAGENTA = 14 };
enum signed_small { BELOW = -5, ABOVE = 1 };
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0xfedcba9876543210ULL };

struct sample {
	char shift[24];
	unsigned long grows;
	unsigned int shrinks;
	long signed_grows;
	int plain;
	struct inner inner;
	struct inner array[5];
	int numbers[6 + 2];
	unsigned int padding : 3;
	unsigned int bits : 6;
	int signed_bits : 9;
	unsigned long wide_bits : 33;
	enum colour colour;
	enum signed_small small;
	char *pointer;
	void *other_pointer;
	struct {
		int pad;
		union {
			int in_union;
			struct {
				short x;
				short deep_b;
			};
			int moved_into_anonymous;
		};
	};
	char *changes_kind;
	struct inner flexible[];
};

struct matching {
	long more;
	enum colour colour;
	struct inner *behind;
	int a;
};

struct not_matching {
	int a;
	int changed;
};

typedef int (*callback)(struct sample *, int);
typedef struct sample sample_alias;
typedef struct {
	char other;
	int anonymous_field;
} anonymous_alias;

struct twice {
	int field;
};

struct sample sample;
struct matching matching;
struct not_matching not_matching;
callback a_callback;
sample_alias alias;
anonymous_alias anonymous;
struct twice twice;
enum wide wide;
enum colour colour;

// A second type of the same name whose field lies elsewhere.
int scope(void)
{
	struct twice {
		long before;
		int field;
	};
	static struct twice value;

	return value.field++;
}
