/** A small, seeded generator (xorshift128): the same seed gives the same cases on every machine. */
export class Random {
  #state: Uint32Array;

  constructor(seed: number) {
    this.#state = new Uint32Array([seed ^ 0x9e3779b9, seed * 0x85ebca6b, 0xc2b2ae35, seed + 1]);
    for (let round = 0; round < 8; round++) this.next();
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

/** Values at which counts, sizes and offsets tend to go wrong. */
const INTERESTING = [
  0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff,
  0x80000000, 0xfffffffe, 0xffffffff,
];

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const inPlace =
  (change: (bytes: Uint8Array, view: DataView, random: Random) => void): Mutation =>
  (bytes, random) => {
    if (bytes.length >= 8) {
      change(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), random);
    }
    return bytes;
  };

const MUTATIONS: readonly Mutation[] = [
  inPlace((bytes, _view, random) => {
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  }),
  inPlace((bytes, _view, random) => {
    bytes[random.below(bytes.length)] = random.next();
  }),
  inPlace((bytes, view, random) => {
    view.setUint32(random.below(bytes.length - 3), random.pick(INTERESTING), true);
  }),
  inPlace((bytes, view, random) => {
    view.setUint16(random.below(bytes.length - 1), random.pick(INTERESTING), true);
  }),
  // Aligned words: headers, symbols, relocations and BTF are made of them.
  inPlace((bytes, view, random) => {
    const at = random.below(bytes.length >> 2) * 4;
    view.setUint32(at, view.getUint32(at, true) + random.below(17) - 8, true);
  }),
  inPlace((bytes, _view, random) => {
    const length = random.below(Math.min(64, bytes.length));
    const from = random.below(bytes.length - length);
    bytes.copyWithin(random.below(bytes.length - length), from, from + length);
  }),
  // One field of one instruction-sized record.
  inPlace((bytes, _view, random) => {
    bytes[random.below(bytes.length >> 3) * 8 + random.below(8)] = random.next();
  }),
  // The section header table, which lies at the end of what compilers write.
  inPlace((bytes, view, random) => {
    const start = Math.min(bytes.length - 8, Number(view.getUint32(40, true)));
    const at = start + (random.below(bytes.length - start) & ~3);
    if (at + 4 <= bytes.length) view.setUint32(at, random.pick(INTERESTING), true);
  }),
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => {
    const at = random.below(bytes.length);
    const gone = random.below(64);
    const result = new Uint8Array(Math.max(0, bytes.length - gone));
    result.set(bytes.subarray(0, Math.min(at, result.length)));
    result.set(bytes.subarray(at + gone), Math.min(at, result.length));
    return result;
  },
];

/** A copy of `original` with one to eight changes. */
export function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = original.slice();
  const count = 1 + random.below(8);
  for (let index = 0; index < count && bytes.length > 0; index++) {
    // Truncations and deletions make most files unreadable at once, so they come seldom.
    const kinds = random.below(16) === 0 ? MUTATIONS.length : MUTATIONS.length - 2;
    bytes = MUTATIONS[random.below(kinds)]!(bytes, random);
  }
  return bytes;
}
