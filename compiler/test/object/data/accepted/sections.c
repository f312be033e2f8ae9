// Programs of many kinds, several in one section, optional and sleepable ones.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PROGRAM(name, section) \
	SEC(section) int name(void *context) { return context != 0; }

PROGRAM(plain_uprobe, "uprobe")
PROGRAM(malloc_entry, "uprobe//usr/lib/libc.so.6:malloc+4")
PROGRAM(malloc_return, "uretprobe.s/libc.so.6:malloc")
PROGRAM(many, "uprobe.multi/libc.so.6:str*")
PROGRAM(session, "uprobe.session/libc.so.6:free")
PROGRAM(kernel_probe, "kprobe/do_unlinkat")
PROGRAM(system_call, "ksyscall/openat")
PROGRAM(marker, "usdt/./app:provider:name")
PROGRAM(optional_point, "?tracepoint/syscalls/sys_enter_openat")
PROGRAM(short_point, "tp/sched/sched_switch")
PROGRAM(raw_point, "raw_tp.w/sys_enter")
PROGRAM(event, "perf_event")
PROGRAM(frags, "xdp.frags")
PROGRAM(devmap, "xdp/devmap")
PROGRAM(old_xdp, "xdp_pass")
PROGRAM(filter, "socket")
PROGRAM(ingress, "tcx/ingress")
PROGRAM(classify, "classifier/inner")
PROGRAM(embedded, "raw/checksum")
PROGRAM(first_shared, "action")
PROGRAM(second_shared, "action")
PROGRAM(kernel_entry, "fentry.s/do_unlinkat")
PROGRAM(walker, "iter/task")
PROGRAM(connect, "cgroup/connect4")
PROGRAM(call_me, "syscall")

char LICENSE[] SEC("license") = "Dual MIT/GPL";
__u32 _version SEC("version") = 0x60100;
