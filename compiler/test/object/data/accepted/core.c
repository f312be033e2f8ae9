// CO-RE: types of the kernel, of the ABI, and one that no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct task_struct___none {
	int no_such_member;
} __attribute__((preserve_access_index));

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
} __attribute__((preserve_access_index));

SEC("uprobe")
int probe(struct pt_regs *registers)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___none *none = (void *)task;
	int value = 0;

	if (bpf_core_field_exists(none->no_such_member))
		bpf_core_read(&value, sizeof(value), &none->no_such_member);
	else
		bpf_core_read(&value, sizeof(value), &task->tgid);
	return value + registers->di;
}
