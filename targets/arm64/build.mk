# How the runtime is built for arm64: ARMv8.0, general registers only, because the runtime runs inside
# probes, where vector state belongs to the program that was interrupted. Atomics are inline (load and
# store exclusive): out-of-line ones would need a compiler library.
TRIPLE := aarch64-linux-gnu
TARGET_CFLAGS := -march=armv8-a -mgeneral-regs-only -mno-outline-atomics
EMULATION := aarch64linux
QEMU := qemu-aarch64
