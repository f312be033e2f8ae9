/* Numbers of the kernel's interface that maps share with bpf(2). */
#ifndef BPFTIME_MAPS_TYPES_H
#define BPFTIME_MAPS_TYPES_H

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
};

/* Flags of an update. */
#define BPF_ANY 0u
#define BPF_NOEXIST 1u
#define BPF_EXIST 2u
#define BPF_F_LOCK 4u

/* Flags of a map. */
#define BPF_F_NO_PREALLOC 0x1u
#define BPF_F_NO_COMMON_LRU 0x2u
#define BPF_F_NUMA_NODE 0x4u
#define BPF_F_RDONLY 0x8u
#define BPF_F_WRONLY 0x10u
#define BPF_F_ZERO_SEED 0x40u
#define BPF_F_RDONLY_PROG 0x80u
#define BPF_F_WRONLY_PROG 0x100u
#define BPF_F_MMAPABLE 0x400u
#define BPF_F_PRESERVE_ELEMS 0x800u
#define BPF_F_INNER_MAP 0x1000u

#define BPF_F_ACCESS (BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)

#endif
