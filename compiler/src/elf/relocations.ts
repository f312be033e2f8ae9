import { ByteReader } from '../base/index.ts';
import { quote } from '../diag/index.ts';
import {
  R_BPF_64_32,
  R_BPF_64_64,
  R_BPF_64_ABS32,
  R_BPF_64_ABS64,
  R_BPF_64_NODYLD32,
  R_BPF_NONE,
  SHF_COMPRESSED,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
} from './constants.ts';
import { elfFailure } from './failure.ts';
import type { ElfRelocation, ElfSection, ElfSymbol } from './types.ts';

/** How many bytes from its offset a relocation touches: whole instructions where it is about code. */
const EXTENT: ReadonlyMap<number, number> = new Map([
  [R_BPF_64_64, 16],
  [R_BPF_64_ABS64, 8],
  [R_BPF_64_ABS32, 4],
  [R_BPF_64_NODYLD32, 4],
  [R_BPF_64_32, 8],
]);

/** All relocations of an object by the section they apply to, each inside that section. */
export function readRelocations(
  sections: readonly ElfSection[],
  symbolTable: ElfSection | undefined,
  symbols: readonly ElfSymbol[],
  file: string,
): Map<number, ElfRelocation[]> {
  const bySection = new Map<number, ElfRelocation[]>();
  for (const table of sections) {
    if (table.type !== SHT_REL && table.type !== SHT_RELA) continue;
    const target = relocatedSection(table, sections, symbolTable, file);
    // Offsets count in what the compressed contents would expand to.
    if ((target.flags & SHF_COMPRESSED) !== 0) continue;
    const list = bySection.get(target.index) ?? [];
    bySection.set(target.index, list);
    readTable(table, target, symbols, file, list);
  }
  for (const list of bySection.values()) list.sort((left, right) => left.offset - right.offset);
  return bySection;
}

function relocatedSection(
  table: ElfSection,
  sections: readonly ElfSection[],
  symbolTable: ElfSection | undefined,
  file: string,
): ElfSection {
  const bad = (message: string) => elfFailure('BPF-E012', file, message, { section: table.name });
  const target = sections[table.info];
  if (target === undefined || target.type === SHT_NULL || target.type === SHT_NOBITS) {
    throw bad(`relocations for section ${table.info}, which has no contents`);
  }
  if (symbolTable === undefined || table.link !== symbolTable.index) {
    throw bad(`relocations name section ${table.link} as their symbol table, which it is not`);
  }
  const expected = table.type === SHT_RELA ? 24 : 16;
  if (table.entrySize !== expected || table.data.length % expected !== 0) {
    throw bad(`relocations of ${table.size} bytes with entries of ${table.entrySize}`);
  }
  return target;
}

function readTable(
  table: ElfSection,
  target: ElfSection,
  symbols: readonly ElfSymbol[],
  file: string,
  list: ElfRelocation[],
): void {
  const reader = new ByteReader(table.data);
  for (let at = 0; at < table.data.length; at += table.entrySize) {
    const offset = Number(reader.u64(at));
    const type = reader.u32(at + 8);
    const symbolIndex = reader.u32(at + 12);
    if (type === R_BPF_NONE) continue;
    const bad = (message: string) =>
      elfFailure('BPF-E012', file, message, { section: target.name, offset });
    const extent = EXTENT.get(type);
    if (extent === undefined) throw bad(`unknown relocation type ${type}`);
    if (offset + extent > target.size) {
      throw bad(`relocation outside section ${quote(target.name)} of ${target.size} bytes`);
    }
    const symbol = symbols[symbolIndex];
    if (symbol === undefined) {
      throw bad(`relocation against symbol ${symbolIndex}, but there are ${symbols.length}`);
    }
    // clang keeps addends in place. An explicit one would replace what is in place, and no BPF
    // toolchain writes any other than zero.
    if (table.type === SHT_RELA && reader.u64(at + 16) !== 0n) {
      throw bad('relocation with an explicit addend (SHT_RELA), which is not supported');
    }
    list.push({ offset, type, symbol });
  }
}
