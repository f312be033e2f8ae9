import { Failure } from '../diag/index.ts';
import { parseBtf } from './parse.ts';
import type { Btf } from './types.ts';

const ELF_MAGIC = 0x464c457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
/** Index of the name table when it does not fit the header: it is then in section 0. */
const EXTENDED_INDEX = 0xffff;
const NOT_IN_FILE = 8;

const HELP =
  'give a raw BTF file such as /sys/kernel/btf/vmlinux, or an ELF file with a .BTF section';

/**
 * The BTF of the system that CO-RE relocations are resolved for: a raw BTF file, or an ELF file (a
 * vmlinux of any CPU) with a .BTF section.
 */
export function loadTargetBtf(bytes: Uint8Array, file: string): Btf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf = bytes.length >= 4 && view.getUint32(0, true) === ELF_MAGIC;
  const data = isElf ? findBtfSection(view, file) : { start: 0, end: bytes.length };
  return parseBtf(bytes.subarray(data.start, data.end), file);
}

function findBtfSection(view: DataView, file: string): { start: number; end: number } {
  const refuse = (message: string): never => {
    throw new Failure({ code: 'BPF-B030', message, place: { file }, help: HELP });
  };
  const size = view.byteLength;
  if (size < HEADER_SIZE) return refuse('the ELF header is cut off');
  if (view.getUint8(4) !== CLASS_64 || view.getUint8(5) !== LITTLE_ENDIAN) {
    return refuse('only 64-bit little-endian ELF files can be a target');
  }
  const tableOffset = view.getBigUint64(40, true);
  if (tableOffset === 0n || tableOffset > BigInt(size - SECTION_SIZE)) {
    return refuse('the ELF file has no table of sections');
  }
  const table = Number(tableOffset);
  if (view.getUint16(58, true) !== SECTION_SIZE) return refuse('the ELF sections are malformed');
  const header = (index: number): number => table + index * SECTION_SIZE;
  const declared = view.getUint16(60, true);
  const count = declared === 0 ? Number(view.getBigUint64(table + 32, true)) : declared;
  if (count > (size - table) / SECTION_SIZE) return refuse('the ELF table of sections is cut off');
  const nameIndex = view.getUint16(62, true);
  const namesAt = nameIndex === EXTENDED_INDEX ? view.getUint32(table + 40, true) : nameIndex;
  if (namesAt >= count) return refuse('the ELF sections have no names');
  const range = (index: number): { start: number; end: number } | undefined => {
    const start = view.getBigUint64(header(index) + 24, true);
    const length = view.getBigUint64(header(index) + 32, true);
    const isInFile = view.getUint32(header(index) + 4, true) !== NOT_IN_FILE;
    if (!isInFile || start > BigInt(size) || length > BigInt(size) - start) return undefined;
    return { start: Number(start), end: Number(start + length) };
  };
  const names = range(namesAt);
  if (names === undefined) return refuse('the ELF section names lie outside the file');
  // ".BTF" and its terminating zero as one comparison of five bytes.
  const wanted = [0x2e, 0x42, 0x54, 0x46, 0];
  for (let index = 1; index < count; index += 1) {
    const at = names.start + view.getUint32(header(index), true);
    const isBtf =
      at + wanted.length <= names.end && wanted.every((byte, i) => view.getUint8(at + i) === byte);
    if (!isBtf) continue;
    return range(index) ?? refuse('section .BTF lies outside the file');
  }
  return refuse('the ELF file has no .BTF section');
}
