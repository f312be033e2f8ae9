import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';

/** Path of a file of test data. */
export function dataFile(name: string): string {
  return join(packageRoot(), 'compiler', 'test', 'btf', 'data', name);
}

/** The sections of an ELF file of the test data by name; it is known to be well-formed. */
export function sectionsOf(name: string): ReadonlyMap<string, Uint8Array> {
  const file = readFileSync(dataFile(name));
  const table = Number(file.readBigUInt64LE(40));
  const header = (index: number): Buffer => file.subarray(table + index * 64);
  const bytes = (index: number): Buffer => {
    const start = Number(header(index).readBigUInt64LE(24));
    return file.subarray(start, start + Number(header(index).readBigUInt64LE(32)));
  };
  const names = bytes(file.readUInt16LE(62));
  const sections = new Map<string, Uint8Array>();
  for (let index = 1; index < file.readUInt16LE(60); index += 1) {
    const at = header(index).readUInt32LE(0);
    const text = names.toString('latin1', at, names.indexOf(0, at));
    // Copies, so that a read outside the section is a read outside the array.
    sections.set(text, new Uint8Array(bytes(index)));
  }
  return sections;
}
