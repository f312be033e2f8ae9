import {
  type Accessor,
  isFlexible,
  type Path,
  sameEssentialName,
  sizeForPath,
} from './core-spec.ts';
import type { Btf, BtfKind, BtfType, TypeId } from './types.ts';

function isEnum(kind: BtfKind): boolean {
  return kind === 'enum' || kind === 'enum64';
}

function isComposite(kind: BtfKind): boolean {
  return kind === 'struct' || kind === 'union';
}

/** Whether types of two kinds may stand for each other: the same kind, or enums of any width. */
export function sameKind(left: BtfKind, right: BtfKind): boolean {
  return left === right || (isEnum(left) && isEnum(right));
}

/**
 * Whether a field of the target may stand for one of the object: both composites, or the same kind;
 * of enums and forward declarations also the same name unless one has none; of arrays the elements.
 */
function fieldsCompatible(local: Btf, localId: TypeId, target: Btf, targetId: TypeId): boolean {
  let left = local.type(local.resolve(localId));
  let right = target.type(target.resolve(targetId));
  while (left.kind === 'array' && right.kind === 'array') {
    left = local.type(local.resolve(left.element));
    right = target.type(target.resolve(right.element));
  }
  if (isComposite(left.kind) && isComposite(right.kind)) return true;
  if (!sameKind(left.kind, right.kind)) return false;
  switch (left.kind) {
    case 'pointer':
    case 'float':
      return true;
    case 'forward':
    case 'enum':
    case 'enum64': {
      const name = local.name(left.id);
      const other = target.name(right.id);
      return name === '' || other === '' || sameEssentialName(name, other);
    }
    case 'int':
      return left.bitOffset === 0 && right.kind === 'int' && right.bitOffset === 0;
    default:
      return false;
  }
}

interface MatchedMember {
  readonly step: Accessor;
  readonly bitOffset: number;
  readonly type: TypeId;
}

/** The field as seen from the object: its name and type. */
interface Wanted {
  readonly btf: Btf;
  readonly name: string;
  readonly type: TypeId;
}

/**
 * The member of the target with the name of the wanted one and a compatible type, also inside
 * anonymous members. `seen`: anonymous types searched in vain.
 */
function matchMember(
  wanted: Wanted,
  target: Btf,
  targetId: TypeId,
  base: number,
  seen: Set<TypeId>,
): MatchedMember | undefined {
  const id = target.resolve(targetId);
  const type = target.type(id);
  if (type.kind !== 'struct' && type.kind !== 'union') return undefined;
  for (const [index, member] of type.members.entries()) {
    const bitOffset = base + member.bitOffset;
    if (member.name === wanted.name) {
      return fieldsCompatible(wanted.btf, wanted.type, target, member.type)
        ? { step: { type: id, index, name: member.name }, bitOffset, type: member.type }
        : undefined;
    }
    const inner = target.resolve(member.type);
    if (member.name !== '' || seen.has(inner)) continue;
    seen.add(inner);
    const found = matchMember(wanted, target, inner, bitOffset, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The path in a candidate of the target that corresponds to a path to a field of the object. */
export function matchField(
  path: Path,
  target: Btf,
  candidate: TypeId,
  refuse: (message: string) => never,
): Path | undefined {
  const steps: Accessor[] = [];
  let bitOffset = 0;
  let id = candidate;
  for (const [position, step] of path.steps.entries()) {
    if (step.name !== undefined) {
      const owner = path.btf.type(step.type);
      if (owner.kind !== 'struct' && owner.kind !== 'union') return undefined;
      const wanted = { btf: path.btf, name: step.name, type: owner.members[step.index]!.type };
      const found = matchMember(wanted, target, id, bitOffset, new Set());
      if (found === undefined) return undefined;
      steps.push(found.step);
      bitOffset = found.bitOffset;
      id = found.type;
      continue;
    }
    // The first step chooses among objects of the root type itself; only later ones enter arrays.
    if (position > 0) {
      const array: BtfType = target.type(target.resolve(id));
      if (array.kind !== 'array') return undefined;
      if (step.index >= array.count && !isFlexible(target, steps.at(-1), array)) return undefined;
      id = target.resolve(array.element);
    } else {
      id = target.resolve(id);
    }
    steps.push({ type: id, index: step.index });
    // An index of 0 costs no size, so a type without one is no error there.
    if (step.index > 0) bitOffset += step.index * sizeForPath(target, id, refuse) * 8;
  }
  return { btf: target, root: candidate, steps, bitOffset };
}

/** The enumerator of a candidate of the target with the name, but for flavours, of the object's. */
export function matchEnumerator(path: Path, target: Btf, candidate: TypeId): Path | undefined {
  const id = target.resolve(candidate);
  const type = target.type(id);
  if (type.kind !== 'enum' && type.kind !== 'enum64') return undefined;
  const wanted = path.steps[0]!.name!;
  const index = type.values.findIndex((value) => sameEssentialName(wanted, value.name));
  if (index < 0) return undefined;
  const step = { type: id, index, name: type.values[index]!.name };
  return { btf: target, root: candidate, steps: [step], bitOffset: 0 };
}
