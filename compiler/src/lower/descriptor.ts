/**
 * The structures of runtime-native/include/bpftime/object.h as LLVM types. This file mirrors the header
 * member by member; a test compiles the header and compares every offset.
 */

/** One member of a structure of object.h. */
interface Member {
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

const POINTER = 8;

function member(name: string, type: string): Member {
  const bytes = /^\[(\d+) x i8\]$/.exec(type)?.[1];
  const size = type.endsWith('*') ? POINTER : bytes ? Number(bytes) : Number(type.slice(1)) / 8;
  return { name, type, size };
}

/** LLVM names of the structures. */
export const MAP_TYPE = '%struct.bpftime_map';
export const SLOT_TYPE = '%struct.bpftime_initial_slot';
export const PROGRAM_TYPE = '%struct.bpftime_program';
export const OBJECT_TYPE = '%struct.bpftime_object';
/** What a program is to the table of programs. */
export const PROGRAM_FUNCTION = 'i64 (i8*)';

/** Values of constants of object.h. */
export const OBJECT_MAGIC = 0x4a42_4f45_4d49_5442n;
export const OBJECT_VERSION = 1;
export const PROGRAM_KINDS = {
  kprobe: 1,
  tracepoint: 2,
  raw_tracepoint: 3,
  perf_event: 4,
  xdp: 5,
  socket_filter: 6,
  tc: 7,
  raw: 8,
} as const;
export const VERDICTS = { skipped: 0, proved: 1 } as const;
export const PROGRAM_OPTIONAL = 1;
export const PROGRAM_SLEEPABLE = 2;
/** sizeof(struct bpftime_packet) */
export const PACKET_SIZE = 104;

const structures = {
  [MAP_TYPE]: [
    member('memory', 'i8*'),
    member('state', 'i8*'),
    member('name', 'i8*'),
    member('inner', `${MAP_TYPE}*`),
    member('extra', 'i64'),
    member('type', 'i32'),
    member('key_size', 'i32'),
    member('value_size', 'i32'),
    member('max_entries', 'i32'),
    member('flags', 'i32'),
    member('pinning', 'i32'),
    member('id', 'i32'),
    member('reserved', 'i32'),
  ],
  [SLOT_TYPE]: [member('map', 'i32'), member('key', 'i32'), member('value', 'i8*')],
  [PROGRAM_TYPE]: [
    member('name', 'i8*'),
    member('section', 'i8*'),
    member('function', `${PROGRAM_FUNCTION}*`),
    member('kind', 'i32'),
    member('flags', 'i32'),
  ],
  [OBJECT_TYPE]: [
    member('magic', 'i64'),
    member('version', 'i32'),
    member('size', 'i32'),
    member('name', 'i8*'),
    member('license', 'i8*'),
    member('target', 'i8*'),
    member('hash', '[32 x i8]'),
    member('verdict', 'i32'),
    member('program_count', 'i32'),
    member('map_count', 'i32'),
    member('initial_count', 'i32'),
    member('programs', `${PROGRAM_TYPE}*`),
    member('maps', `${MAP_TYPE}**`),
    member('initial', `${SLOT_TYPE}*`),
  ],
} as const satisfies Record<string, readonly Member[]>;

/** A structure's LLVM name. */
export type Structure = keyof typeof structures;

/** Definitions of the types, as assembly. */
export function structureTypes(): string {
  return Object.entries(structures)
    .map(([name, members]) => `${name} = type { ${members.map(({ type }) => type).join(', ')} }`)
    .join('\n');
}

/** Offsets of the members and the size; every member is aligned to its own size, at most 8. */
export function structureLayout(name: Structure): {
  readonly offsets: ReadonlyMap<string, number>;
  readonly size: number;
} {
  const offsets = new Map<string, number>();
  let position = 0;
  for (const { name: field, size, type } of structures[name]) {
    const alignment = type.startsWith('[') ? 1 : size;
    position = Math.ceil(position / alignment) * alignment;
    offsets.set(field, position);
    position += size;
  }
  return { offsets, size: Math.ceil(position / 8) * 8 };
}

/** The initial value of a structure; every member must be given. */
export function structureValue<Name extends Structure>(
  name: Name,
  values: Readonly<Record<(typeof structures)[Name][number]['name'], string | number | bigint>>,
): string {
  const members: readonly Member[] = structures[name];
  const given = values as Readonly<Record<string, string | number | bigint>>;
  return `{ ${members.map((field) => `${field.type} ${given[field.name]}`).join(', ')} }`;
}
