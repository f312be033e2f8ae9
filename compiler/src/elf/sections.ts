import type { ByteReader } from '../base/index.ts';
import { quote } from '../diag/index.ts';
import { SHF_COMPRESSED, SHF_EXECINSTR, SHT_NOBITS, SHT_NULL, SHT_STRTAB } from './constants.ts';
import { elfFailure } from './failure.ts';
import { type ElfHeader, HEADER_SIZE, SECTION_HEADER_SIZE } from './header.ts';
import type { NameReader } from './names.ts';
import type { ElfSection } from './types.ts';

/** Contents of SHT_NOBITS sections exist in memory only, so nothing in the file bounds them. */
const LARGEST_NOBITS = 256 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

/** A section header as it stands in the file; nothing is checked yet. */
export interface RawSection {
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** The header of one section. Values beyond 2^53 lose bits; as sizes and offsets they fail later. */
export function readRawSection(reader: ByteReader, header: ElfHeader, index: number): RawSection {
  const at = header.sectionTableOffset + index * SECTION_HEADER_SIZE;
  return {
    nameOffset: reader.u32(at),
    type: reader.u32(at + 4),
    flags: Number(reader.u64(at + 8)),
    address: Number(reader.u64(at + 16)),
    offset: Number(reader.u64(at + 24)),
    size: Number(reader.u64(at + 32)),
    link: reader.u32(at + 40),
    info: reader.u32(at + 44),
    alignment: Number(reader.u64(at + 48)),
    entrySize: Number(reader.u64(at + 56)),
  };
}

/** The contents of a section: a view into the file, empty when they exist in memory only. */
export function sectionData(
  reader: ByteReader,
  raw: RawSection,
  file: string,
  label: () => string,
): Uint8Array {
  if (raw.type === SHT_NULL || raw.type === SHT_NOBITS || raw.size === 0) return EMPTY;
  if (raw.offset + raw.size > reader.length) {
    const message =
      `${label()} lies outside the file: ` +
      `${raw.size} bytes at offset ${raw.offset} of ${reader.length}`;
    throw elfFailure('BPF-E009', file, message);
  }
  return reader.slice(raw.offset, raw.size);
}

/** The string table that holds the names of sections. */
export function sectionNameTable(reader: ByteReader, header: ElfHeader, file: string): Uint8Array {
  const raw = readRawSection(reader, header, header.nameSection);
  if (raw.type !== SHT_STRTAB) {
    const message = `section ${header.nameSection} should hold the names of sections, but is no string table`;
    throw elfFailure('BPF-E010', file, message);
  }
  return sectionData(reader, raw, file, () => 'the table of section names');
}

/** All sections of a relocatable object, each inside the file and none overlapping another. */
export function readSections(
  reader: ByteReader,
  header: ElfHeader,
  names: NameReader,
  file: string,
): ElfSection[] {
  const nameTable = sectionNameTable(reader, header, file);
  const sections: ElfSection[] = [];
  for (let index = 0; index < header.sectionCount; index++) {
    const { nameOffset, ...raw } = readRawSection(reader, header, index);
    const name =
      raw.type === SHT_NULL ? '' : names.read(nameTable, nameOffset, () => `section ${index}`);
    const label = () => `section ${index} ${quote(name)}`;
    const data = sectionData(reader, { nameOffset, ...raw }, file, label);
    checkSection(raw, name, file, label);
    sections.push({ index, name, ...raw, data });
  }
  checkOverlap(sections, header, file);
  return sections;
}

function checkSection(
  raw: Omit<RawSection, 'nameOffset'>,
  name: string,
  file: string,
  label: () => string,
): void {
  if (raw.type === SHT_NULL) return;
  const bad = (what: string) => elfFailure('BPF-E009', file, `${label()} ${what}`);
  if (raw.type === SHT_NOBITS && raw.size > LARGEST_NOBITS) {
    throw bad(`has ${raw.size} bytes of zeros, at most ${LARGEST_NOBITS} are supported`);
  }
  if (!Number.isSafeInteger(raw.flags)) throw bad('has flags that do not fit 53 bits');
  // Nobody reads DWARF, so `-gz` does no harm; all else would be taken for its contents.
  if ((raw.flags & SHF_COMPRESSED) !== 0 && !name.startsWith('.debug')) throw bad('is compressed');
  if (!Number.isSafeInteger(raw.alignment) || !isPowerOfTwoOrZero(raw.alignment)) {
    throw bad(`has alignment ${raw.alignment}, which is not a power of two`);
  }
  if (raw.type === SHT_NOBITS && (raw.flags & SHF_EXECINSTR) !== 0) {
    throw bad('is executable but has no contents');
  }
}

function isPowerOfTwoOrZero(value: number): boolean {
  return value === 0 || (value <= 0x80000000 && (value & (value - 1)) === 0);
}

/**
 * Contents that overlap would let a small file claim a hundred thousand sections of its own size.
 * No tool writes that, and without it the work on all sections is bounded by the size of the file.
 */
function checkOverlap(sections: readonly ElfSection[], header: ElfHeader, file: string): void {
  const occupied = sections
    .filter((section) => section.data.length > 0)
    .map(({ index, name, offset, size }) => ({
      label: () => `section ${index} ${quote(name)}`,
      offset,
      size,
    }));
  occupied.push({
    label: () => 'the section header table',
    offset: header.sectionTableOffset,
    size: header.sectionCount * SECTION_HEADER_SIZE,
  });
  occupied.sort((left, right) => left.offset - right.offset);
  let end = HEADER_SIZE;
  let previous = () => 'the file header';
  for (const { label, offset, size } of occupied) {
    if (offset < end) {
      throw elfFailure('BPF-E009', file, `${label()} overlaps ${previous()}`);
    }
    end = offset + size;
    previous = label;
  }
}
