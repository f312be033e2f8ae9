#!/bin/sh
# Installs what building and testing needs: Debian packages, Node if it is missing or old, the npm
# packages, and the LLVM bindings (compiled here, 2 to 6 minutes the first time). Safe to run again:
# a finished step is skipped.
# usage: setup.sh [build|test]    `test` adds what only the tests need (emulators, gdb, an old clang)
set -eu
what=${1:-build}
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: error: $*" >&2; exit 3; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null 2>&1; then sudo "$@"
	else fail "need root for: $* (run it as root, then run this again)"; fi
}

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }
available() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

command -v apt-get >/dev/null 2>&1 || fail "this script knows apt only; see README.md for the list of packages"

# The newest LLVM from 19 down to 14 for our own code generator; llvm-bindings needs exactly 14.
newest_llvm() {
	for version in 19 18 17 16 15 14; do
		if installed "llvm-$version-dev" || available "llvm-$version-dev"; then echo "$version"; return; fi
	done
}

version=$(newest_llvm)
if [ -z "$version" ]; then
	as_root apt-get update -q
	version=$(newest_llvm)
	[ -n "$version" ] || fail "no llvm-14-dev to llvm-19-dev among the packages of this system"
fi

packages="ca-certificates curl make g++ cmake ninja-build python3
 llvm-14-dev zlib1g-dev libzstd-dev libxml2-dev libffi-dev libtinfo-dev
 llvm-$version-dev llvm-$version clang-$version lld-$version qemu-user libbpf-dev"
if [ "$what" = test ]; then
	packages="$packages clang-14 gdb binutils gcc libc6-dev-arm64-cross libc6-dev-riscv64-cross"
	# bpftool is a package of its own on Debian, a part of the kernel's tools on Ubuntu.
	if available bpftool; then packages="$packages bpftool"; fi
fi

missing=
for package in $packages; do installed "$package" || missing="$missing $package"; done
if [ -n "$missing" ]; then
	say "installing packages:$missing"
	as_root apt-get update -q >/dev/null
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/tmp/bpftime-aot-setup.$$ 2>&1 ||
		{ tail -20 "/tmp/bpftime-aot-setup.$$" >&2; rm -f "/tmp/bpftime-aot-setup.$$"; fail "apt-get install failed; the last lines are above"; }
	rm -f "/tmp/bpftime-aot-setup.$$"
fi

# Node: any 20.19 or newer that is on the path; else a copy of our own below .node/.
new_enough() {
	"$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' 2>/dev/null
}
PATH="$root/.node/bin:$PATH"
export PATH
if ! new_enough node; then
	case $(uname -m) in
	x86_64) cpu=x64 ;;
	aarch64) cpu=arm64 ;;
	*) fail "no Node >= 20.19 on this $(uname -m) machine: install it by hand" ;;
	esac
	if ! command -v npm >/dev/null 2>&1; then
		say "installing npm"
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends npm >/dev/null
	fi
	say "installing Node 20 in .node/"
	mkdir -p .node
	(cd .node && echo '{"private":true}' >package.json &&
		npm install --loglevel=error --no-audit --no-fund --ignore-scripts "node-linux-$cpu@20" "npm@11" >/dev/null)
	mkdir -p .node/bin
	ln -sf "../node_modules/node-linux-$cpu/bin/node" .node/bin/node
	ln -sf ../node_modules/npm/bin/npm-cli.js .node/bin/npm
	ln -sf ../node_modules/npm/bin/npx-cli.js .node/bin/npx
	hash -r # the shell remembers where the old one was
	new_enough node || fail "the Node below .node/ does not run"
fi

if [ ! -e node_modules/.bpftime-installed ] || ! cmp -s package-lock.json node_modules/.bpftime-installed; then
	say "installing npm packages"
	# Not `npm ci`: it fails where a registry mirror lacks packages that only other systems need.
	npm install --no-save --loglevel=error --no-audit --no-fund --ignore-scripts >/dev/null
	cp package-lock.json node_modules/.bpftime-installed
fi

# Headers that lie beside node spare the download that node-gyp and cmake-js would make.
real=$(readlink -f "$(command -v node)")
prefix=$(dirname "$(dirname "$real")")
if [ -e "$prefix/include/node/node_api.h" ]; then
	npm_config_nodedir=$prefix
	export npm_config_nodedir
fi

if [ ! -e node_modules/llvm-bindings/build/Release/llvm-bindings.node ]; then
	say "compiling llvm-bindings against LLVM 14 (a few minutes, once)"
	log=$(mktemp)
	# All of LLVM is inside: hiding its symbols and packing its relocations halves the time to load it.
	LDFLAGS="-Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,--gc-sections -Wl,-s"
	if [ -x "/usr/lib/llvm-$version/bin/ld.lld" ]; then LDFLAGS="$LDFLAGS -B/usr/lib/llvm-$version/bin -fuse-ld=lld"; fi
	# Packed relocations need glibc 2.36.
	if printf '%s\n' 2.36 "$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)" | sort -CV; then
		LDFLAGS="$LDFLAGS -Wl,-z,pack-relative-relocs"
	fi
	export LDFLAGS
	# Its build looks for cmake-js on the path.
	if ! (cd node_modules/llvm-bindings && PATH="$root/node_modules/.bin:$PATH" cmake-js compile) >"$log" 2>&1; then
		tail -30 "$log" >&2
		fail "llvm-bindings did not compile; the whole log is $log"
	fi
	rm -f "$log"
fi
say "ready (LLVM $version, node $(node --version))"
