import { Failure } from '../diag/index.ts';
import type {
  Btf,
  BtfExt,
  CoreKind,
  CoreRelocation,
  FunctionInfo,
  LineInfo,
  LineTable,
} from './types.ts';

const MAGIC = 0xeb9f;
const MAGIC_OTHER_ENDIAN = 0x9feb;
/** Header up to and with line information; the relocations came 8 bytes later. */
const HEADER_SIZE = 24;
const HEADER_SIZE_WITH_CORE = 32;
/** Longest name of a section or source file, and longest access string. */
const LONGEST_NAME = 1024;
const COLUMN_BITS = 10;

const CORE_KINDS: readonly CoreKind[] = [
  'field_byte_offset',
  'field_byte_size',
  'field_exists',
  'field_signed',
  'field_left_shift',
  'field_right_shift',
  'type_id_local',
  'type_id_target',
  'type_exists',
  'type_size',
  'enumerator_exists',
  'enumerator_value',
  'type_matches',
];

/** One of the three tables: the records of each ELF section by position in the bytes. */
type Table = Map<string, number[]>;

interface Reader {
  readonly view: DataView;
  readonly btf: Btf;
  readonly file: string;
  refuse(code: string, message: string, offset: number): never;
}

function readTable(
  reader: Reader,
  what: string,
  begin: number,
  end: number,
  leastRecord: number,
): Table {
  const { view, btf } = reader;
  const table: Table = new Map();
  if (begin === end) return table;
  if (end - begin < 4) reader.refuse('BPF-B011', `${what} are cut off`, begin);
  const recordSize = view.getUint32(begin, true);
  if (recordSize < leastRecord || recordSize % 4 !== 0) {
    reader.refuse('BPF-B011', `${what} have the impossible record size ${recordSize}`, begin);
  }
  let position = begin + 4;
  while (position < end) {
    if (end - position < 8) reader.refuse('BPF-B011', `${what} are cut off`, position);
    const section = name(reader, view.getUint32(position, true), position, 'section name');
    const count = view.getUint32(position + 4, true);
    if (count === 0 || count > (end - position - 8) / recordSize) {
      reader.refuse('BPF-B011', `${what} claim ${count} records for a section`, position + 4);
    }
    position += 8;
    const records = table.get(section) ?? [];
    if (records.length === 0) table.set(section, records);
    for (let record = 0; record < count; record += 1, position += recordSize) {
      const offset = view.getUint32(position, true);
      if (offset % 8 !== 0) {
        reader.refuse(
          'BPF-B012',
          `${what} name byte ${offset}, where no instruction starts`,
          position,
        );
      }
      records.push(position);
    }
  }
  for (const records of table.values()) sortByOffset(view, records);
  if (btf.typeCount === 1 && table.size > 0) {
    reader.refuse('BPF-B012', `${what} come with BTF without types`, begin);
  }
  return table;
}

function sortByOffset(view: DataView, records: number[]): void {
  const isSorted = records.every(
    (position, index) =>
      index === 0 || view.getUint32(records[index - 1]!, true) <= view.getUint32(position, true),
  );
  if (!isSorted) records.sort((a, b) => view.getUint32(a, true) - view.getUint32(b, true) || a - b);
}

function name(reader: Reader, offset: number, position: number, what: string): string {
  if (!reader.btf.hasString(offset, LONGEST_NAME)) {
    const problem = reader.btf.hasString(offset) ? 'is too long' : 'is no string of the BTF';
    reader.refuse('BPF-B012', `a ${what} ${problem}`, position);
  }
  return reader.btf.string(offset)!;
}

type NameReader = (offset: number, position: number) => string;

/** Names that many records share, each read once. */
function names(reader: Reader, what: string): NameReader {
  const known = new Map<number, string>();
  return (offset, position) => {
    let text = known.get(offset);
    if (text === undefined) {
      text = name(reader, offset, position, what);
      known.set(offset, text);
    }
    return text;
  };
}

function functionInfo(reader: Reader, table: Table): Map<string, readonly FunctionInfo[]> {
  const { view, btf } = reader;
  const result = new Map<string, readonly FunctionInfo[]>();
  for (const [section, records] of table) {
    const list = records.map((position): FunctionInfo => {
      const type = view.getUint32(position + 4, true);
      if (type >= btf.typeCount || btf.kind(type) !== 'function') {
        reader.refuse('BPF-B012', `function information names type ${type}, no function`, position);
      }
      return { offset: view.getUint32(position, true), type };
    });
    result.set(section, list);
  }
  return result;
}

function coreRelocations(reader: Reader, table: Table): Map<string, readonly CoreRelocation[]> {
  const { view, btf } = reader;
  const accessString = names(reader, 'access string');
  const result = new Map<string, readonly CoreRelocation[]>();
  for (const [section, records] of table) {
    const list = records.map((position): CoreRelocation => {
      const type = view.getUint32(position + 4, true);
      if (type === 0 || type >= btf.typeCount) {
        reader.refuse('BPF-B012', `a CO-RE relocation names type ${type}, which is none`, position);
      }
      const number = view.getUint32(position + 12, true);
      const kind = CORE_KINDS[number];
      if (kind === undefined) {
        reader.refuse('BPF-B012', `CO-RE relocations of kind ${number} are unknown`, position);
      }
      return {
        offset: view.getUint32(position, true),
        section,
        type,
        access: accessString(view.getUint32(position + 8, true), position),
        kind,
      };
    });
    result.set(section, list);
  }
  return result;
}

/** Line records over the raw bytes: objects have many more of them than messages need. */
class Lines implements LineTable {
  readonly length: number;
  readonly #view: DataView;
  readonly #btf: Btf;
  readonly #records: readonly number[];
  readonly #fileName: NameReader;

  constructor(reader: Reader, records: readonly number[], fileName: NameReader) {
    this.length = records.length;
    this.#view = reader.view;
    this.#btf = reader.btf;
    this.#records = records;
    this.#fileName = fileName;
  }

  at(index: number): LineInfo | undefined {
    const position = this.#records[index];
    if (position === undefined) return undefined;
    const view = this.#view;
    const btf = this.#btf;
    const textOffset = view.getUint32(position + 8, true);
    const place = view.getUint32(position + 12, true);
    return {
      offset: view.getUint32(position, true),
      fileName: this.#fileName(view.getUint32(position + 4, true), position),
      get text() {
        return btf.string(textOffset) ?? '';
      },
      line: place >>> COLUMN_BITS,
      column: place & ((1 << COLUMN_BITS) - 1),
    };
  }

  find(offset: number): LineInfo | undefined {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#view.getUint32(this.#records[middle]!, true) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.at(low - 1);
  }
}

function lineInfo(reader: Reader, table: Table): Map<string, LineTable> {
  const fileName = names(reader, 'file name');
  const result = new Map<string, LineTable>();
  for (const [section, records] of table) {
    for (const position of records) {
      fileName(reader.view.getUint32(position + 4, true), position);
      if (!reader.btf.hasString(reader.view.getUint32(position + 8, true))) {
        reader.refuse('BPF-B012', 'a source line is no string of the BTF', position);
      }
    }
    result.set(section, new Lines(reader, records, fileName));
  }
  return result;
}

/**
 * Parses and checks the bytes of a .BTF.ext section, whose strings and types are those of `btf`.
 * Whether the offsets lie inside the ELF sections that they name is for the caller to check.
 */
export function parseBtfExt(bytes: Uint8Array, btf: Btf, file: string): BtfExt {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader: Reader = {
    view,
    btf,
    file,
    refuse(code, message, offset) {
      throw new Failure({ code, message, place: { file, section: '.BTF.ext', offset } });
    },
  };
  if (bytes.length < HEADER_SIZE) {
    reader.refuse('BPF-B010', `.BTF.ext of ${bytes.length} bytes is too short for its header`, 0);
  }
  const magic = view.getUint16(0, true);
  if (magic === MAGIC_OTHER_ENDIAN) {
    reader.refuse('BPF-B010', 'big-endian .BTF.ext is not supported', 0);
  }
  if (magic !== MAGIC)
    reader.refuse('BPF-B010', '.BTF.ext does not begin with its magic number', 0);
  if (view.getUint8(2) !== 1 || view.getUint8(3) !== 0) {
    reader.refuse('BPF-B010', 'this version of .BTF.ext is not supported', 2);
  }
  const headerLength = view.getUint32(4, true);
  if (headerLength < HEADER_SIZE || headerLength > bytes.length) {
    reader.refuse('BPF-B010', `.BTF.ext header length ${headerLength} is out of range`, 4);
  }
  const room = bytes.length - headerLength;
  const table = (field: number, what: string, leastRecord: number): Table => {
    const offset = view.getUint32(field, true);
    const length = view.getUint32(field + 4, true);
    if (offset > room || length > room - offset || offset % 4 !== 0) {
      reader.refuse('BPF-B010', `${what} lie outside .BTF.ext`, field);
    }
    const begin = headerLength + offset;
    return readTable(reader, what, begin, begin + length, leastRecord);
  };
  const functions = functionInfo(reader, table(8, 'function records', 8));
  const lines = lineInfo(reader, table(16, 'line records', 16));
  const hasCore = headerLength >= HEADER_SIZE_WITH_CORE;
  const core = hasCore ? table(24, 'CO-RE relocations', 16) : new Map<string, number[]>();
  return {
    functionInfo: functions,
    lineInfo: lines,
    coreRelocations: coreRelocations(reader, core),
  };
}
