// Kernel configuration of every type, weak kernel symbols and functions.
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

extern bool CONFIG_BOOL __kconfig;
extern enum libbpf_tristate CONFIG_MODULE __kconfig;
extern char CONFIG_LETTER __kconfig;
extern int CONFIG_NEGATIVE __kconfig;
extern unsigned long CONFIG_LARGE __kconfig;
extern unsigned short CONFIG_SHORT __kconfig;
extern const char CONFIG_TEXT[8] __kconfig;
extern int CONFIG_MISSING __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig __weak;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig __weak;

extern const int absent_symbol __ksym __weak;
extern int absent_function(int) __ksym __weak;

SEC("raw")
long all(void)
{
	long result = CONFIG_BOOL + CONFIG_MODULE + CONFIG_LETTER + CONFIG_NEGATIVE + CONFIG_LARGE +
		      CONFIG_SHORT + CONFIG_TEXT[0] + CONFIG_MISSING + LINUX_KERNEL_VERSION +
		      LINUX_HAS_BPF_COOKIE + LINUX_HAS_SYSCALL_WRAPPER;
	if (&absent_symbol)
		result += 1;
	if (absent_function)
		result += absent_function(3);
	return result;
}
