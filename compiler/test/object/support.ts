import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink, Failure } from '../../src/diag/index.ts';
import { type ElfFile, type ElfSymbol, findSection, parseElf } from '../../src/elf/index.ts';
import { type BpfObject, buildObject, type ObjectOptions } from '../../src/object/index.ts';

export const data = join(packageRoot(), 'compiler', 'test', 'object', 'data');

/** The compilers whose objects are committed. */
export const compilers = ['clang14', 'clang19'] as const;

/** The bytes of a committed object, such as `clang19/accepted/maps`. */
export function objectBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(data, `${name}.o`)));
}

export interface Built {
  readonly object: BpfObject;
  readonly sink: CollectingSink;
}

/** Builds an object from bytes. */
export function buildBytes(bytes: Uint8Array, options: ObjectOptions = {}, file = 'test.o'): Built {
  const sink = new CollectingSink();
  return { object: buildObject(parseElf(bytes, file), options, sink), sink };
}

/** Builds a committed object. */
export function build(name: string, options: ObjectOptions = {}): BpfObject {
  return buildBytes(objectBytes(name), options, `${name}.o`).object;
}

/** The failure that a call ends with; anything else fails the test. */
export function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.unreachable('nothing was refused') as never;
}

/** Names, without `.o`, of the committed objects of a folder. */
export function objectNames(folder: string): string[] {
  return readdirSync(join(data, folder))
    .filter((name) => name.endsWith('.o'))
    .map((name) => `${folder}/${name.slice(0, -2)}`)
    .sort();
}

/** Changes to one symbol of an object. */
export interface SymbolEdit {
  readonly value?: number;
  readonly size?: number;
  /** STB_* */
  readonly binding?: number;
  /** STT_* */
  readonly type?: number;
  readonly section?: number;
}

/** A copy of an object with one symbol changed. */
export function withSymbol(bytes: Uint8Array, name: string, edit: SymbolEdit): Uint8Array {
  const elf = parseElf(bytes, 'edited.o');
  const symbol = elf.symbols.find((candidate) => candidate.name === name) as ElfSymbol;
  const table = findSection(elf, '.symtab')!;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const at = table.offset + symbol.index * 24;
  if (edit.value !== undefined) view.setBigUint64(at + 8, BigInt(edit.value), true);
  if (edit.size !== undefined) view.setBigUint64(at + 16, BigInt(edit.size), true);
  const binding = edit.binding ?? symbol.binding;
  view.setUint8(at + 4, (binding << 4) | (edit.type ?? symbol.type));
  if (edit.section !== undefined) view.setUint16(at + 6, edit.section, true);
  return copy;
}

/** A copy of an object with bytes of one section replaced. */
export function withBytes(
  bytes: Uint8Array,
  section: string,
  offset: number,
  hex: string,
): Uint8Array {
  const elf: ElfFile = parseElf(bytes, 'edited.o');
  const copy = bytes.slice();
  copy.set(Buffer.from(hex, 'hex'), findSection(elf, section)!.offset + offset);
  return copy;
}
