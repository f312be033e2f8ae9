#!/bin/sh
# Makes the committed objects and expectations again. Needs clang-19, clang-14, llvm-19, gcc,
# libbpf-dev, and for the expectations the right to load BPF programs.
set -e
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
include=/usr/include/$(gcc -print-multiarch)

compile() { # compiler source object
	"$1" -target bpf -g -O2 -ffile-prefix-map="$PWD"=. -I"$include" -c "$2" -o "$3"
	llvm-strip-19 -g "$3"
}

compile clang-19 core.bpf.c core.o
compile clang-14 core.bpf.c core-14.o
compile clang-19 core-target.c core-target.o
compile clang-19 kinds.bpf.c kinds.o
compile clang-19 registers.bpf.c registers.o

gcc libbpf-oracle.c -o "$scratch/oracle" -lbpf
sed -n 's/^int \([a-z_]*\)(.*/\1/p' core.bpf.c | while read -r program; do
	"$scratch/oracle" core.o core-target.o "$program"
done | sed -n \
	-e "s/.*relo #\([0-9]*\): patched insn #[0-9]* (.*) \(imm\|imm64\|off\|mem_sz\) \([0-9-]*\) -> \([0-9-]*\).*/\1 \2 \3 \4/p" \
	-e "s/.*relo #\([0-9]*\): substituting insn.*/\1 poison/p" \
	-e "s/.*relo #\([0-9]*\): field offset ambiguity.*/\1 ambiguous/p" > core.expected
