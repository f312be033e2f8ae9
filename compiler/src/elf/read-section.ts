import { ByteReader } from '../base/index.ts';
import { quote } from '../diag/index.ts';
import { SHF_COMPRESSED, SHT_NULL } from './constants.ts';
import { elfFailure, withinFile } from './failure.ts';
import { readHeader } from './header.ts';
import { readRawSection, sectionData, sectionNameTable } from './sections.ts';

/**
 * The contents of the first section of that name of any little-endian ELF64 file, of whatever machine
 * and kind (a kernel image, a module, a library); undefined when there is none. Looks at nothing else.
 */
export function readElfSection(
  bytes: Uint8Array,
  file: string,
  name: string,
): Uint8Array | undefined {
  return withinFile(file, () => {
    const reader = new ByteReader(bytes);
    const header = readHeader(reader, file);
    const names = sectionNameTable(reader, header, file);
    const wanted = new TextEncoder().encode(`${name}\0`);
    for (let index = 0; index < header.sectionCount; index++) {
      const raw = readRawSection(reader, header, index);
      if (raw.type === SHT_NULL) continue;
      const { nameOffset } = raw;
      if (!wanted.every((byte, position) => names[nameOffset + position] === byte)) continue;
      const label = () => `section ${quote(name)}`;
      if ((raw.flags & SHF_COMPRESSED) !== 0) {
        throw elfFailure('BPF-E009', file, `${label()} is compressed`);
      }
      return sectionData(reader, raw, file, label);
    }
    return undefined;
  });
}

/** Whether the bytes begin as an ELF file does; tells it from raw BTF or raw bytecode. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}
