import type { BpfMap } from '../object/index.ts';
import * as errno from './errno.ts';
import { InterpMap } from './maps.ts';
import type { AddressSpace, Region } from './memory.ts';

const BPF_NOEXIST = 1n;
const BPF_EXIST = 2n;
/** A key is the number of bits that count, then the bits. */
const HEADER = 4;

interface Entry {
  readonly length: number;
  readonly value: Region;
}

/** Longest-prefix-match tries, as a list of prefixes: the longest that fits is found by trying. */
export class PrefixMap extends InterpMap {
  readonly #space: AddressSpace;
  readonly #entries = new Map<string, Entry>();

  constructor(definition: BpfMap, space: AddressSpace) {
    super(definition, space);
    this.#space = space;
  }

  /** The first `length` bits of a key's data, as text. */
  static #bits(key: Uint8Array, length: number): string {
    const bits = Array.from(key.subarray(HEADER), (byte) => byte.toString(2).padStart(8, '0'));
    return bits.join('').slice(0, length);
  }

  /** Length of the key's prefix, at most that of its data; undefined when it says more. */
  #length(key: Uint8Array): number | undefined {
    const length = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
    return length > (this.definition.keySize - HEADER) * 8 ? undefined : length;
  }

  override lookup(key: Uint8Array): bigint {
    const length = this.#length(key);
    if (length === undefined) return 0n;
    for (let tried = length; tried >= 0; tried--) {
      const entry = this.#entries.get(PrefixMap.#bits(key, tried));
      if (entry !== undefined) return entry.value.base;
    }
    return 0n;
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint): bigint {
    const length = this.#length(key);
    if (flags > BPF_EXIST || length === undefined) return errno.EINVAL;
    const bits = PrefixMap.#bits(key, length);
    const exists = this.#entries.has(bits);
    if (flags === BPF_NOEXIST && exists) return errno.EEXIST;
    if (flags === BPF_EXIST && !exists) return errno.ENOENT;
    if (!exists && this.#entries.size >= this.definition.maxEntries) return errno.ENOSPC;
    const region = this.#space.add(
      `${this.definition.name}[${bits}/${length}]`,
      Uint8Array.from(value),
      this.access,
    );
    this.#entries.set(bits, { length, value: region });
    return 0n;
  }

  override delete(key: Uint8Array): bigint {
    const length = this.#length(key);
    if (length === undefined) return errno.EINVAL;
    return this.#entries.delete(PrefixMap.#bits(key, length)) ? 0n : errno.ENOENT;
  }
}
