import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { cIdentifier } from '../base/index.ts';

/** The name of an object file as a C identifier: `dir/my-tool.bpf.o` is `my_tool`. */
export function objectName(file: string): string {
  const stem = basename(file).replace(/(\.bpf)?\.o$/, '');
  return stem === '' ? 'object' : cIdentifier(stem);
}

/** SHA-256 of the input in hex. */
export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Longest name of a program, map or variable that is taken: linkers and people have limits. */
const LONGEST_NAME = 1024;

/** Whether a name can stand for a program or map in the symbol table of a native object. */
export function isSymbolName(name: string): boolean {
  return name.length <= LONGEST_NAME && /^[A-Za-z_][A-Za-z0-9_.$]*$/.test(name);
}
