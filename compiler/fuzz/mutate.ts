/** A small, seeded generator (xorshift128): the same seed gives the same cases on every machine. */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    // Neighbouring seeds must have nothing in common, so each word of the state is a hash of the seed.
    this.#state = Uint32Array.from([1, 2, 3, 4], (word) => scramble(Math.imul(seed, 5) + word));
  }

  /** A whole number below 2^32. */
  next(): number {
    const state = this.#state;
    const first = state[0]!;
    const mixed = first ^ (first << 11);
    state[0] = state[1]!;
    state[1] = state[2]!;
    state[2] = state[3]!;
    state[3] = state[3]! ^ (state[3]! >>> 19) ^ mixed ^ (mixed >>> 8);
    return state[3]!;
  }

  below(limit: number): number {
    return limit <= 0 ? 0 : this.next() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

function scramble(value: number): number {
  let word = Math.imul(value, 0x9e37_79b9) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Values at which counts, sizes and offsets tend to go wrong. */
const INTERESTING = [
  0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff,
  0x80000000, 0xfffffffe, 0xffffffff,
];

/** A part of a file, `record` bytes a record: what one of its mutations changes lies within. */
export interface Part {
  /** Of the section; empty for headers. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly record: number;
}

const SECTION_HEADER = 64;
const SYMBOL_TABLE = 2;
const RELOCATIONS = 9;
const NO_BITS = 8;

/** The parts of an undamaged object: its header, its section headers, every section but DWARF's. */
export function partsOf(bytes: Uint8Array): readonly Part[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headers = Number(view.getBigUint64(40, true));
  const count = view.getUint16(60, true);
  const parts: Part[] = [
    { name: '', start: 0, end: SECTION_HEADER, record: 4 },
    { name: '', start: headers, end: headers + count * SECTION_HEADER, record: SECTION_HEADER },
  ];
  const names = headers + view.getUint16(62, true) * SECTION_HEADER;
  const nameTable = Number(view.getBigUint64(names + 24, true));
  for (let index = 1; index < count; index++) {
    const at = headers + index * SECTION_HEADER;
    const type = view.getUint32(at + 4, true);
    const start = Number(view.getBigUint64(at + 24, true));
    const end = start + Number(view.getBigUint64(at + 32, true));
    const name = textAt(bytes, nameTable + view.getUint32(at, true));
    if (type === NO_BITS || end <= start || isDebug(name)) continue;
    const code = (view.getUint32(at + 8, true) & 4) !== 0;
    const record = type === SYMBOL_TABLE ? 24 : type === RELOCATIONS ? 16 : code ? 8 : 4;
    parts.push({ name, start, end, record });
    // Code decides most of what happens: it is as likely as all the tables together.
    if (code) for (let more = 0; more < 4; more++) parts.push({ name, start, end, record });
  }
  return parts;
}

/** Nothing reads DWARF, nor the relocations of it. */
function isDebug(name: string): boolean {
  return /^(\.rel)?\.debug_/.test(name);
}

function textAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString('latin1');
}

type Mutation = (bytes: Uint8Array, view: DataView, part: Part, random: Random) => void;

const MUTATIONS: readonly Mutation[] = [
  (bytes, _view, { start, end }, random) => {
    bytes[start + random.below(end - start)]! ^= 1 << random.below(8);
  },
  (bytes, _view, { start, end }, random) => {
    bytes[start + random.below(end - start)] = random.next();
  },
  (_bytes, view, { start, end }, random) => {
    view.setUint32(start + random.below(end - start - 3), random.pick(INTERESTING), true);
  },
  (_bytes, view, { start, end }, random) => {
    view.setUint16(start + random.below(end - start - 1), random.pick(INTERESTING), true);
  },
  // Aligned words: headers, symbols, relocations and BTF are made of them.
  (_bytes, view, { start, end }, random) => {
    const at = start + random.below((end - start) >> 2) * 4;
    view.setUint32(at, view.getUint32(at, true) + random.below(17) - 8, true);
  },
  (_bytes, view, { start, end }, random) => {
    const at = start + random.below((end - start) >> 2) * 4;
    view.setUint32(at, random.below(0x100), true);
  },
  // One whole record over another of its kind.
  (bytes, _view, { start, end, record }, random) => {
    const count = Math.floor((end - start) / record);
    const from = start + random.below(count) * record;
    bytes.copyWithin(start + random.below(count) * record, from, from + record);
  },
  // One field of one instruction: registers, offset or immediate.
  (bytes, view, { start, end }, random) => {
    const at = start + random.below((end - start) >> 3) * 8;
    if (at + 8 > end) return;
    const choice = random.below(4);
    if (choice === 0) bytes[at + 1] = random.below(11) | (random.below(11) << 4);
    else if (choice === 1) view.setInt16(at + 2, random.below(64) - 32, true);
    else if (choice === 2) view.setInt32(at + 4, random.below(512) - 256, true);
    else bytes[at] = random.next();
  },
];

function inPart(bytes: Uint8Array, part: Part, random: Random): Uint8Array {
  const end = Math.min(part.end, bytes.length);
  if (end - part.start < 8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  random.pick(MUTATIONS)(bytes, view, { ...part, end }, random);
  return bytes;
}

function truncated(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(0, random.below(bytes.length));
}

function withGap(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  const gone = Math.min(random.below(64), bytes.length - at);
  const result = new Uint8Array(bytes.length - gone);
  result.set(bytes.subarray(0, at));
  result.set(bytes.subarray(at + gone), at);
  return result;
}

/** A copy of `original` with one to eight changes, mostly one or two; `parts` are those of the original. */
export function mutate(original: Uint8Array, parts: readonly Part[], random: Random): Uint8Array {
  // Not `slice`: that of a Buffer shares its memory.
  let bytes: Uint8Array = new Uint8Array(original);
  const count = random.below(3) === 0 ? 1 + random.below(8) : 1;
  for (let index = 0; index < count && bytes.length > 0; index++) {
    // Truncations and gaps make most files unreadable at once, so they come seldom.
    const kind = random.below(64);
    if (kind === 0) bytes = truncated(bytes, random);
    else if (kind === 1) bytes = withGap(bytes, random);
    else bytes = inPart(bytes, random.pick(parts), random);
  }
  return bytes;
}
