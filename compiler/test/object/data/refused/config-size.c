// expect: the extern 'CONFIG_LONG' has a type of 5000 bytes
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern char CONFIG_LONG[5000] __kconfig;

SEC("raw") int entry(void *memory)
{
	return CONFIG_LONG[0];
}
