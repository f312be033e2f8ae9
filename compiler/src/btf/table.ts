import { Failure } from '../diag/index.ts';
import {
  isAlias,
  isModifier,
  KIND_ARRAY,
  KIND_ENUM64,
  KIND_NAMES,
  KIND_STRUCT,
  KIND_UNION,
  RECORD_SIZE,
} from './kinds.ts';
import { essentialName } from './name.ts';
import { entryCount, kindFlag, type Records, sizeOrType } from './records.ts';
import type {
  Btf,
  BtfComposite,
  BtfEnum,
  BtfEnumerator,
  BtfFunctionPrototype,
  BtfKind,
  BtfLinkage,
  BtfMember,
  BtfParameter,
  BtfSectionVariable,
  BtfType,
  FoundMember,
  TypeId,
} from './types.ts';

const LINKAGES: readonly BtfLinkage[] = ['static', 'global', 'extern'];
const NOTHING: readonly TypeId[] = [];
const INT_SIGNED = 1;
const INT_CHARACTER = 2;
const INT_BOOLEAN = 4;

/**
 * Checked BTF over the bytes it came from: types are decoded when they are asked for, because a
 * kernel has 150,000 of them and a program needs a dozen.
 */
export class BtfTable implements Btf {
  readonly file: string;
  readonly typeCount: number;
  readonly #records: Records;
  readonly #sizes: Uint32Array;
  readonly #decoded = new Map<TypeId, BtfType>();
  #alignments: Uint8Array | undefined;
  #byName: Map<string, TypeId[]> | undefined;

  /** `records` must have passed the checks of `parseBtf`, which found `sizes`. */
  constructor(records: Records, sizes: Uint32Array) {
    this.file = records.file;
    this.typeCount = records.count;
    this.#records = records;
    this.#sizes = sizes;
  }

  kind(id: TypeId): BtfKind {
    return KIND_NAMES[this.#kindNumber(id)]!;
  }

  name(id: TypeId): string {
    if (this.#kindNumber(id) === 0) return '';
    return this.#text(this.#word(id, 0));
  }

  string(offset: number): string | undefined {
    return this.#records.strings.at(offset);
  }

  hasString(offset: number, longest?: number): boolean {
    return this.#records.strings.has(offset, longest);
  }

  size(id: TypeId): number {
    this.#kindNumber(id);
    return this.#sizes[id]!;
  }

  skipModifiers(id: TypeId): TypeId {
    let at = id;
    while (isModifier(this.#kindNumber(at))) at = sizeOrType(this.#records, at);
    return at;
  }

  resolve(id: TypeId): TypeId {
    let at = id;
    while (isAlias(this.#kindNumber(at))) at = sizeOrType(this.#records, at);
    return at;
  }

  find(name: string, ...kinds: readonly BtfKind[]): TypeId | undefined {
    return this.findAll(essentialName(name)).find(
      (id) => (kinds.length === 0 || kinds.includes(this.kind(id))) && this.name(id) === name,
    );
  }

  findAll(name: string): readonly TypeId[] {
    if (this.#byName === undefined) this.#byName = this.#indexNames();
    return this.#byName.get(name) ?? NOTHING;
  }

  findMember(id: TypeId, name: string): FoundMember | undefined {
    if (name === '') return undefined;
    return this.#searchMember(this.resolve(id), name, 0, new Set());
  }

  alignment(id: TypeId): number {
    if (this.#alignments === undefined) this.#alignments = new Uint8Array(this.typeCount);
    const at = this.resolve(id);
    const known = this.#alignments[at]!;
    if (known !== 0) return known;
    const found = this.#findAlignment(at);
    this.#alignments[at] = found;
    return found;
  }

  type(id: TypeId): BtfType {
    let type = this.#decoded.get(id);
    if (type === undefined) {
      type = this.#decode(id);
      this.#decoded.set(id, type);
    }
    return type;
  }

  #decode(id: TypeId): BtfType {
    const kind = KIND_NAMES[this.#kindNumber(id)]!;
    switch (kind) {
      case 'void':
        return { kind, id };
      case 'int': {
        const encoding = this.#word(id, RECORD_SIZE);
        const flags = (encoding >>> 24) & 0xf;
        return {
          kind,
          id,
          name: this.name(id),
          size: this.#sizes[id]!,
          bits: encoding & 0xff,
          bitOffset: (encoding >>> 16) & 0xff,
          signed: (flags & INT_SIGNED) !== 0,
          boolean: (flags & INT_BOOLEAN) !== 0,
          character: (flags & INT_CHARACTER) !== 0,
        };
      }
      case 'pointer':
      case 'volatile':
      case 'const':
      case 'restrict':
        return { kind, id, target: sizeOrType(this.#records, id) };
      case 'typedef':
      case 'type_tag':
        return { kind, id, name: this.name(id), target: sizeOrType(this.#records, id) };
      case 'array':
        return {
          kind,
          id,
          element: this.#word(id, RECORD_SIZE),
          index: this.#word(id, RECORD_SIZE + 4),
          count: this.#word(id, RECORD_SIZE + 8),
        };
      case 'struct':
      case 'union':
        return this.#composite(kind, id);
      case 'enum':
      case 'enum64':
        return this.#enumeration(kind, id);
      case 'forward':
        return { kind, id, name: this.name(id), union: kindFlag(this.#records, id) };
      case 'function':
        return {
          kind,
          id,
          name: this.name(id),
          prototype: sizeOrType(this.#records, id),
          linkage: LINKAGES[entryCount(this.#records, id)]!,
        };
      case 'function_prototype':
        return this.#prototype(id);
      case 'variable':
        return {
          kind,
          id,
          name: this.name(id),
          type: sizeOrType(this.#records, id),
          linkage: LINKAGES[this.#word(id, RECORD_SIZE)]!,
        };
      case 'data_section':
        return {
          kind,
          id,
          name: this.name(id),
          size: this.#sizes[id]!,
          variables: this.#sectionVariables(id),
        };
      case 'float':
        return { kind, id, name: this.name(id), size: this.#sizes[id]! };
      case 'declaration_tag':
        return {
          kind,
          id,
          name: this.name(id),
          target: sizeOrType(this.#records, id),
          component: this.#word(id, RECORD_SIZE) | 0,
        };
    }
  }

  #kindNumber(id: TypeId): number {
    const kind = id === 0 ? 0 : this.#records.kinds[id];
    if (kind === undefined || id >= this.typeCount) {
      throw new Failure({
        code: 'BPF-B008',
        message: `there is no type ${id} in the BTF of ${this.typeCount - 1} types`,
        place: { file: this.file },
      });
    }
    return kind;
  }

  #word(id: TypeId, offset: number): number {
    return this.#records.view.getUint32(this.#records.offsets[id]! + offset, true);
  }

  #text(offset: number): string {
    return offset === 0 ? '' : this.#records.strings.at(offset)!;
  }

  #composite(kind: 'struct' | 'union', id: TypeId): BtfComposite {
    const members: BtfMember[] = [];
    const entries = entryCount(this.#records, id);
    for (let entry = 0; entry < entries; entry += 1) members.push(this.#member(id, entry));
    return { kind, id, name: this.name(id), size: this.#sizes[id]!, members };
  }

  #member(id: TypeId, entry: number): BtfMember {
    const position = RECORD_SIZE + entry * 12;
    const word = this.#word(id, position + 8);
    const withBitfields = kindFlag(this.#records, id);
    return {
      name: this.#text(this.#word(id, position)),
      type: this.#word(id, position + 4),
      bitOffset: withBitfields ? word & 0xffffff : word,
      bitfieldSize: withBitfields ? word >>> 24 : 0,
    };
  }

  #enumeration(kind: 'enum' | 'enum64', id: TypeId): BtfEnum {
    const signed = kindFlag(this.#records, id);
    const isWide = this.#records.kinds[id] === KIND_ENUM64;
    const values: BtfEnumerator[] = [];
    const entries = entryCount(this.#records, id);
    for (let entry = 0; entry < entries; entry += 1) {
      const position = RECORD_SIZE + entry * (isWide ? 12 : 8);
      const low = this.#word(id, position + 4);
      let value = BigInt(signed && !isWide ? low | 0 : low);
      if (isWide) {
        value |= BigInt(this.#word(id, position + 8)) << 32n;
        if (signed) value = BigInt.asIntN(64, value);
      }
      values.push({ name: this.#text(this.#word(id, position)), value });
    }
    return { kind, id, name: this.name(id), size: this.#sizes[id]!, signed, values };
  }

  #prototype(id: TypeId): BtfFunctionPrototype {
    const parameters: BtfParameter[] = [];
    const entries = entryCount(this.#records, id);
    let variadic = false;
    for (let entry = 0; entry < entries; entry += 1) {
      const position = RECORD_SIZE + entry * 8;
      const type = this.#word(id, position + 4);
      // Only the last entry can be void: it stands for "...".
      if (type === 0) variadic = true;
      else parameters.push({ name: this.#text(this.#word(id, position)), type });
    }
    return {
      kind: 'function_prototype',
      id,
      result: sizeOrType(this.#records, id),
      parameters,
      variadic,
    };
  }

  #sectionVariables(id: TypeId): readonly BtfSectionVariable[] {
    const variables: BtfSectionVariable[] = [];
    const entries = entryCount(this.#records, id);
    for (let entry = 0; entry < entries; entry += 1) {
      const position = RECORD_SIZE + entry * 12;
      variables.push({
        type: this.#word(id, position),
        offset: this.#word(id, position + 4),
        size: this.#word(id, position + 8),
      });
    }
    return variables;
  }

  #indexNames(): Map<string, TypeId[]> {
    const index = new Map<string, TypeId[]>();
    for (let id = 1; id < this.typeCount; id += 1) {
      const offset = this.#word(id, 0);
      if (offset === 0) continue;
      const name = essentialName(this.#text(offset));
      const same = index.get(name);
      if (same === undefined) index.set(name, [id]);
      else same.push(id);
    }
    return index;
  }

  /** `seen`: anonymous types that were searched in vain; each is searched once. */
  #searchMember(
    id: TypeId,
    name: string,
    base: number,
    seen: Set<TypeId>,
  ): FoundMember | undefined {
    const kind = this.#kindNumber(id);
    if (kind !== KIND_STRUCT && kind !== KIND_UNION) return undefined;
    const entries = entryCount(this.#records, id);
    for (let entry = 0; entry < entries; entry += 1) {
      const member = this.#member(id, entry);
      if (member.name === name) return { member, bitOffset: base + member.bitOffset };
      if (member.name !== '') continue;
      const inner = this.resolve(member.type);
      if (seen.has(inner)) continue;
      seen.add(inner);
      const found = this.#searchMember(inner, name, base + member.bitOffset, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #findAlignment(id: TypeId): number {
    const kind = this.#kindNumber(id);
    if (kind === KIND_ARRAY) return this.alignment(this.#word(id, RECORD_SIZE));
    if (kind !== KIND_STRUCT && kind !== KIND_UNION) {
      const size = this.#sizes[id]!;
      // A 12-byte float is the x87 format of 32-bit CPUs, aligned to 4 there.
      return size === 12 ? 4 : Math.min(16, Math.max(1, size));
    }
    let most = 1;
    const entries = entryCount(this.#records, id);
    for (let entry = 0; entry < entries; entry += 1) {
      const member = this.#member(id, entry);
      const alignment = this.alignment(member.type);
      if (member.bitfieldSize === 0 && member.bitOffset % (alignment * 8) !== 0) return 1;
      most = Math.max(most, alignment);
    }
    return this.#sizes[id]! % most === 0 ? most : 1;
  }
}
