/**
 * Parts of a map's value (or of a global variable) that only helpers may touch: locks, timers, and what
 * else the kernel finds by the name of its type. A lock that a program could overwrite would protect
 * nothing; a timer is a structure of the runtime.
 */
import type { Btf, BtfArray, TypeId } from '../../btf/index.ts';
import type { BpfMap, BpfObject, DataSection } from '../../object/index.ts';

/** Where a special field is. */
export interface SpecialField {
  /** As it is written in C: `struct bpf_timer`, `kptr`. */
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

/** Types are input: they may be nested without end, or be arrays of a billion. */
const DEEPEST = 32;
const MOST_ELEMENTS = 256;
const MOST_FIELDS = 4096;

const NONE: readonly SpecialField[] = [];

const ofMap = new WeakMap<BpfMap, readonly SpecialField[]>();
const ofSection = new WeakMap<DataSection, readonly SpecialField[]>();

/** Special fields in the value of a map, as its BTF tells; none without BTF. */
export function specialFieldsOfMap(object: BpfObject, map: BpfMap): readonly SpecialField[] {
  let fields = ofMap.get(map);
  if (fields === undefined) {
    fields =
      object.btf === undefined || map.valueType === undefined
        ? NONE
        : find(object.btf, map.valueType, map.valueSize);
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
      for (const { type, offset, size } of section.variables) {
        if (type === undefined) continue;
        for (const field of find(btf, type, size)) {
          found.push({ ...field, offset: field.offset + offset });
        }
      }
    }
    fields = found.length === 0 ? NONE : found;
    ofSection.set(section, fields);
  }
  return fields;
}

function find(btf: Btf, type: TypeId, size: number): readonly SpecialField[] {
  const found: SpecialField[] = [];
  collect(btf, type, 0, size, 0, found);
  return found.length === 0 ? NONE : found;
}

/** The tag that makes a pointer one to an object of the kernel: it stands first in what is pointed to. */
function pointerTag(btf: Btf, target: TypeId): string | undefined {
  const tag = btf.type(target);
  return tag.kind === 'type_tag' && POINTERS.has(tag.name) ? tag.name : undefined;
}

/** Adds the special fields of a type at `offset`, as far as they begin before `end`. */
function collect(
  btf: Btf,
  id: TypeId,
  offset: number,
  end: number,
  depth: number,
  found: SpecialField[],
): void {
  if (depth > DEEPEST || offset >= end || found.length >= MOST_FIELDS) return;
  const type = btf.type(btf.resolve(id));
  if (type.kind === 'pointer') {
    const tag = pointerTag(btf, type.target);
    if (tag !== undefined) found.push({ type: `${tag} pointer`, offset, size: 8 });
    return;
  }
  if (type.kind === 'array') {
    collectArray(btf, type, offset, end, depth, found);
    return;
  }
  if (type.kind !== 'struct' && type.kind !== 'union') return;
  if (type.kind === 'struct' && STRUCTURES.has(type.name)) {
    found.push({ type: `struct ${type.name}`, offset, size: type.size });
    return;
  }
  for (const member of type.members) {
    if (member.bitfieldSize !== 0 || member.bitOffset % 8 !== 0) continue;
    collect(btf, member.type, offset + member.bitOffset / 8, end, depth + 1, found);
  }
}

function collectArray(
  btf: Btf,
  array: BtfArray,
  offset: number,
  end: number,
  depth: number,
  found: SpecialField[],
): void {
  const element: SpecialField[] = [];
  collect(btf, array.element, 0, end - offset, depth + 1, element);
  if (element.length === 0) return;
  const size = btf.size(array.element);
  if (size === 0) return;
  const count = Math.min(array.count, Math.ceil((end - offset) / size));
  if (count * element.length > MOST_ELEMENTS) {
    // Too many to list: nothing of such an array can be touched.
    found.push({ type: element[0]!.type, offset, size: count * size });
    return;
  }
  for (let index = 0; index < count; index++) {
    for (const field of element) {
      found.push({ ...field, offset: field.offset + offset + index * size });
    }
  }
}
