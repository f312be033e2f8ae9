// The register file of an arm64 tracing program.
struct user_pt_regs {
	unsigned long regs[31], sp, pc, pstate;
} __attribute__((preserve_access_index));

__attribute__((section("uprobe"))) long first(struct pt_regs *context)
{
	return ((const struct user_pt_regs *)context)->regs[0];
}
