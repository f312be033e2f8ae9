import type { Btf, BtfComposite, TypeId } from './types.ts';

/** One thing between the braces of a struct or union. */
export type LayoutPiece =
  | { readonly kind: 'member'; readonly index: number }
  | { readonly kind: 'padding_bytes'; readonly count: number }
  /** At most 8, and not across a byte boundary. */
  | { readonly kind: 'padding_bits'; readonly count: number };

/**
 * How to write a struct so that a C compiler lays it out as BTF says: `natural` needs padding at
 * most, `packed` the attribute as well, `opaque` cannot be had with members at all (they overlap or
 * have incomplete types), so only its bytes are declared.
 */
export interface Layout {
  readonly mode: 'natural' | 'packed' | 'opaque';
  readonly alignment: number;
  readonly pieces: readonly LayoutPiece[];
}

const OPAQUE: Layout = { mode: 'opaque', alignment: 1, pieces: [] };

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Layouts of structs and unions, each found once. Padding is bytes, which no ABI aligns. */
export class Layouts {
  readonly #btf: Btf;
  readonly #known = new Map<TypeId, Layout>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** Layout of a struct or union. */
  of(type: BtfComposite): Layout {
    let layout = this.#known.get(type.id);
    if (layout === undefined) {
      layout = this.#find(type);
      this.#known.set(type.id, layout);
    }
    return layout;
  }

  /** Alignment that a C compiler gives the type as it is written; 0 when the type is incomplete. */
  alignment(id: TypeId): number {
    const type = this.#btf.type(this.#btf.resolve(id));
    switch (type.kind) {
      case 'struct':
      case 'union':
        return this.of(type).alignment;
      case 'array':
        return this.alignment(type.element);
      case 'int':
      case 'enum':
      case 'enum64':
      case 'float':
      case 'pointer':
        return this.#btf.alignment(type.id);
      default:
        return 0;
    }
  }

  #find(type: BtfComposite): Layout {
    if (type.members.some((member) => this.alignment(member.type) === 0)) return OPAQUE;
    if (type.kind === 'union') return this.#union(type);
    return this.#struct(type, false) ?? this.#struct(type, true) ?? OPAQUE;
  }

  #union(type: BtfComposite): Layout {
    if (type.members.some((member) => member.bitOffset !== 0)) return OPAQUE;
    let alignment = 1;
    let size = 0;
    for (const member of type.members) {
      alignment = Math.max(alignment, this.alignment(member.type));
      const bytes =
        member.bitfieldSize > 0 ? Math.ceil(member.bitfieldSize / 8) : this.#btf.size(member.type);
      size = Math.max(size, bytes);
    }
    const isPacked = type.size % alignment !== 0;
    if (isPacked) alignment = 1;
    const pieces: LayoutPiece[] = type.members.map((_, index) => ({ kind: 'member', index }));
    if (roundUp(size, alignment) < type.size) {
      pieces.push({ kind: 'padding_bytes', count: type.size });
    }
    return { mode: isPacked ? 'packed' : 'natural', alignment, pieces };
  }

  /** The layout in one of the two modes, undefined when that mode cannot express it. */
  #struct(type: BtfComposite, packed: boolean): Layout | undefined {
    const order = type.members.map((_, index) => index);
    order.sort((a, b) => type.members[a]!.bitOffset - type.members[b]!.bitOffset || a - b);
    const pieces: LayoutPiece[] = [];
    let alignment = 1;
    let position = 0;
    for (const index of order) {
      const member = type.members[index]!;
      const ownAlignment = packed ? 1 : this.alignment(member.type);
      const size = this.#btf.size(member.type);
      const isBitfield = member.bitfieldSize > 0;
      alignment = Math.max(alignment, ownAlignment);
      if (member.bitOffset < position) return undefined;
      if (isBitfield) {
        if (!packed && straddles(member.bitOffset, member.bitfieldSize, size * 8)) return undefined;
        pad(pieces, position, member.bitOffset);
      } else {
        if (member.bitOffset % (ownAlignment * 8) !== 0) return undefined;
        const natural = roundUp(position, ownAlignment * 8);
        if (natural !== member.bitOffset) pad(pieces, position, member.bitOffset);
      }
      pieces.push({ kind: 'member', index });
      position = member.bitOffset + (isBitfield ? member.bitfieldSize : size * 8);
    }
    if (type.size % alignment !== 0) return undefined;
    const end = roundUp(position, alignment * 8);
    if (end > type.size * 8) return undefined;
    if (end !== type.size * 8) pad(pieces, position, type.size * 8);
    return { mode: packed ? 'packed' : 'natural', alignment, pieces };
  }
}

/** Whether a bitfield would be moved to its next storage unit. */
function straddles(bitOffset: number, bits: number, unit: number): boolean {
  return Math.floor(bitOffset / unit) !== Math.floor((bitOffset + bits - 1) / unit);
}

/** Fills the bits between two positions: the rest of a byte, whole bytes, bits of the last byte. */
function pad(pieces: LayoutPiece[], from: number, to: number): void {
  const byteStart = Math.min(to, roundUp(from, 8));
  if (byteStart > from) pieces.push({ kind: 'padding_bits', count: byteStart - from });
  const bytes = Math.floor((to - byteStart) / 8);
  if (bytes > 0) pieces.push({ kind: 'padding_bytes', count: bytes });
  const rest = to - byteStart - bytes * 8;
  if (rest > 0) pieces.push({ kind: 'padding_bits', count: rest });
}
