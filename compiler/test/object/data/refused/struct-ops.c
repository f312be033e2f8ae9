// expect: struct_ops: tables of functions that replace parts of the kernel are not supported
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops { void (*init)(void *); char name[16]; };
SEC("struct_ops/init") void init(void *socket) { }
SEC(".struct_ops") struct tcp_congestion_ops mine = { .init = init, .name = "mine" };
