import { Failure } from '../diag/index.ts';
import {
  hasEntries,
  KIND_DATA_SECTION,
  KIND_ENUM,
  KIND_ENUM64,
  KIND_FLOAT,
  KIND_FUNCTION_PROTOTYPE,
  KIND_INT,
  KIND_NAMES,
  KIND_STRUCT,
  KIND_UNION,
  RECORD_SIZE,
  recordLength,
} from './kinds.ts';
import { Strings } from './strings.ts';

const MAGIC = 0xeb9f;
const MAGIC_OTHER_ENDIAN = 0x9feb;
const HEADER_SIZE = 24;
/** Bits of the info word that mean something: vlen, kind, kind flag. */
const INFO_MASK = 0x9f00ffff;
const SPLIT_HELP =
  'BTF of kernel modules (split BTF) builds on the BTF of vmlinux and is not supported; use the BTF of vmlinux';

/** The section's bytes with an index: where the record of each type begins, and its kind. */
export interface Records {
  readonly file: string;
  readonly view: DataView;
  readonly strings: Strings;
  /** Ids are 0 to count - 1; 0 is void and has no record. */
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly kinds: Uint8Array;
}

function refuse(file: string, code: string, message: string, offset: number, help?: string): never {
  throw new Failure({
    code,
    message,
    place: { file, section: '.BTF', offset },
    ...(help === undefined ? {} : { help }),
  });
}

/** Number of entries that follow a record. */
export function entryCount(records: Records, id: number): number {
  return records.view.getUint32(records.offsets[id]! + 4, true) & 0xffff;
}

/** The flag of a record: bitfields in a struct, signed enum, union forward. */
export function kindFlag(records: Records, id: number): boolean {
  return records.view.getUint32(records.offsets[id]! + 4, true) >>> 31 === 1;
}

/** Third word of a record: the size or the type that it refers to. */
export function sizeOrType(records: Records, id: number): number {
  return records.view.getUint32(records.offsets[id]! + 8, true);
}

/** Failure about one type. */
export function refuseType(records: Records, id: number, code: string, problem: string): never {
  const kind = KIND_NAMES[records.kinds[id]!]!.replaceAll('_', ' ');
  const offset = records.offsets[id]!;
  const name = id === 0 ? '' : (records.strings.at(records.view.getUint32(offset, true)) ?? '');
  const what = name === '' ? `type ${id} (${kind})` : `type ${id} (${kind} ${printable(name)})`;
  refuse(records.file, code, `${what} ${problem}`, offset);
}

function printable(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  return short.replace(/[^\x20-\x7e]/g, '?');
}

/** Checks the header and cuts the section into records; says nothing yet about what they refer to. */
export function readRecords(bytes: Uint8Array, file: string): Records {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_SIZE) {
    refuse(file, 'BPF-B001', `BTF of ${bytes.length} bytes is too short for its header`, 0);
  }
  const magic = view.getUint16(0, true);
  if (magic === MAGIC_OTHER_ENDIAN) {
    refuse(file, 'BPF-B002', 'big-endian BTF is not supported', 0);
  }
  if (magic !== MAGIC) refuse(file, 'BPF-B001', 'not BTF: its magic number is missing', 0);
  const version = view.getUint8(2);
  if (version !== 1) refuse(file, 'BPF-B002', `BTF version ${version} is not supported`, 2);
  const flags = view.getUint8(3);
  if (flags !== 0) refuse(file, 'BPF-B002', `BTF header flags ${flags} are not supported`, 3);
  const headerLength = view.getUint32(4, true);
  if (headerLength < HEADER_SIZE || headerLength > bytes.length) {
    refuse(file, 'BPF-B001', `BTF header length ${headerLength} is out of range`, 4);
  }
  const room = bytes.length - headerLength;
  const part = (field: number, what: string): { start: number; length: number } => {
    const start = view.getUint32(field, true);
    const length = view.getUint32(field + 4, true);
    if (start > room || length > room - start) {
      refuse(file, 'BPF-B001', `BTF ${what} lie outside the section`, field);
    }
    return { start: headerLength + start, length };
  };
  const types = part(8, 'types');
  const text = part(16, 'strings');
  if (types.start % 4 !== 0) refuse(file, 'BPF-B001', 'BTF types are not aligned to 4 bytes', 8);
  if (
    types.length > 0 &&
    types.start < text.start + text.length &&
    text.start < types.start + types.length
  ) {
    refuse(file, 'BPF-B001', 'BTF types and strings overlap', 8);
  }
  if (text.length === 0 || bytes[text.start + text.length - 1] !== 0) {
    refuse(file, 'BPF-B003', 'BTF strings do not end with a zero byte', text.start);
  }
  if (bytes[text.start] !== 0) {
    refuse(
      file,
      'BPF-B003',
      'BTF strings do not begin with the empty string',
      text.start,
      SPLIT_HELP,
    );
  }
  const strings = new Strings(bytes.subarray(text.start, text.start + text.length));
  return indexRecords(view, file, strings, types.start, types.start + types.length);
}

function indexRecords(
  view: DataView,
  file: string,
  strings: Strings,
  start: number,
  end: number,
): Records {
  const most = Math.floor((end - start) / RECORD_SIZE) + 1;
  const offsets = new Uint32Array(most);
  const kinds = new Uint8Array(most);
  let count = 1;
  let position = start;
  while (position < end) {
    if (end - position < RECORD_SIZE) {
      refuse(file, 'BPF-B004', `type ${count} is cut off by the end of the types`, position);
    }
    const info = view.getUint32(position + 4, true);
    const kind = (info >>> 24) & 0x1f;
    if ((info & ~INFO_MASK) !== 0) {
      refuse(file, 'BPF-B004', `type ${count} has unknown bits in its info word`, position + 4);
    }
    if (kind === 0 || kind >= KIND_NAMES.length) {
      refuse(file, 'BPF-B004', `type ${count} is of unknown kind ${kind}`, position + 4);
    }
    const length = recordLength(kind, info & 0xffff);
    if (length > end - position) {
      refuse(file, 'BPF-B004', `type ${count} is cut off by the end of the types`, position);
    }
    if (!strings.isName(view.getUint32(position, true))) {
      refuse(
        file,
        'BPF-B003',
        `the name of type ${count} is no string of the BTF`,
        position,
        SPLIT_HELP,
      );
    }
    offsets[count] = position;
    kinds[count] = kind;
    count += 1;
    position += length;
  }
  const records = { file, view, strings, count, offsets, kinds };
  for (let id = 1; id < count; id += 1) checkEntryNames(records, id);
  return records;
}

/** Names inside a record, and the numbers that concern the record alone. */
function checkEntryNames(records: Records, id: number): void {
  const { view, strings } = records;
  const kind = records.kinds[id]!;
  const entries = entryCount(records, id);
  if (kind === KIND_INT) {
    const size = sizeOrType(records, id);
    const encoding = view.getUint32(records.offsets[id]! + RECORD_SIZE, true);
    const bits = encoding & 0xff;
    const bitOffset = (encoding >>> 16) & 0xff;
    if (![1, 2, 4, 8, 16].includes(size)) {
      refuseType(records, id, 'BPF-B005', `has the impossible size ${size}`);
    }
    if (bits === 0 || bits + bitOffset > size * 8) {
      refuseType(records, id, 'BPF-B005', `has ${bits} bits at ${bitOffset} in ${size} bytes`);
    }
    return;
  }
  if (kind === KIND_ENUM || kind === KIND_ENUM64) {
    const size = sizeOrType(records, id);
    if (![1, 2, 4, 8].includes(size)) {
      refuseType(records, id, 'BPF-B005', `has the impossible size ${size}`);
    }
  }
  if (kind === KIND_FLOAT && ![2, 4, 8, 12, 16].includes(sizeOrType(records, id))) {
    refuseType(records, id, 'BPF-B005', `has the impossible size ${sizeOrType(records, id)}`);
  }
  if (entries === 0 || !hasEntries(kind) || kind === KIND_DATA_SECTION) return;
  const named12 = kind === KIND_STRUCT || kind === KIND_UNION || kind === KIND_ENUM64;
  const step = named12 ? 12 : 8;
  let position = records.offsets[id]! + RECORD_SIZE;
  for (let entry = 0; entry < entries; entry += 1, position += step) {
    if (!strings.isName(view.getUint32(position, true))) {
      const what = kind === KIND_FUNCTION_PROTOTYPE ? 'parameter' : 'member';
      refuseType(
        records,
        id,
        'BPF-B003',
        `has ${what} ${entry} whose name is no string of the BTF`,
      );
    }
  }
}
