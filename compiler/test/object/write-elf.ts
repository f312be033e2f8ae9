/** A section of an object that is put together by hand. */
export interface SectionDraft {
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  readonly data: Uint8Array;
}

export interface SymbolDraft {
  readonly name: string;
  /** Position in the list of sections. */
  readonly section: number;
  readonly value: number;
  readonly size: number;
  /** STT_* */
  readonly type: number;
  /** STB_* */
  readonly binding: number;
}

class Strings {
  readonly #parts: Buffer[] = [Buffer.alloc(1)];
  #length = 1;

  add(text: string): number {
    const at = this.#length;
    const bytes = Buffer.from(`${text}\0`);
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return at;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** The bytes of a relocatable BPF object without relocations. Drafted sections are numbered from 1. */
export function writeElf(
  sections: readonly SectionDraft[],
  symbols: readonly SymbolDraft[],
): Uint8Array {
  const names = new Strings();
  const symbolNames = new Strings();
  const symbolTable = Buffer.alloc((symbols.length + 1) * 24);
  symbols.forEach((symbol, index) => {
    const at = (index + 1) * 24;
    symbolTable.writeUInt32LE(symbolNames.add(symbol.name), at);
    symbolTable.writeUInt8((symbol.binding << 4) | symbol.type, at + 4);
    symbolTable.writeUInt16LE(symbol.section + 1, at + 6);
    symbolTable.writeBigUInt64LE(BigInt(symbol.value), at + 8);
    symbolTable.writeBigUInt64LE(BigInt(symbol.size), at + 16);
  });
  const count = sections.length + 4;
  const all = [
    { name: '', type: 0, flags: 0, data: new Uint8Array() },
    ...sections,
    { name: '.symtab', type: 2, flags: 0, data: symbolTable },
    { name: '.strtab', type: 3, flags: 0, data: symbolNames.bytes() },
  ].map((section) => ({ ...section, nameOffset: names.add(section.name) }));
  const nameOffset = names.add('.shstrtab');
  all.push({ name: '.shstrtab', type: 3, flags: 0, data: names.bytes(), nameOffset });

  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(1, 16);
  header.writeUInt16LE(247, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(count, 60);
  header.writeUInt16LE(count - 1, 62);
  const table = Buffer.alloc(count * 64);
  const parts: Uint8Array[] = [header];
  let offset = 64;
  all.forEach((section, index) => {
    const at = index * 64;
    const padding = (8 - (section.data.length % 8)) % 8;
    table.writeUInt32LE(section.nameOffset, at);
    table.writeUInt32LE(section.type, at + 4);
    table.writeBigUInt64LE(BigInt(section.flags), at + 8);
    table.writeBigUInt64LE(BigInt(offset), at + 24);
    table.writeBigUInt64LE(BigInt(section.data.length), at + 32);
    if (section.type === 2) {
      table.writeUInt32LE(count - 2, at + 40);
      table.writeBigUInt64LE(24n, at + 56);
    }
    table.writeBigUInt64LE(index === 0 ? 0n : 8n, at + 48);
    parts.push(section.data, new Uint8Array(padding));
    offset += section.data.length + padding;
  });
  header.writeBigUInt64LE(BigInt(offset), 40);
  parts.push(table);
  return new Uint8Array(Buffer.concat(parts));
}
