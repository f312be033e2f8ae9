/*
 * One source for every competitor: compiled to BPF bytecode for us (and for the kernel, where its
 * verifier takes it), and to native code by clang -O3 as the measure.
 *
 * A workload is `uint64_t run(uint8_t *memory, uint64_t size)`, the memory made by inputs.ts.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef int int32_t;

#define NOINLINE __attribute__((noinline))
#define UNROLL _Pragma("clang loop unroll(full)")

#ifdef __bpf__
#define WORKLOAD __attribute__((section("raw"), used))
#else
#define WORKLOAD __attribute__((visibility("default")))
#endif

#endif
