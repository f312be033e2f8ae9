#!/bin/sh
# The main job on real input: one BPF object becomes native code for three CPUs and runs on each.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
tool=compiler/bin/bpftime-aot
out=fixtures/build/demo
mkdir -p "$out"

echo
echo "A packet filter and a text parser, as clang -target bpf compiled them:"
$tool inspect fixtures/obj/clang19-v3/strings.bpf.o
echo
frame="ffffffffffff 001122334455 0800 4500 0028 0000 0000 4006 0000 7f000001 7f000001 1f90 0050 00000000 00000000 5000 0000 0000 0000"
for target in x86-64 arm64 riscv64; do
	$tool build fixtures/obj/clang19-v3/packet.bpf.o --target $target -o $out/packet.$target.o 2>/dev/null
	verdict=$($tool run fixtures/obj/clang19-v3/packet.bpf.o "$frame" --target $target 2>/dev/null)
	words=$($tool run fixtures/obj/clang19-v3/strings.bpf.o "$(printf 'GET /items/42 HTTP/1.1' | od -An -v -tx1 | tr -d '\n')" --target $target 2>/dev/null)
	printf '%-8s %6d bytes of object   packet filter: %s (XDP_PASS is 0x2)   text parser: %s\n' \
		$target "$(wc -c <$out/packet.$target.o)" "$verdict" "$words"
done
echo
echo "The same bytecode gave the same results on three CPUs. The objects are in $out;"
echo "look inside with:  $tool build fixtures/obj/clang19-v3/packet.bpf.o --target riscv64 -S -o -"
