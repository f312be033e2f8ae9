import { ByteReader } from '../base/index.ts';
import { withinFile } from './failure.ts';
import { readHeader, requireBpfObject } from './header.ts';
import { NameReader } from './names.ts';
import { readRelocations } from './relocations.ts';
import { readSections } from './sections.ts';
import { findSymbolTable, readSymbols } from './symbols.ts';
import type { ElfFile, ElfSection, ElfSymbol } from './types.ts';

/** Reads a relocatable BPF object; anything else, or anything wrong in it, is a `Failure`. */
export function parseElf(bytes: Uint8Array, file: string): ElfFile {
  return withinFile(file, () => {
    const reader = new ByteReader(bytes);
    const header = readHeader(reader, file);
    requireBpfObject(header, file);
    const names = new NameReader(file, bytes.length);
    const sections = readSections(reader, header, names, file);
    const table = findSymbolTable(sections, file);
    const symbols = table === undefined ? [] : readSymbols(table, sections, names, file);
    const relocations = readRelocations(sections, table, symbols, file);
    return { file, bytes, machine: header.machine, sections, symbols, relocations };
  });
}

/** The first section of that name. */
export function findSection(elf: ElfFile, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name);
}

const symbolsBySection = new WeakMap<ElfFile, Map<number, ElfSymbol[]>>();

/** The symbols defined in a section, by value and, where that is equal, in the order of the table. */
export function sectionSymbols(elf: ElfFile, sectionIndex: number): readonly ElfSymbol[] {
  let bySection = symbolsBySection.get(elf);
  if (bySection === undefined) {
    bySection = new Map();
    for (const symbol of elf.symbols) {
      const list = bySection.get(symbol.sectionIndex);
      if (list === undefined) bySection.set(symbol.sectionIndex, [symbol]);
      else list.push(symbol);
    }
    for (const list of bySection.values()) list.sort((left, right) => left.value - right.value);
    symbolsBySection.set(elf, bySection);
  }
  return bySection.get(sectionIndex) ?? [];
}
