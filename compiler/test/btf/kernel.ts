import { existsSync, readFileSync } from 'node:fs';
import { type Btf, loadTargetBtf } from '../../src/btf/index.ts';

const PATH = '/sys/kernel/btf/vmlinux';

/** Bytes of this kernel's BTF; undefined, with a line about it, when it has none. */
export function vmlinuxBytes(): Uint8Array | undefined {
  if (existsSync(PATH)) return readFileSync(PATH);
  console.log(`skip: this kernel has no ${PATH}`);
  return undefined;
}

/** BTF of this kernel; undefined, with a line about it, when it has none. */
export function vmlinux(): Btf | undefined {
  const bytes = vmlinuxBytes();
  return bytes === undefined ? undefined : loadTargetBtf(bytes, PATH);
}
