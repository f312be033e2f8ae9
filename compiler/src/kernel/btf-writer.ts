import type { Btf, BtfKind, BtfLinkage, BtfType, TypeId } from '../btf/index.ts';

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;

/** Numbers of the format. */
const KIND_NUMBERS: Readonly<Record<BtfKind, number>> = {
  ...{ void: 0, int: 1, pointer: 2, array: 3, struct: 4, union: 5, enum: 6, forward: 7 },
  ...{ typedef: 8, volatile: 9, const: 10, restrict: 11, function: 12, function_prototype: 13 },
  ...{ variable: 14, data_section: 15, float: 16, declaration_tag: 17, type_tag: 18, enum64: 19 },
};
const LINKAGE_NUMBERS: Readonly<Record<BtfLinkage, number>> = { static: 0, global: 1, extern: 2 };

/** Writes the bytes of a .BTF section, type by type; the first type written has id 1. */
export class BtfWriter {
  readonly #words: number[] = [];
  readonly #strings = new Map<string, number>([['', 0]]);
  readonly #text: Uint8Array[] = [new Uint8Array(1)];
  #textLength = 1;
  #count = 1;

  /** Offset of a string in the string section; each is kept once. */
  string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const offset = this.#textLength;
    const bytes = new TextEncoder().encode(`${text}\0`);
    this.#strings.set(text, offset);
    this.#text.push(bytes);
    this.#textLength += bytes.length;
    return offset;
  }

  /** Adds a type and returns its id; the ids inside it are taken as they are. */
  add(type: BtfType): TypeId {
    switch (type.kind) {
      case 'void':
        // Only id 0 is void, and that has no record.
        return this.addPlaceholder();
      case 'int': {
        const flags = (type.signed ? 1 : 0) | (type.character ? 2 : 0) | (type.boolean ? 4 : 0);
        const encoding = (flags << 24) | (type.bitOffset << 16) | type.bits;
        return this.#record(type.kind, type.name, 0, false, type.size, [encoding]);
      }
      case 'pointer':
      case 'volatile':
      case 'const':
      case 'restrict':
        return this.#record(type.kind, '', 0, false, type.target);
      case 'typedef':
      case 'type_tag':
        return this.#record(type.kind, type.name, 0, false, type.target);
      case 'array':
        return this.#record(type.kind, '', 0, false, 0, [type.element, type.index, type.count]);
      case 'struct':
      case 'union': {
        const bitfields = type.members.some((member) => member.bitfieldSize !== 0);
        const entries = type.members.flatMap((member) => [
          this.string(member.name),
          member.type,
          bitfields ? (member.bitfieldSize << 24) | member.bitOffset : member.bitOffset,
        ]);
        return this.#record(
          type.kind,
          type.name,
          type.members.length,
          bitfields,
          type.size,
          entries,
        );
      }
      case 'enum':
      case 'enum64': {
        const entries = type.values.flatMap(({ name, value }) => {
          const words = [this.string(name), Number(BigInt.asUintN(32, value))];
          if (type.kind === 'enum64') words.push(Number(BigInt.asUintN(32, value >> 32n)));
          return words;
        });
        return this.#record(
          type.kind,
          type.name,
          type.values.length,
          type.signed,
          type.size,
          entries,
        );
      }
      case 'forward':
        return this.#record(type.kind, type.name, 0, type.union, 0);
      case 'function':
        return this.#record(
          type.kind,
          type.name,
          LINKAGE_NUMBERS[type.linkage],
          false,
          type.prototype,
        );
      case 'function_prototype': {
        const entries = type.parameters.flatMap(({ name, type: id }) => [this.string(name), id]);
        if (type.variadic) entries.push(0, 0);
        return this.#record(type.kind, '', entries.length / 2, false, type.result, entries);
      }
      case 'variable':
        return this.#record(type.kind, type.name, 0, false, type.type, [
          LINKAGE_NUMBERS[type.linkage],
        ]);
      case 'data_section': {
        const entries = type.variables.flatMap((one) => [one.type, one.offset, one.size]);
        return this.#record(type.kind, type.name, type.variables.length, false, type.size, entries);
      }
      case 'float':
        return this.#record(type.kind, type.name, 0, false, type.size);
      case 'declaration_tag':
        return this.#record(type.kind, type.name, 0, false, type.target, [type.component]);
    }
  }

  /** Adds a type that means nothing, so that the ids after it stay what they are. */
  addPlaceholder(): TypeId {
    return this.#record('struct', '', 0, false, 0);
  }

  /** The whole section. */
  bytes(): Uint8Array {
    const types = this.#words.length * 4;
    const bytes = new Uint8Array(HEADER_SIZE + types + this.#textLength);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, MAGIC, true);
    view.setUint8(2, 1);
    view.setUint32(4, HEADER_SIZE, true);
    view.setUint32(8, 0, true);
    view.setUint32(12, types, true);
    view.setUint32(16, types, true);
    view.setUint32(20, this.#textLength, true);
    this.#words.forEach((word, index) => {
      view.setUint32(HEADER_SIZE + index * 4, word, true);
    });
    let position = HEADER_SIZE + types;
    for (const text of this.#text) {
      bytes.set(text, position);
      position += text.length;
    }
    return bytes;
  }

  #record(
    kind: BtfKind,
    name: string,
    entries: number,
    flag: boolean,
    sizeOrType: number,
    rest: readonly number[] = [],
  ): TypeId {
    const info = ((flag ? 1 : 0) << 31) | (KIND_NUMBERS[kind] << 24) | entries;
    this.#words.push(this.string(name), info, sizeOrType);
    // Not one call with a spread: an enum may have 65,535 values.
    for (const word of rest) this.#words.push(word);
    return this.#count++;
  }
}

/** Every type of `btf` in order, so that ids stay; `change` may replace a type or (undefined) drop it. */
export function copyTypes(
  btf: Btf,
  writer: BtfWriter,
  change: (type: BtfType) => BtfType | undefined,
): void {
  for (let id = 1; id < btf.typeCount; id += 1) {
    const type = change(btf.type(id));
    if (type === undefined) writer.addPlaceholder();
    else writer.add(type);
  }
}
