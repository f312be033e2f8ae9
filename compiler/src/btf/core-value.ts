import { type Path, sizeForPath } from './core-spec.ts';
import type { Btf, BtfMember, CoreKind, TypeId } from './types.ts';

/** What one side (the object or the target) answers to a relocation. */
export interface Answer {
  readonly value: bigint;
  readonly check: 'none' | 'low' | 'all';
  /** For offsets: the type that is loaded or stored there, and its size. */
  readonly accessed?: { readonly type: TypeId; readonly size: number };
}

type Refuse = (message: string) => never;

/** Answer for a relocation of a field; undefined when there is no such field and no answer. */
export function fieldAnswer(
  kind: CoreKind,
  path: Path | undefined,
  refuse: Refuse,
): Answer | undefined {
  if (kind === 'field_exists') return { value: path === undefined ? 0n : 1n, check: 'all' };
  if (path === undefined) return undefined;
  const { btf } = path;
  const last = path.steps.at(-1)!;
  if (last.name === undefined) {
    const size = sizeForPath(btf, last.type, refuse);
    if (kind === 'field_byte_size') return { value: BigInt(size), check: 'all' };
    if (kind !== 'field_byte_offset') return refuse('an array element has no such property');
    const value = BigInt(Math.floor(path.bitOffset / 8));
    return { value, check: 'all', accessed: { type: last.type, size } };
  }
  const owner = btf.type(last.type);
  if (owner.kind !== 'struct' && owner.kind !== 'union') return refuse('its owner has no members');
  return memberAnswer(kind, btf, owner.members[last.index]!, path.bitOffset, refuse);
}

function memberAnswer(
  kind: CoreKind,
  btf: Btf,
  member: BtfMember,
  bitOffset: number,
  refuse: Refuse,
): Answer {
  const id = btf.resolve(member.type);
  const isBitfield = member.bitfieldSize > 0;
  const storage = isBitfield
    ? bitfieldStorage(btf.size(id), bitOffset, member.bitfieldSize, refuse)
    : { offset: Math.floor(bitOffset / 8), size: sizeForPath(btf, id, refuse) };
  const bits = isBitfield ? member.bitfieldSize : storage.size * 8;
  // Compilers choose the storage of a bitfield as they like, so what they wrote proves nothing.
  const check = isBitfield ? 'none' : 'all';
  switch (kind) {
    case 'field_byte_offset': {
      const value = BigInt(storage.offset);
      return isBitfield
        ? { value, check }
        : { value, check, accessed: { type: id, size: storage.size } };
    }
    case 'field_byte_size':
      return { value: BigInt(storage.size), check };
    case 'field_signed': {
      const type = btf.type(id);
      const isEnum = type.kind === 'enum' || type.kind === 'enum64';
      const isSigned = (isEnum || type.kind === 'int') && type.signed;
      // Older compilers know that an enum is signed, but do not write it into the BTF.
      return { value: isSigned ? 1n : 0n, check: isEnum ? 'none' : 'all' };
    }
    case 'field_left_shift':
      return { value: BigInt(64 - (bitOffset + bits - storage.offset * 8)), check };
    case 'field_right_shift':
      return { value: BigInt(64 - bits), check: 'all' };
    default:
      return refuse('a field has no such property');
  }
}

/** The smallest aligned integer of at least the declared size that holds all bits of a bitfield. */
function bitfieldStorage(
  declaredSize: number,
  bitOffset: number,
  bits: number,
  refuse: Refuse,
): { offset: number; size: number } {
  let size = Math.max(1, declaredSize);
  const startOf = (): number => Math.floor(bitOffset / 8 / size) * size;
  while (bitOffset + bits - startOf() * 8 > size * 8) {
    if (size >= 8) refuse('the bitfield cannot be read with one load');
    size *= 2;
  }
  return { offset: startOf(), size };
}

/** Answer for a relocation of a type; types that do not exist answer 0. */
export function typeAnswer(kind: CoreKind, path: Path | undefined, refuse: Refuse): Answer {
  if (path === undefined) return { value: 0n, check: 'all' };
  switch (kind) {
    case 'type_exists':
    case 'type_matches':
      return { value: 1n, check: 'all' };
    case 'type_size':
      return { value: BigInt(sizeForPath(path.btf, path.root, refuse)), check: 'all' };
    case 'type_id_target':
    case 'type_id_local':
      // Linking renumbers types without looking into instructions.
      return { value: BigInt(path.root), check: 'none' };
    default:
      return refuse('a type has no such property');
  }
}

/** Answer for a relocation of an enumerator; undefined when its value is asked and there is none. */
export function enumeratorAnswer(kind: CoreKind, path: Path | undefined): Answer | undefined {
  if (kind === 'enumerator_exists') return { value: path === undefined ? 0n : 1n, check: 'all' };
  if (path === undefined) return undefined;
  const step = path.steps[0]!;
  const type = path.btf.type(step.type);
  if (type.kind !== 'enum' && type.kind !== 'enum64') return undefined;
  // Whether 32-bit enums are signed is not in the BTF of older compilers: the upper half may differ.
  const check = type.kind === 'enum' ? 'low' : 'all';
  return { value: BigInt.asUintN(64, type.values[step.index]!.value), check };
}
