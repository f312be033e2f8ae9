/*
 * One source for every competitor: compiled to BPF bytecode for us, to the same bytecode in a program
 * for traffic control for the kernel (-DKERNEL, where its verifier takes the source as it is), and to
 * native code by clang -O3 as the measure.
 *
 * A workload is `uint64_t run(uint8_t *memory, uint64_t size)`; parts/inputs.ts makes its memory.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#ifdef __bpf__
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
#else
#include <stdint.h>
#endif

#define NOINLINE __attribute__((noinline))
#define SECTION(name) __attribute__((section(name), used))

#ifdef __bpf__
/* The definition of a map, as BTF carries it. */
#define __uint(name, value) int (*name)[value]
#define __type(name, value) __typeof__(value) *name
#endif

#if defined(KERNEL)
/*
 * For the kernel the memory is a global of SIZE bytes (a map, to its verifier): bounds of accesses are
 * proved from loops' bounds alone, and no packet could hold it.
 */
#define WORKLOAD static inline __attribute__((always_inline))
WORKLOAD uint64_t run(uint8_t *memory, uint64_t size);
uint8_t memory[SIZE] SECTION(".bss.memory") __attribute__((aligned(64)));
char license_text[] SECTION("license") = "GPL";

SECTION("tc") int kernel(void *context)
{
	return (int)run(memory, SIZE);
}
#elif defined(__bpf__)
#define WORKLOAD SECTION("raw")
#else
#define WORKLOAD __attribute__((visibility("default")))
#endif

#endif
