// Relocations of every kind against the types of core-target.c, which differ on purpose.
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define relocated __attribute__((preserve_access_index))

struct inner {
	int first;
	unsigned int second;
} relocated;

enum colour { RED = 1, GREEN = 2, BLUE = 3 };
enum gone_enum { GONE_VALUE = 9 };
enum signed_small { BELOW = -1, ABOVE = 1 };
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0x123456789abcdefULL };

struct sample {
	int plain;
	unsigned int grows;
	unsigned long shrinks;
	int signed_grows;
	struct inner inner;
	struct inner array[4];
	int numbers[8];
	unsigned int bits : 5;
	int signed_bits : 7;
	unsigned long wide_bits : 40;
	enum colour colour;
	enum signed_small small;
	void *pointer;
	char *other_pointer;
	union {
		int in_union;
		struct {
			short deep_a;
			short deep_b;
		};
	};
	int moved_into_anonymous;
	int missing;
	int changes_kind;
	struct inner flexible[];
} relocated;

struct sample___flavour {
	int renamed;
	struct {
		int plain;
	} relocated;
} relocated;

struct sample___first {
	unsigned long long grows;
} relocated;

struct nowhere {
	int field;
} relocated;

struct twice {
	int field;
} relocated;

struct matching {
	int a;
	struct inner *behind;
	enum colour colour;
} relocated;

struct not_matching {
	int a;
	long changed;
} relocated;

typedef int (*callback)(struct sample *, int);
typedef struct sample sample_alias;
typedef struct {
	int anonymous_field;
} anonymous_alias;

volatile unsigned long long out[128];

#define use(slot, value) out[slot] = (unsigned long long)(value)
#define info(field, kind) __builtin_preserve_field_info(field, kind)

SEC("socket")
int fields(struct sample *s)
{
	use(0, s->plain);
	use(1, s->grows);
	use(2, s->shrinks);
	use(3, s->inner.second);
	use(4, s->array[2].second);
	use(5, s->numbers[7]);
	use(6, s->in_union);
	use(7, s->deep_b);
	use(8, s->moved_into_anonymous);
	use(9, s->pointer);
	use(10, s->flexible[3].second);
	use(11, s[2].plain);
	s->grows = 7;
	return 0;
}

SEC("socket")
int sizes(struct sample *s)
{
	use(0, info(s->plain, BPF_FIELD_BYTE_SIZE));
	use(1, info(s->grows, BPF_FIELD_BYTE_SIZE));
	use(2, info(s->numbers, BPF_FIELD_BYTE_SIZE));
	use(3, info(s->numbers[3], BPF_FIELD_BYTE_SIZE));
	use(4, info(s->array[1], BPF_FIELD_BYTE_OFFSET));
	use(5, info(s->inner, BPF_FIELD_BYTE_SIZE));
	use(6, info(s->pointer, BPF_FIELD_BYTE_SIZE));
	use(7, info(s->colour, BPF_FIELD_BYTE_SIZE));
	use(8, info(s->plain, BPF_FIELD_SIGNED));
	use(9, info(s->grows, BPF_FIELD_SIGNED));
	use(10, info(s->small, BPF_FIELD_SIGNED));
	use(11, info(s->plain, BPF_FIELD_LSHIFT_U64));
	use(12, info(s->plain, BPF_FIELD_RSHIFT_U64));
	use(13, info(s->deep_b, BPF_FIELD_LSHIFT_U64));
	return 0;
}

#define bitfield(slot, field)                                                                      \
	use(slot, info(field, BPF_FIELD_BYTE_OFFSET));                                             \
	use(slot + 1, info(field, BPF_FIELD_BYTE_SIZE));                                           \
	use(slot + 2, info(field, BPF_FIELD_SIGNED));                                              \
	use(slot + 3, info(field, BPF_FIELD_LSHIFT_U64));                                          \
	use(slot + 4, info(field, BPF_FIELD_RSHIFT_U64));                                          \
	use(slot + 5, info(field, BPF_FIELD_EXISTS))

SEC("socket")
int bitfields(struct sample *s)
{
	bitfield(0, s->bits);
	bitfield(6, s->signed_bits);
	bitfield(12, s->wide_bits);
	return 0;
}

SEC("socket")
int existence(struct sample *s)
{
	struct sample___flavour *f = (void *)s;
	struct nowhere *n = (void *)s;

	use(0, bpf_core_field_exists(s->plain));
	use(1, bpf_core_field_exists(s->missing));
	use(2, bpf_core_field_exists(s->changes_kind));
	use(3, bpf_core_field_exists(s->moved_into_anonymous));
	use(4, bpf_core_field_exists(s->numbers[7]));
	use(5, bpf_core_field_exists(s->numbers[3]));
	use(6, bpf_core_field_exists(f->renamed));
	use(7, bpf_core_field_exists(n->field));
	use(8, bpf_core_field_exists(s->other_pointer));
	return 0;
}

SEC("socket")
int types(void *ctx)
{
	use(0, bpf_core_type_exists(struct sample));
	use(1, bpf_core_type_exists(struct nowhere));
	use(2, bpf_core_type_exists(struct sample___flavour));
	use(3, bpf_core_type_exists(callback));
	use(4, bpf_core_type_exists(sample_alias));
	use(5, bpf_core_type_exists(anonymous_alias));
	use(6, bpf_core_type_exists(enum colour));
	use(7, bpf_core_type_size(struct sample));
	use(8, bpf_core_type_size(struct nowhere));
	use(9, bpf_core_type_size(enum colour));
	use(10, bpf_core_type_id_local(struct sample));
	use(11, bpf_core_type_id_kernel(struct sample));
	use(12, bpf_core_type_id_kernel(struct nowhere));
	use(13, bpf_core_type_id_kernel(callback));
	use(14, bpf_core_type_exists(enum gone_enum));
	return 0;
}

// Clang 14 does not know this relocation.
#if __clang_major__ >= 15
#define matches(type) __builtin_preserve_type_info(*(type *)0, 2)

SEC("socket")
int type_matches(void *ctx)
{
	use(0, matches(struct matching));
	use(1, matches(struct not_matching));
	use(2, matches(struct nowhere));
	use(3, matches(enum colour));
	use(4, matches(enum gone_enum));
	use(5, matches(callback));
	use(6, matches(struct inner));
	use(7, matches(struct sample));
	return 0;
}
#endif

SEC("socket")
int enumerators(void *ctx)
{
	use(0, bpf_core_enum_value_exists(enum colour, RED));
	use(1, bpf_core_enum_value(enum colour, GREEN));
	use(2, bpf_core_enum_value_exists(enum colour, BLUE));
	use(3, bpf_core_enum_value_exists(enum gone_enum, GONE_VALUE));
	use(4, bpf_core_enum_value(enum signed_small, BELOW));
	use(5, bpf_core_enum_value(enum wide, WIDE_HIGH));
	use(6, bpf_core_enum_value_exists(enum wide, WIDE_LOW));
	return 0;
}

SEC("socket")
int poisoned_enumerator(void *ctx)
{
	return bpf_core_enum_value(enum colour, BLUE);
}

SEC("socket")
int poisoned_missing(struct sample *s)
{
	return s->missing;
}

SEC("socket")
int poisoned_signed(struct sample *s)
{
	return s->signed_grows;
}

SEC("socket")
int poisoned_nowhere(struct nowhere *n)
{
	return n->field;
}

SEC("socket")
int ambiguous(struct twice *t)
{
	return t->field;
}

char _license[] SEC("license") = "GPL";
