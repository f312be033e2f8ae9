// expect: the __kconfig extern 'CONFIG_HZ' has no value
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int CONFIG_HZ __kconfig;
SEC("raw") int entry(void *memory)
{
	return CONFIG_HZ;
}
