import type { Btf } from '../btf/index.ts';
import { Failure, type Place, quote } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfRelocation,
  type ElfSection,
  R_BPF_64_64,
  R_BPF_64_ABS64,
  SHT_NOBITS,
} from '../elf/index.ts';
import { readLegacyMaps } from './legacy-maps.ts';
import { type MapDefinition, readMapDefinition } from './map-definition.ts';
import { isSymbolName } from './names.ts';
import type { BpfMap } from './types.ts';
import { symbolsByName } from './variables.ts';

/** A map with its place in an ELF section. */
export interface FoundMap {
  readonly section: number;
  readonly offset: number;
  readonly definition: MapDefinition;
}

/** The maps of an object; their index is their position. */
export interface MapTable {
  readonly found: readonly FoundMap[];
  /** Index of the map defined at a byte of a section. */
  at(section: number, offset: number): number | undefined;
  /** Whether a section defines maps. */
  isMapSection(section: number): boolean;
}

/** Finds the maps of `.maps` and of legacy `maps` sections, in order of section and offset. */
export function findMaps(elf: ElfFile, btf: Btf | undefined): MapTable {
  const found: FoundMap[] = [];
  const sections = elf.sections.filter(
    ({ name, size }) => size > 0 && (name === '.maps' || name === 'maps'),
  );
  refuseSeveral(sections, elf);
  for (const section of sections) {
    if (section.type === SHT_NOBITS && section.name === 'maps') {
      throw new Failure({
        code: 'BPF-O053',
        message: `section ${quote(section.name)} has no contents`,
        place: { file: elf.file, section: section.name },
      });
    }
    const maps =
      section.name === 'maps' ? readLegacyMaps(elf, section, btf) : readBtfMaps(elf, section, btf);
    for (const map of maps) found.push(map);
  }
  checkNames(found, elf);
  const byPlace = new Map(
    found.map(({ section, offset }, index) => [`${section}:${offset}`, index]),
  );
  const mapSections = new Set(sections.map((section) => section.index));
  return {
    found,
    at: (section, offset) => byPlace.get(`${section}:${offset}`),
    isMapSection: (section) => mapSections.has(section),
  };
}

/** BTF and code know map sections by name. */
function refuseSeveral(sections: readonly ElfSection[], elf: ElfFile): void {
  const names = new Set<string>();
  for (const { name } of sections) {
    if (names.has(name)) {
      throw new Failure({
        code: 'BPF-O053',
        message: `two sections that define maps have the name ${quote(name)}`,
        place: { file: elf.file, section: name },
      });
    }
    names.add(name);
  }
}

function checkNames(found: readonly FoundMap[], elf: ElfFile): void {
  const names = new Set<string>();
  found.forEach(({ definition, section, offset }, index) => {
    const { name } = definition.map;
    const bad = (message: string): Failure =>
      new Failure({
        code: 'BPF-O054',
        message,
        place: { file: elf.file, section: elf.sections[section]!.name, offset },
      });
    if (!isSymbolName(name)) throw bad(`the map name ${quote(name)} is no C identifier`);
    if (names.has(name)) throw bad(`two maps have the name ${quote(name)}`);
    names.add(name);
    const before = found[index - 1];
    if (before?.section === section && before.offset === offset) {
      throw bad(
        `the maps ${quote(before.definition.map.name)} and ${quote(name)} are at one place`,
      );
    }
  });
}

function readBtfMaps(elf: ElfFile, section: ElfSection, btf: Btf | undefined): FoundMap[] {
  const place: Place = { file: elf.file, section: section.name };
  const id = btf?.find(section.name, 'data_section');
  const dataSection = id === undefined ? undefined : btf?.type(id);
  if (btf === undefined || dataSection?.kind !== 'data_section') {
    throw new Failure({
      code: 'BPF-O055',
      message: 'the object defines maps in .maps, but has no BTF that describes them',
      place,
      help: 'compile it with -g, and do not strip .BTF',
    });
  }
  const symbols = symbolsByName(elf, section);
  const found: FoundMap[] = [];
  for (const entry of dataSection.variables) {
    const variable = btf.type(entry.type);
    if (variable.kind !== 'variable' || variable.linkage === 'extern') continue;
    const symbol = symbols.get(variable.name);
    const offset = symbol === undefined || symbol === 'several' ? entry.offset : symbol.value;
    const where: Place = { ...place, offset };
    if (offset + entry.size > section.size) {
      throw new Failure({
        code: 'BPF-O054',
        message: `BTF places the map ${quote(variable.name)} outside its section`,
        place: where,
      });
    }
    const definition = readMapDefinition(btf, variable.name, variable.type, where);
    found.push({ section: section.index, offset, definition });
  }
  return found.sort((left, right) => left.offset - right.offset);
}

/** Gives maps their indices and initial slots; `entryAt` names the program function at a code byte. */
export function buildMaps(
  elf: ElfFile,
  table: MapTable,
  entryAt: (section: number, offset: number) => number | undefined,
): BpfMap[] {
  const initial = table.found.map((): BpfMap['initial'][number][] => []);
  const sections = new Set(table.found.map(({ section }) => section));
  for (const section of sections) {
    for (const relocation of elf.relocations.get(section) ?? []) {
      const index = holderOf(table.found, section, relocation.offset);
      const slot = slotOf(elf, table, section, relocation, index, entryAt);
      initial[slot.holder]!.push(slot.entry);
    }
  }
  return table.found.map(({ definition }, index) => ({
    ...definition.map,
    index,
    initial: initial[index]!,
  }));
}

/** Index of the last map of a section that begins at or before an offset. */
function holderOf(found: readonly FoundMap[], section: number, offset: number): number | undefined {
  let low = 0;
  let high = found.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const map = found[middle]!;
    const before = map.section < section || (map.section === section && map.offset <= offset);
    if (before) low = middle + 1;
    else high = middle;
  }
  return found[low - 1]?.section === section ? low - 1 : undefined;
}

interface Slot {
  readonly holder: number;
  readonly entry: BpfMap['initial'][number];
}

function slotOf(
  elf: ElfFile,
  table: MapTable,
  section: number,
  relocation: ElfRelocation,
  holder: number | undefined,
  entryAt: (section: number, offset: number) => number | undefined,
): Slot {
  const { symbol } = relocation;
  const name = elf.sections[section]!.name;
  const outer = holder === undefined ? undefined : table.found[holder]!;
  const what =
    outer === undefined ? `section ${quote(name)}` : `the map ${quote(outer.definition.map.name)}`;
  const bad = (message: string): Failure =>
    new Failure({
      code: 'BPF-O056',
      message: `${what} ${message}`,
      place: { file: elf.file, section: name, offset: relocation.offset },
    });
  const valuesOffset = outer?.definition.valuesOffset;
  if (holder === undefined || outer === undefined || valuesOffset === undefined) {
    throw bad('holds an address, but has no array of values');
  }
  const position = relocation.offset - outer.offset - valuesOffset;
  const isAddress = relocation.type === R_BPF_64_ABS64 || relocation.type === R_BPF_64_64;
  if (position < 0 || position % 8 !== 0 || !isAddress) {
    throw bad('holds an address in a place that is no slot of its values');
  }
  const key = position / 8;
  const { typeName, maxEntries, inner } = outer.definition.map;
  if (key >= maxEntries && maxEntries > 0) {
    throw bad(`has a value for slot ${key}, but only ${maxEntries} entries`);
  }
  if (typeName === 'hash_of_maps' && outer.definition.map.keySize !== 4) {
    throw bad('has values, but keys that are no 32-bit numbers');
  }
  const data = elf.sections[section]!.data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const addend =
    relocation.offset + 8 <= data.length ? view.getBigInt64(relocation.offset, true) : 0n;
  const target = symbol.value + Number(addend);
  const shown = quote(
    symbol.name === '' ? (elf.sections[symbol.sectionIndex]?.name ?? '') : symbol.name,
  );
  if (typeName === 'prog_array') {
    const entry = entryAt(symbol.sectionIndex, target);
    if (entry === undefined) throw bad(`has ${shown} in slot ${key}, which is no program`);
    return { holder, entry: { key, function: entry } };
  }
  const map = table.at(symbol.sectionIndex, target);
  if (map === undefined) throw bad(`has ${shown} in slot ${key}, which is no map`);
  const value = table.found[map]!.definition.map;
  const fits =
    inner === undefined ||
    (inner.type === value.type &&
      inner.keySize === value.keySize &&
      inner.valueSize === value.valueSize);
  if (!fits) throw bad(`has ${shown} in slot ${key}, which differs from what its inner maps are`);
  return { holder, entry: { key, map } };
}
