// expect: the __kconfig extern 'CONFIG_HZ' has a type that no configuration value fits
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct odd { int left, right; };
extern struct odd CONFIG_HZ __kconfig;
SEC("raw") int entry(void *memory)
{
	return CONFIG_HZ.left;
}
