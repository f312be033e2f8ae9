import { Failure } from '../diag/index.ts';
import { essentialName } from './name.ts';
import type { Btf, BtfArray, BtfType, CoreKind, CoreRelocation, TypeId } from './types.ts';

/** One step of a path to a field, or the enumerator that a path names. */
export interface Accessor {
  /** The struct, union or enum stepped from; for an array step the type of the element. */
  readonly type: TypeId;
  /** Member, element or enumerator. */
  readonly index: number;
  /** Name of the member or enumerator; absent for array steps. */
  readonly name?: string;
}

/** A path from a type to a field of it, in one BTF. */
export interface Path {
  readonly btf: Btf;
  readonly root: TypeId;
  /** Steps with a name or an index; steps through anonymous members are in `bitOffset` only. */
  readonly steps: readonly Accessor[];
  readonly bitOffset: number;
}

/** Most steps of a path, as the kernel has it. */
const LONGEST_PATH = 64;

/** What a kind of relocation asks about. */
export function subject(kind: CoreKind): 'field' | 'type' | 'enumerator' {
  if (kind.startsWith('field_')) return 'field';
  return kind.startsWith('type_') ? 'type' : 'enumerator';
}

/** Failure about a relocation that no compiler writes, or that cannot be carried out. */
export function refuseRelocation(
  local: Btf,
  relocation: CoreRelocation,
  message: string,
  code = 'BPF-B020',
  help?: string,
): never {
  throw new Failure({
    code,
    message: `${message} (${describe(local, relocation)})`,
    place: { file: local.file, section: relocation.section, offset: relocation.offset },
    ...(help === undefined ? {} : { help }),
  });
}

/** `int`, `struct task_struct`, `enum x`: a type as messages call it. */
export function typeTitle(btf: Btf, id: TypeId): string {
  const kind = btf.kind(id);
  const name = btf.name(id);
  const isTagged = kind === 'struct' || kind === 'union' || kind.startsWith('enum');
  const word = kind === 'enum64' ? 'enum' : kind;
  if (name === '') return `anonymous ${word.replaceAll('_', ' ')}`;
  return isTagged ? `${word} ${name}` : name;
}

/** What a relocation is about, for people: `offset of struct task_struct.mm`. */
export function describe(btf: Btf, relocation: CoreRelocation): string {
  const asked = relocation.kind.replaceAll('_', ' ');
  return `CO-RE ${asked} of ${typeTitle(btf, relocation.type)}${accessTitle(btf, relocation)}`;
}

function accessTitle(btf: Btf, relocation: CoreRelocation): string {
  const indices = parseAccess(relocation.access);
  if (indices === undefined || subject(relocation.kind) === 'type') return '';
  let id = btf.resolve(relocation.type);
  const start = btf.type(id);
  if (start.kind === 'enum' || start.kind === 'enum64') {
    return `::${start.values[indices[0]!]?.name ?? indices[0]!}`;
  }
  let text = indices[0] === 0 ? '' : `[${indices[0]}]`;
  for (const index of indices.slice(1)) {
    const type: BtfType = btf.type(id);
    if (type.kind === 'array') {
      text += `[${index}]`;
      id = btf.resolve(type.element);
    } else if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index];
      if (member === undefined) break;
      if (member.name !== '') text += `.${member.name}`;
      id = btf.resolve(member.type);
    } else {
      break;
    }
  }
  return text;
}

/** Numbers between colons; undefined when the text is anything else. */
function parseAccess(access: string): readonly number[] | undefined {
  if (!/^\d{1,9}(?::\d{1,9})*$/.test(access)) return undefined;
  const indices = access.split(':').map(Number);
  return indices.length > LONGEST_PATH ? undefined : indices;
}

/**
 * An array of unknown length ends its struct and is declared with no elements: any index is valid.
 * `step` is the step by which the array was reached.
 */
export function isFlexible(btf: Btf, step: Accessor | undefined, array: BtfArray): boolean {
  if (step?.name === undefined || array.count > 0) return false;
  const owner = btf.type(step.type);
  const isComposite = owner.kind === 'struct' || owner.kind === 'union';
  return isComposite && step.index === owner.members.length - 1;
}

/** Size of a type that must have one. */
export function sizeForPath(btf: Btf, id: TypeId, refuse: (message: string) => never): number {
  const kind = btf.kind(btf.resolve(id));
  const isSizeless =
    kind === 'void' ||
    kind === 'forward' ||
    kind === 'function' ||
    kind === 'function_prototype' ||
    kind === 'declaration_tag';
  return isSizeless ? refuse(`${typeTitle(btf, id)} has no size`) : btf.size(id);
}

/** The path that a relocation spells, in the BTF of the object itself. */
export function parsePath(local: Btf, relocation: CoreRelocation): Path {
  const refuse = (message: string): never => refuseRelocation(local, relocation, message);
  const indices = parseAccess(relocation.access);
  if (indices === undefined) return refuse(`malformed access string '${relocation.access}'`);
  const root = relocation.type;
  const asked = subject(relocation.kind);
  if (asked === 'type') {
    if (relocation.access !== '0') refuse('a relocation of a type names a field');
    return { btf: local, root, steps: [], bitOffset: 0 };
  }
  let id = local.resolve(root);
  const first = indices[0]!;
  if (asked === 'enumerator') {
    const type = local.type(id);
    const isEnum = type.kind === 'enum' || type.kind === 'enum64';
    const value = isEnum && indices.length === 1 ? type.values[first] : undefined;
    if (value === undefined) return refuse('there is no such enumerator');
    return {
      btf: local,
      root,
      steps: [{ type: id, index: first, name: value.name }],
      bitOffset: 0,
    };
  }
  const steps: Accessor[] = [{ type: id, index: first }];
  let bitOffset = first * sizeForPath(local, id, refuse) * 8;
  for (const index of indices.slice(1)) {
    const type: BtfType = local.type(id);
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index];
      if (member === undefined) return refuse(`there is no member ${index}`);
      bitOffset += member.bitOffset;
      if (member.name !== '') steps.push({ type: id, index, name: member.name });
      id = local.resolve(member.type);
    } else if (type.kind === 'array') {
      if (index >= type.count && !isFlexible(local, steps.at(-1), type)) {
        refuse(`element ${index} is outside an array of ${type.count}`);
      }
      id = local.resolve(type.element);
      steps.push({ type: id, index });
      bitOffset += index * sizeForPath(local, id, refuse) * 8;
    } else {
      refuse(`the path goes through ${typeTitle(local, id)}, which has no members`);
    }
  }
  return { btf: local, root, steps, bitOffset };
}

/** Whether two names are the same but for a flavour. */
export function sameEssentialName(left: string, right: string): boolean {
  return left === right || essentialName(left) === essentialName(right);
}
