/** A read outside the bytes at hand. Rooms that read files catch it and say what was being read. */
export class OutOfBounds extends Error {
  readonly offset: number;
  readonly length: number;

  constructor(offset: number, length: number, available: number) {
    super(`${length} bytes at offset ${offset} do not lie inside ${available} bytes`);
    this.name = 'OutOfBounds';
    this.offset = offset;
    this.length = length;
  }
}

/** Reads little-endian integers at checked offsets; every failure is an `OutOfBounds`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  #check(offset: number, length: number): void {
    // Written so that NaN and fractions fail as well: offsets come from untrusted arithmetic.
    const inside =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= this.bytes.length;
    if (!inside) throw new OutOfBounds(offset, length, this.bytes.length);
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  i16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getInt16(offset, true);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  i32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getInt32(offset, true);
  }

  u64(offset: number): bigint {
    this.#check(offset, 8);
    return this.#view.getBigUint64(offset, true);
  }

  /** A view, not a copy. */
  slice(offset: number, length: number): Uint8Array {
    this.#check(offset, length);
    return this.bytes.subarray(offset, offset + length);
  }
}
