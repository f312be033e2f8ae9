// Contexts whose types carry CO-RE relocations, as vmlinux.h makes them: their layouts are known.
#define RELOCATED __attribute__((preserve_access_index))

struct __sk_buff { unsigned len, pkt_type, mark; } RELOCATED;
struct xdp_md { unsigned data, data_end; } RELOCATED;
struct bpf_raw_tracepoint_args { unsigned long long args[2]; } RELOCATED;
struct trace_event_raw_sys_enter { long id, unused; unsigned long args[6]; } RELOCATED;

__attribute__((section("tc"))) int packet(struct __sk_buff *context)
{
	return context->mark;
}

__attribute__((section("xdp"))) int frame(struct xdp_md *context)
{
	return context->data_end != 0;
}

__attribute__((section("raw_tp"))) int raw_point(struct bpf_raw_tracepoint_args *context)
{
	return context->args[1] != 0;
}

__attribute__((section("tp/syscalls/sys_enter_read"))) int point(struct trace_event_raw_sys_enter *context)
{
	return context->args[2] != 0;
}
