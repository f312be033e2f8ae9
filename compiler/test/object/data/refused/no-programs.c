// expect: the object has no programs
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int only_data = 3;
