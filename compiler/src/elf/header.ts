import { isaToString, objectTypeToString } from 'elfinfo/dist/src/strings.js';
import type { ByteReader } from '../base/index.ts';
import { EM_BPF, ET_REL, SHN_LORESERVE, SHN_XINDEX } from './constants.ts';
import { elfFailure } from './failure.ts';

/** What the rest of the room needs of the file header. */
export interface ElfHeader {
  readonly type: number;
  readonly machine: number;
  readonly sectionTableOffset: number;
  readonly sectionCount: number;
  /** Index of the section that holds the names of sections. */
  readonly nameSection: number;
}

/** Size of the file header. */
export const HEADER_SIZE = 64;
/** Size of one entry of the section header table. */
export const SECTION_HEADER_SIZE = 64;
const COMPILE_HELP = 'compile the program with: clang -target bpf -g -O2 -c';

/** Files that are often given by mistake, by how they begin. */
const LOOK_ALIKES: readonly { readonly magic: readonly number[]; readonly what: string }[] = [
  { magic: [0x42, 0x43, 0xc0, 0xde], what: 'LLVM bitcode' },
  { magic: [0x3b, 0x20, 0x4d, 0x6f, 0x64, 0x75, 0x6c, 0x65], what: 'LLVM assembly' },
  { magic: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e], what: 'an archive' },
  { magic: [0x9f, 0xeb, 0x01], what: 'raw BTF' },
  { magic: [0x1f, 0x8b], what: 'a gzip file' },
  { magic: [0x4d, 0x5a], what: 'a Windows executable' },
  { magic: [0xcf, 0xfa, 0xed, 0xfe], what: 'a Mach-O file' },
];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function checkMagic(bytes: Uint8Array, file: string): void {
  if (startsWith(bytes, [0x7f, 0x45, 0x4c, 0x46])) return;
  if (bytes.length === 0) throw elfFailure('BPF-E001', file, 'the file is empty');
  const alike = LOOK_ALIKES.find(({ magic }) => startsWith(bytes, magic));
  const what = alike === undefined ? '' : `, it looks like ${alike.what}`;
  throw elfFailure('BPF-E001', file, `not an ELF object${what}`, { help: COMPILE_HELP });
}

/** Checks what every ELF file that this room reads must be: 64 bits, little-endian, not cut short. */
export function readHeader(reader: ByteReader, file: string): ElfHeader {
  const { bytes } = reader;
  checkMagic(bytes, file);
  if (bytes.length < HEADER_SIZE) {
    const message = `the file is truncated: ${bytes.length} bytes, an ELF header has ${HEADER_SIZE}`;
    throw elfFailure('BPF-E002', file, message);
  }
  if (reader.u8(4) !== 2) {
    const found = reader.u8(4) === 1 ? 'a 32-bit ELF file' : 'an ELF file of unknown class';
    throw elfFailure('BPF-E003', file, `${found}; BPF objects are 64-bit`, { help: COMPILE_HELP });
  }
  if (reader.u8(5) !== 1) {
    const found =
      reader.u8(5) === 2 ? 'a big-endian ELF file' : 'an ELF file of unknown byte order';
    throw elfFailure('BPF-E004', file, `${found}; every target here is little-endian`, {
      help: 'compile with -target bpfel, or on a little-endian machine with -target bpf',
    });
  }
  return readSectionTable(reader, file);
}

function readSectionTable(reader: ByteReader, file: string): ElfHeader {
  const sectionTableOffset = Number(reader.u64(40));
  const entrySize = reader.u16(58);
  const sectionCount = reader.u16(60);
  const nameSection = reader.u16(62);
  const table = (message: string) => elfFailure('BPF-E007', file, message);
  if (sectionTableOffset === 0) throw table('the file has no section headers');
  if (entrySize !== SECTION_HEADER_SIZE) {
    throw table(`section headers of ${entrySize} bytes, expected ${SECTION_HEADER_SIZE}`);
  }
  // A count that does not fit its field stands in section 0. Indices above the limit collide with
  // the reserved ones in symbols, and no BPF object is near it, so extended numbering is refused.
  if (sectionCount === 0 || sectionCount >= SHN_LORESERVE || nameSection === SHN_XINDEX) {
    const stated =
      sectionCount === 0 && sectionTableOffset + SECTION_HEADER_SIZE <= reader.length
        ? reader.u64(sectionTableOffset + 32)
        : BigInt(sectionCount);
    if (stated === 0n) throw table('the file has no section headers');
    const message = `too many sections: ${stated}, at most ${SHN_LORESERVE - 1} are supported`;
    throw elfFailure('BPF-E008', file, message, {
      help: 'compile without -ffunction-sections and -fdata-sections, or split the object',
    });
  }
  const end = sectionTableOffset + sectionCount * SECTION_HEADER_SIZE;
  if (end > reader.length) {
    const message = `the file is truncated: its section headers end at byte ${end} of ${reader.length}`;
    throw elfFailure('BPF-E002', file, message);
  }
  if (nameSection >= sectionCount) {
    throw table(`section names are in section ${nameSection}, but there are only ${sectionCount}`);
  }
  return {
    type: reader.u16(16),
    machine: reader.u16(18),
    sectionTableOffset,
    sectionCount,
    nameSection,
  };
}

/** Refuses all but relocatable BPF objects, by the name of what was given instead. */
export function requireBpfObject(header: ElfHeader, file: string): void {
  if (header.machine !== EM_BPF) {
    // Typed as a string, but undefined for machines that it does not know.
    const name: string | undefined = isaToString(header.machine);
    const machine = name ?? `machine ${header.machine}`;
    throw elfFailure('BPF-E005', file, `an ELF file for ${machine}, not for BPF`, {
      help: COMPILE_HELP,
    });
  }
  if (header.type !== ET_REL) {
    const kind = objectTypeToString(header.type).toLowerCase();
    throw elfFailure('BPF-E006', file, `an ELF file of kind '${kind}', not a relocatable object`, {
      help: COMPILE_HELP,
    });
  }
}
