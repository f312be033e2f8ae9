/** Writes BTF for tests, also BTF that no compiler writes. Ids are 1, 2, ... in order of the calls. */
export class BtfBuilder {
  /** Number of types so far, without void. */
  count = 0;
  readonly #words: number[] = [];
  readonly #strings: Buffer[] = [Buffer.from([0])];
  readonly #offsets = new Map<string, number>([['', 0]]);
  #stringLength = 1;

  /** Offset of a string. */
  string(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#stringLength;
    const bytes = Buffer.from(`${text}\0`);
    this.#strings.push(bytes);
    this.#stringLength += bytes.length;
    this.#offsets.set(text, offset);
    return offset;
  }

  /** Any record: kind number, name, kind flag, number of entries, third word, what follows. */
  record(
    kind: number,
    name: number,
    flag: number,
    entries: number,
    third: number,
    rest: readonly number[] = [],
  ): number {
    this.#words.push(name, ((flag << 31) | (kind << 24) | entries) >>> 0, third);
    for (const word of rest) this.#words.push(word);
    this.count += 1;
    return this.count;
  }

  int(name: string, size: number): number {
    return this.record(1, this.string(name), 0, 0, size, [(1 << 24) | (size * 8)]);
  }

  pointer(target: number): number {
    return this.record(2, 0, 0, 0, target);
  }

  array(element: number, index: number, count: number): number {
    return this.record(3, 0, 0, 0, 0, [element, index, count]);
  }

  struct(
    name: string,
    size: number,
    members: readonly (readonly [string, number, number])[],
  ): number {
    const words = members.flatMap(([text, type, offset]) => [this.string(text), type, offset]);
    return this.record(4, this.string(name), 0, members.length, size, words);
  }

  enum(name: string, values: readonly (readonly [string, number])[]): number {
    const words = values.flatMap(([text, value]) => [this.string(text), value]);
    return this.record(6, this.string(name), 0, values.length, 4, words);
  }

  typedef(name: string, target: number): number {
    return this.record(8, this.string(name), 0, 0, target);
  }

  modifier(kind: 9 | 10 | 11, target: number): number {
    return this.record(kind, 0, 0, 0, target);
  }

  prototype(result: number, parameters: readonly number[]): number {
    return this.record(
      13,
      0,
      0,
      parameters.length,
      result,
      parameters.flatMap((id) => [0, id]),
    );
  }

  bytes(): Uint8Array {
    const types = Buffer.alloc(this.#words.length * 4);
    for (const [index, word] of this.#words.entries()) types.writeUInt32LE(word >>> 0, index * 4);
    const strings = Buffer.concat(this.#strings);
    const header = Buffer.alloc(24);
    header.writeUInt16LE(0xeb9f, 0);
    header.writeUInt8(1, 2);
    header.writeUInt32LE(24, 4);
    header.writeUInt32LE(0, 8);
    header.writeUInt32LE(types.length, 12);
    header.writeUInt32LE(types.length, 16);
    header.writeUInt32LE(strings.length, 20);
    return new Uint8Array(Buffer.concat([header, types, strings]));
  }
}
