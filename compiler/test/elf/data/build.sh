#!/bin/sh
# Rebuilds the committed objects; needs clang-14, clang-19 and bpftool.
set -eu
cd "$(dirname "$0")"
for version in 14 19; do
	clang-$version -target bpf -mcpu=v3 -g -O2 -fdebug-compilation-dir=. \
		-c sample.bpf.c -o sample.clang$version.o
done
other=$(mktemp --suffix=.o)
trap 'rm -f "$other"' EXIT
clang-19 -target bpf -mcpu=v3 -g -O2 -fdebug-compilation-dir=. -c other.bpf.c -o "$other"
bpftool gen object linked.o sample.clang19.o "$other"
