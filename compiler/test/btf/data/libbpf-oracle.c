/* Lets libbpf relocate one program of an object for a given BTF, and prints what it says. */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int show(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	return vprintf(format, arguments);
}

/* usage: libbpf-oracle OBJECT TARGET PROGRAM */
int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = argc > 2 ? argv[2] : NULL);
	struct bpf_object *object;
	struct bpf_program *program;

	if (argc != 4)
		return 2;
	libbpf_set_print(show);
	object = bpf_object__open_file(argv[1], &options);
	if (!object)
		return 1;
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), argv[3]));
	/* Whether the kernel takes the program does not matter. */
	bpf_object__load(object);
	return 0;
}
