#!/bin/sh
# Puts a link to the built tool below PREFIX: install.sh PREFIX
set -eu
prefix=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$prefix/bin" || { echo "install: cannot write $prefix/bin: choose another PREFIX" >&2; exit 1; }
ln -sf "$root/compiler/bin/bpftime-aot" "$prefix/bin/bpftime-aot"
echo "installed $prefix/bin/bpftime-aot (a link into this checkout)"
