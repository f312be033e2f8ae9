/*
 * The ABI of a compiled object: what bpftime-aot writes and what the runtime, or a program of the
 * user's own that supplies the helpers, reads. Freestanding; C11 and C++.
 *
 * For an object NAME (the file's stem as a C identifier) the compiler emits:
 *   - for each program P the function NAME__P, and P as a weak alias of it:
 *         uint64_t P(void *context);             raw-memory programs: (void *memory, uint64_t size)
 *     (no alias when P is a name of the C library or of a helper: it would take that one's place);
 *   - for each map M the variable `struct bpftime_map NAME__M`;
 *   - for each helper used an undefined symbol under its kernel name (bpf_map_lookup_elem, ...), a
 *     function of up to five uint64_t-sized arguments that returns uint64_t;
 *     Where map operations are inlined (not with --helpers extern), large values are copied by
 *     functions too: bpftime_memcpy, bpftime_memmove and bpftime_memset in probes; memcpy, memmove
 *     and memset in programs that may use vector registers. libbpftime.a has the helpers and the
 *     former; the latter are the C library's, or freestanding.o's where there is none;
 *   - `const struct bpftime_object NAME__object`, and a pointer to it in section `bpftime_objects`,
 *     so that a linked program finds every object between __start_bpftime_objects and
 *     __stop_bpftime_objects.
 */
#ifndef BPFTIME_OBJECT_H
#define BPFTIME_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BPFTIME_OBJECT_MAGIC 0x4a424f454d495442ull /* "BTIMEOBJ" in memory */
#define BPFTIME_OBJECT_VERSION 1u

/* How a program is called, and what its context is. */
enum bpftime_program_kind {
	BPFTIME_PROGRAM_KPROBE = 1,         /* struct pt_regs of the target CPU */
	BPFTIME_PROGRAM_TRACEPOINT = 2,     /* the tracepoint's record */
	BPFTIME_PROGRAM_RAW_TRACEPOINT = 3, /* array of uint64_t */
	BPFTIME_PROGRAM_PERF_EVENT = 4,     /* struct bpf_perf_event_data */
	BPFTIME_PROGRAM_XDP = 5,            /* struct bpftime_packet */
	BPFTIME_PROGRAM_SOCKET_FILTER = 6,  /* struct bpftime_packet */
	BPFTIME_PROGRAM_TC = 7,             /* struct bpftime_packet */
	BPFTIME_PROGRAM_RAW = 8,            /* memory and its size, two arguments */
};

enum bpftime_verdict {
	BPFTIME_VERDICT_SKIPPED = 0,  /* built with --no-verify */
	BPFTIME_VERDICT_PROVED = 1,   /* safe on every path */
};

/*
 * A map as programs see it: helpers take its address. `memory` and `state` belong to the runtime that
 * opened the map; everything else is the definition, in the units of the kernel's bpf_map_create.
 * Programs compiled with inlined map operations read `memory` (see inline/).
 */
struct bpftime_map {
	void *memory;         /* element storage; NULL until opened, the data itself for data sections */
	void *state;          /* the runtime's own */
	const char *name;
	const struct bpftime_map *inner; /* definition of inner maps, NULL when none */
	uint64_t extra;       /* map_extra */
	uint32_t type;        /* BPF_MAP_TYPE_* */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;       /* BPF_F_* */
	uint32_t pinning;     /* LIBBPF_PIN_* */
	uint32_t id;          /* position in the object's table */
	uint32_t reserved;
};

/* Initial element of an array of maps or of programs. */
struct bpftime_initial_slot {
	uint32_t map;         /* position in the table of maps */
	uint32_t key;
	const void *value;    /* struct bpftime_map * or a program's function */
};

struct bpftime_program {
	const char *name;
	const char *section;  /* SEC() as written */
	uint64_t (*function)(void *context);
	uint32_t kind;        /* enum bpftime_program_kind */
	uint32_t flags;       /* BPFTIME_PROGRAM_* flags below */
};

#define BPFTIME_PROGRAM_OPTIONAL 1u  /* `?` in SEC(): not attached by default */
#define BPFTIME_PROGRAM_SLEEPABLE 2u

struct bpftime_object {
	uint64_t magic;
	uint32_t version;
	uint32_t size;        /* sizeof(struct bpftime_object) of the writer */
	const char *name;
	const char *license;
	const char *target;   /* "x86-64", "arm64", "riscv64" */
	uint8_t hash[32];     /* SHA-256 of the BPF object */
	uint32_t verdict;     /* enum bpftime_verdict */
	uint32_t program_count;
	uint32_t map_count;
	uint32_t initial_count;
	const struct bpftime_program *programs;
	struct bpftime_map *const *maps;
	const struct bpftime_initial_slot *initial;
};

/*
 * The context of packet programs (xdp, socket filter, tc): fields of struct xdp_md and struct
 * __sk_buff are mapped to it by name. A field that is not here is refused at build time.
 */
struct bpftime_packet {
	void *data;
	void *data_end;
	void *data_meta;
	uint32_t length;
	uint32_t interface_index;
	uint32_t receive_queue;
	uint32_t protocol;    /* big-endian ethertype, as in __sk_buff */
	uint32_t mark;
	uint32_t priority;
	uint32_t hash;
	uint32_t egress_interface_index;
	uint32_t control_block[5];
	uint32_t packet_type;
	uint32_t queue_mapping;
	uint32_t vlan_present;
	uint32_t vlan_tci;
	uint32_t vlan_protocol;
	uint32_t traffic_class_index;
	uint32_t traffic_class_classid;
};

#ifdef __cplusplus
}
#endif

#endif
