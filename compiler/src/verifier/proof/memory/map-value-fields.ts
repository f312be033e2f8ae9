/**
 * Parts of a map's value (or of a global variable) that only helpers may touch: locks, timers, and what
 * else the kernel finds by the name of its type. A lock that a program could overwrite would protect
 * nothing; a timer is a structure of the runtime.
 */
import type { Btf, BtfArray, BtfComposite, TypeId } from '../../../btf/index.ts';
import type { BpfMap, BpfObject, DataSection } from '../../../object/index.ts';

/** Where a special field is. */
export interface SpecialField {
  /** As it is written in C: `struct bpf_timer`, `kptr pointer`. */
  readonly type: string;
  readonly offset: number;
  readonly size: number;
}

const STRUCTURES: ReadonlySet<string> = new Set([
  'bpf_spin_lock',
  'bpf_res_spin_lock',
  'bpf_timer',
  'bpf_wq',
  'bpf_task_work',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
  'bpf_refcount',
]);
/** Type tags of pointers to objects of the kernel. */
const POINTERS: ReadonlySet<string> = new Set(['kptr', 'kptr_untrusted', 'percpu_kptr', 'uptr']);

/** Deeper than the kernel looks; types are input and may be nested without end. */
const DEEPEST = 32;
/** More fields than that (the kernel allows a dozen) are taken for one that covers them all. */
const MOST_FIELDS = 64;

const NONE: readonly SpecialField[] = [];

const ofMap = new WeakMap<BpfMap, readonly SpecialField[]>();
const ofSection = new WeakMap<DataSection, readonly SpecialField[]>();
/** By type, so that types inside types are looked at once. */
const ofType = new WeakMap<Btf, Map<TypeId, readonly SpecialField[]>>();

/** Special fields in the value of a map, as its BTF tells; none without BTF. */
export function specialFieldsOfMap(object: BpfObject, map: BpfMap): readonly SpecialField[] {
  let fields = ofMap.get(map);
  if (fields === undefined) {
    const { btf } = object;
    fields =
      btf === undefined || map.valueType === undefined ? NONE : fieldsOf(btf, map.valueType, 0);
    ofMap.set(map, fields);
  }
  return fields;
}

/** Special fields in the variables of a data section. */
export function specialFieldsOfSection(
  object: BpfObject,
  section: DataSection,
): readonly SpecialField[] {
  let fields = ofSection.get(section);
  if (fields === undefined) {
    const found: SpecialField[] = [];
    const { btf } = object;
    if (btf !== undefined) {
      for (const { type, offset } of section.variables) {
        if (type !== undefined) addMoved(found, fieldsOf(btf, type, 0), offset);
      }
    }
    fields = found.length === 0 ? NONE : found;
    ofSection.set(section, fields);
  }
  return fields;
}

function fieldsOf(btf: Btf, id: TypeId, depth: number): readonly SpecialField[] {
  let known = ofType.get(btf);
  if (known === undefined) {
    known = new Map();
    ofType.set(btf, known);
  }
  const resolved = btf.resolve(id);
  let fields = known.get(resolved);
  if (fields === undefined) {
    fields = depth > DEEPEST ? NONE : find(btf, resolved, depth);
    known.set(resolved, fields);
  }
  return fields;
}

function find(btf: Btf, id: TypeId, depth: number): readonly SpecialField[] {
  const type = btf.type(id);
  switch (type.kind) {
    case 'variable':
      return fieldsOf(btf, type.type, depth + 1);
    case 'pointer': {
      // The tag that makes it a pointer to an object of the kernel stands first in what it points to.
      const target = btf.type(type.target);
      const tagged = target.kind === 'type_tag' && POINTERS.has(target.name);
      return tagged ? [{ type: `${target.name} pointer`, offset: 0, size: 8 }] : NONE;
    }
    case 'array':
      return inArray(btf, type, depth);
    case 'struct':
    case 'union':
      return inComposite(btf, type, depth);
    default:
      return NONE;
  }
}

function inComposite(btf: Btf, type: BtfComposite, depth: number): readonly SpecialField[] {
  if (type.kind === 'struct' && STRUCTURES.has(type.name)) {
    return [{ type: `struct ${type.name}`, offset: 0, size: type.size }];
  }
  const found: SpecialField[] = [];
  for (const member of type.members) {
    if (member.bitfieldSize !== 0 || member.bitOffset % 8 !== 0) continue;
    addMoved(found, fieldsOf(btf, member.type, depth + 1), member.bitOffset / 8);
  }
  return found.length === 0 ? NONE : found;
}

function inArray(btf: Btf, array: BtfArray, depth: number): readonly SpecialField[] {
  const element = fieldsOf(btf, array.element, depth + 1);
  const [first] = element;
  const size = btf.size(array.element);
  if (first === undefined || size === 0 || array.count === 0) return NONE;
  if (array.count * element.length > MOST_FIELDS) {
    return [{ type: first.type, offset: 0, size: array.count * size }];
  }
  const found: SpecialField[] = [];
  for (let index = 0; index < array.count; index++) addMoved(found, element, index * size);
  return found;
}

/** Adds fields that lie at `offset`; too many become one. */
function addMoved(found: SpecialField[], fields: readonly SpecialField[], offset: number): void {
  for (const field of fields) found.push({ ...field, offset: field.offset + offset });
  if (found.length <= MOST_FIELDS) return;
  const start = Math.min(...found.map((field) => field.offset));
  const end = Math.max(...found.map((field) => field.offset + field.size));
  found.splice(0, found.length, { type: found[0]!.type, offset: start, size: end - start });
}
