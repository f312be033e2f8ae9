/**
 * Names longer than this are refused. Compilers and the kernel stay far below, and types may share
 * the tails of one long string: without a limit a small file could ask for any amount of text.
 */
const LONGEST_NAME = 1024;

/** The string section: zero-terminated strings, referred to by offset, which may point into one. */
export class Strings {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  /** Starts and ends of the stretches from which the next zero byte is too far away for a name. */
  readonly #tooLong: readonly { readonly start: number; readonly end: number }[];

  /** `bytes` must end with a zero byte. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const tooLong: { start: number; end: number }[] = [];
    for (let start = 0; start < bytes.length; ) {
      const zero = bytes.indexOf(0, start);
      if (zero - start > LONGEST_NAME) tooLong.push({ start, end: zero - LONGEST_NAME });
      start = zero + 1;
    }
    this.#tooLong = tooLong;
  }

  /** Whether a string of a name's length begins at an offset. */
  isName(offset: number): boolean {
    if (offset >= this.#bytes.length) return false;
    if (this.#tooLong.length === 0) return true;
    let low = 0;
    let high = this.#tooLong.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tooLong[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    const stretch = this.#tooLong[low];
    return stretch === undefined || offset < stretch.start;
  }

  /** Whether a string begins at an offset, of at most `longest` bytes when that is given. */
  has(offset: number, longest?: number): boolean {
    if (offset >= this.#bytes.length) return false;
    return longest === undefined || this.#bytes.subarray(offset, offset + longest + 1).includes(0);
  }

  /** The string that begins at an offset; undefined outside the section. */
  at(offset: number): string | undefined {
    if (offset < 0 || offset >= this.#bytes.length) return undefined;
    const end = this.#bytes.indexOf(0, offset);
    return this.#text.toString('utf8', offset, end);
  }
}
