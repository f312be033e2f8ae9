// CO-RE reads of user-space registers, whose layout is no business of the target's BTF.
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define relocated __attribute__((preserve_access_index))

struct pt_regs {
	unsigned long before[14];
	unsigned long di;
} relocated;

struct user_pt_regs {
	unsigned long regs[31];
} relocated;

struct user_regs_struct {
	unsigned long before[10];
	unsigned long a0;
} relocated;

struct pt_regs___arm64 {
	unsigned long orig_x0;
} relocated;

struct pt_regs___again {
	unsigned long before[14];
} relocated;

SEC("uprobe")
int registers(void *context)
{
	return ((struct pt_regs *)context)->di + ((struct user_pt_regs *)context)->regs[1] +
	       ((struct user_regs_struct *)context)->a0 +
	       ((struct pt_regs___arm64 *)context)->orig_x0 +
	       ((struct pt_regs___again *)context)->before[13];
}

char _license[] SEC("license") = "GPL";
