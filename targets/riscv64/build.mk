# How the runtime is built for riscv64: RV64GC with the lp64d ABI of every Linux distribution. There is
# no switch for "general registers only" that keeps that ABI; -mno-implicit-float has the same effect
# for sources without floating point (compilers that lack it there ignore it). Linker relaxation is
# off, so that objects do not depend on gp.
TRIPLE := riscv64-linux-gnu
TARGET_CFLAGS := -march=rv64gc -mabi=lp64d -mno-implicit-float -mno-relax -Qunused-arguments
EMULATION := elf64lriscv
QEMU := qemu-riscv64
