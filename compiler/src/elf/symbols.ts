import { ByteReader } from '../base/index.ts';
import { quote } from '../diag/index.ts';
import {
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_NULL,
  SHT_STRTAB,
  SHT_SYMTAB,
} from './constants.ts';
import { elfFailure } from './failure.ts';
import type { NameReader } from './names.ts';
import type { ElfSection, ElfSymbol } from './types.ts';

const SYMBOL_SIZE = 24;

/** The one symbol table of a relocatable object; undefined when it has none. */
export function findSymbolTable(
  sections: readonly ElfSection[],
  file: string,
): ElfSection | undefined {
  const tables = sections.filter((section) => section.type === SHT_SYMTAB);
  if (tables.length > 1) {
    throw elfFailure('BPF-E011', file, `${tables.length} symbol tables, an object has one`);
  }
  return tables[0];
}

/** The symbols of a table; each lies inside its section. */
export function readSymbols(
  table: ElfSection,
  sections: readonly ElfSection[],
  names: NameReader,
  file: string,
): ElfSymbol[] {
  const bad = (message: string) => elfFailure('BPF-E011', file, message, { section: table.name });
  if (table.entrySize !== SYMBOL_SIZE || table.data.length % SYMBOL_SIZE !== 0) {
    throw bad(`symbol table of ${table.size} bytes with entries of ${table.entrySize}`);
  }
  const strings = sections[table.link];
  if (strings?.type !== SHT_STRTAB) {
    throw bad(`section ${table.link} should hold the names of symbols, but is no string table`);
  }
  const reader = new ByteReader(table.data);
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at < table.data.length; at += SYMBOL_SIZE) {
    const index = symbols.length;
    const information = reader.u8(at + 4);
    const symbol: ElfSymbol = {
      index,
      name: names.read(strings.data, reader.u32(at), () => `symbol ${index}`),
      value: Number(reader.u64(at + 8)),
      size: Number(reader.u64(at + 16)),
      type: information & 0xf,
      binding: information >> 4,
      visibility: reader.u8(at + 5) & 3,
      sectionIndex: reader.u16(at + 6),
    };
    const problem = problemOf(symbol, sections);
    if (problem !== undefined) throw bad(`symbol ${index} ${quote(symbol.name)} ${problem}`);
    symbols.push(symbol);
  }
  return symbols;
}

function problemOf(symbol: ElfSymbol, sections: readonly ElfSection[]): string | undefined {
  const { value, size, sectionIndex } = symbol;
  if (sectionIndex === SHN_UNDEF) return undefined;
  if (sectionIndex === SHN_ABS || sectionIndex === SHN_COMMON) {
    return Number.isSafeInteger(value) && Number.isSafeInteger(size)
      ? undefined
      : 'has a value or a size that does not fit 53 bits';
  }
  if (sectionIndex >= SHN_LORESERVE) return `has the reserved section index ${sectionIndex}`;
  const section = sections[sectionIndex];
  if (section === undefined || section.type === SHT_NULL) {
    return `is in section ${sectionIndex}, which does not exist`;
  }
  return value + size > section.size
    ? `lies outside its section ${quote(section.name)}: ${size} bytes at ${value} of ${section.size}`
    : undefined;
}
