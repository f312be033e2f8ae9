/** A section to be written; `size` for sections without contents. */
export interface WrittenSection {
  readonly name?: number;
  readonly type: number;
  readonly flags?: bigint;
  readonly data?: Uint8Array;
  readonly offset?: bigint;
  readonly size?: bigint;
  readonly link?: number;
  readonly info?: number;
  readonly alignment?: bigint;
  readonly entrySize?: bigint;
}

/** Joins strings to a table; gives the table and the offset of each. */
export function stringTable(strings: readonly string[]): { data: Uint8Array; at: number[] } {
  const at: number[] = [];
  let length = 1;
  for (const text of strings) {
    at.push(length);
    length += Buffer.byteLength(text) + 1;
  }
  return { data: Buffer.from(`\0${strings.map((text) => `${text}\0`).join('')}`), at };
}

/** Entries of a symbol table: name offset, section, value, size. */
export function symbolTable(
  symbols: readonly { name: number; section: number; value?: bigint; size?: bigint }[],
): Uint8Array {
  const data = Buffer.alloc((symbols.length + 1) * 24);
  symbols.forEach(({ name, section, value, size }, index) => {
    const at = (index + 1) * 24;
    data.writeUInt32LE(name, at);
    data.writeUInt8(0x12, at + 4);
    data.writeUInt16LE(section, at + 6);
    data.writeBigUInt64LE(value ?? 0n, at + 8);
    data.writeBigUInt64LE(size ?? 0n, at + 16);
  });
  return data;
}

/** Entries of a relocation table. */
export function relocationTable(
  relocations: readonly { offset: bigint; type: number; symbol: number; addend?: bigint }[],
): Uint8Array {
  const withAddend = relocations.some((relocation) => relocation.addend !== undefined);
  const size = withAddend ? 24 : 16;
  const data = Buffer.alloc(relocations.length * size);
  relocations.forEach(({ offset, type, symbol, addend }, index) => {
    data.writeBigUInt64LE(offset, index * size);
    data.writeUInt32LE(type, index * size + 8);
    data.writeUInt32LE(symbol, index * size + 12);
    if (withAddend) data.writeBigInt64LE(addend ?? 0n, index * size + 16);
  });
  return data;
}

/**
 * A relocatable BPF object of these sections, after the null section 0. Nothing is checked: tests write
 * what no toolchain would.
 */
export function writeElf(
  sections: readonly WrittenSection[],
  options: { nameSection?: number; machine?: number; count?: number } = {},
): Uint8Array {
  const contents = sections.reduce((sum, section) => sum + (section.data?.length ?? 0), 0);
  const bytes = Buffer.alloc(64 + contents + (sections.length + 1) * 64);
  const table = 64 + contents;
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(1, 16);
  bytes.writeUInt16LE(options.machine ?? 247, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BigInt(table), 40);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(64, 58);
  const count = options.count ?? sections.length + 1;
  if (count < 0xff00) bytes.writeUInt16LE(count, 60);
  else bytes.writeBigUInt64LE(BigInt(count), table + 32);
  bytes.writeUInt16LE(options.nameSection ?? 1, 62);
  let position = 64;
  sections.forEach((section, index) => {
    const at = table + (index + 1) * 64;
    const data = section.data ?? new Uint8Array(0);
    bytes.set(data, position);
    bytes.writeUInt32LE(section.name ?? 0, at);
    bytes.writeUInt32LE(section.type, at + 4);
    bytes.writeBigUInt64LE(section.flags ?? 0n, at + 8);
    bytes.writeBigUInt64LE(section.offset ?? BigInt(position), at + 24);
    bytes.writeBigUInt64LE(section.size ?? BigInt(data.length), at + 32);
    bytes.writeUInt32LE(section.link ?? 0, at + 40);
    bytes.writeUInt32LE(section.info ?? 0, at + 44);
    bytes.writeBigUInt64LE(section.alignment ?? 1n, at + 48);
    bytes.writeBigUInt64LE(section.entrySize ?? 0n, at + 56);
    position += data.length;
  });
  return bytes;
}
