// The register file of a riscv64 tracing program.
struct user_regs_struct {
	unsigned long pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1;
} __attribute__((preserve_access_index));

__attribute__((section("uprobe"))) long first(struct pt_regs *context)
{
	return ((const struct user_regs_struct *)context)->a0;
}
