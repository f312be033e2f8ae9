# How the runtime is built for x86-64: the baseline CPU, general registers only, because the runtime
# runs inside probes, where vector state belongs to the program that was interrupted.
TRIPLE := x86_64-linux-gnu
TARGET_CFLAGS := -march=x86-64 -mgeneral-regs-only -fcf-protection=none
EMULATION := elf_x86_64
QEMU := qemu-x86_64
