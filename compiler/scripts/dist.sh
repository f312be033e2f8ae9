#!/bin/sh
# Packs what running needs, built for this machine's CPU and system, into dist/: unpack and use.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
version=$(node -p 'require("./package.json").version')
name=bpftime-aot-$version-linux-$(uname -m)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
target=$stage/$name
mkdir -p "$target/compiler/addon/build" "$target/runtime-native" dist
cp -r package.json README.md LICENSE targets "$target/"
cp -r compiler/bin compiler/dist compiler/docs "$target/compiler/"
rm -rf "$target/compiler/dist/test" "$target"/compiler/dist/bin/*.map
mkdir -p "$target/compiler/addon/build/Release"
cp compiler/addon/build/Release/*.node "$target/compiler/addon/build/Release/"
cp -r runtime-native/include runtime-native/build "$target/runtime-native/"
for package in llvm-bindings bindings file-uri-to-path; do
	mkdir -p "$target/node_modules/$package"
	(cd "node_modules/$package" && cp -r package.json ./*.js "$target/node_modules/$package/")
done
mkdir -p "$target/node_modules/llvm-bindings/build/Release"
cp node_modules/llvm-bindings/build/Release/llvm-bindings.node "$target/node_modules/llvm-bindings/build/Release/"
tar -C "$stage" --sort=name --owner=0 --group=0 --mtime=@0 -czf "dist/$name.tar.gz" "$name"
echo "dist/$name.tar.gz ($(du -h "dist/$name.tar.gz" | cut -f1))"
