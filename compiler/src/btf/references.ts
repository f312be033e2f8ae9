import {
  isAlias,
  isModifier,
  KIND_ARRAY,
  KIND_DATA_SECTION,
  KIND_DECLARATION_TAG,
  KIND_FORWARD,
  KIND_FUNCTION,
  KIND_FUNCTION_PROTOTYPE,
  KIND_POINTER,
  KIND_STRUCT,
  KIND_TYPEDEF,
  KIND_UNION,
  KIND_VARIABLE,
  KIND_VOID,
  RECORD_SIZE,
} from './kinds.ts';
import { entryCount, kindFlag, type Records, refuseType, sizeOrType } from './records.ts';

/** Kinds that are declarations, not types that something could be of. */
function isDeclaration(kind: number): boolean {
  return (
    kind === KIND_FUNCTION ||
    kind === KIND_VARIABLE ||
    kind === KIND_DATA_SECTION ||
    kind === KIND_DECLARATION_TAG
  );
}

function checkType(records: Records, id: number, target: number, what: string): void {
  if (target >= records.count) {
    const hint = records.count > 0 ? `, but there are ${records.count - 1} types` : '';
    refuseType(records, id, 'BPF-B006', `refers to type ${target} as ${what}${hint}`);
  }
  if (isDeclaration(records.kinds[target]!)) {
    refuseType(records, id, 'BPF-B006', `refers to a declaration (type ${target}) as ${what}`);
  }
}

/** Checks what every type refers to: that it exists, and is of a kind that may stand there. */
export function checkReferences(records: Records): void {
  for (let id = 1; id < records.count; id += 1) {
    const kind = records.kinds[id]!;
    if (isAlias(kind) || kind === KIND_POINTER) {
      checkType(records, id, sizeOrType(records, id), 'its target');
    } else if (kind === KIND_STRUCT || kind === KIND_UNION) {
      checkMembers(records, id);
    } else if (kind === KIND_ARRAY) {
      const position = records.offsets[id]! + RECORD_SIZE;
      checkType(records, id, records.view.getUint32(position, true), 'its element');
      checkType(records, id, records.view.getUint32(position + 4, true), 'its index');
    } else if (kind === KIND_FUNCTION) {
      checkFunction(records, id);
    } else if (kind === KIND_FUNCTION_PROTOTYPE) {
      checkPrototype(records, id);
    } else if (kind === KIND_VARIABLE) {
      checkType(records, id, sizeOrType(records, id), 'its type');
      const linkage = records.view.getUint32(records.offsets[id]! + RECORD_SIZE, true);
      if (linkage > 2) refuseType(records, id, 'BPF-B005', `has the unknown linkage ${linkage}`);
    } else if (kind === KIND_DATA_SECTION) {
      checkDataSection(records, id);
    } else if (kind === KIND_DECLARATION_TAG) {
      checkTag(records, id);
    }
  }
}

function checkMembers(records: Records, id: number): void {
  const { view, count, kinds } = records;
  const entries = entryCount(records, id);
  let position = records.offsets[id]! + RECORD_SIZE + 4;
  for (let entry = 0; entry < entries; entry += 1, position += 12) {
    const target = view.getUint32(position, true);
    if (target >= count || isDeclaration(kinds[target]!)) {
      checkType(records, id, target, `member ${entry}`);
    }
  }
}

function checkFunction(records: Records, id: number): void {
  const target = sizeOrType(records, id);
  if (target >= records.count || records.kinds[target] !== KIND_FUNCTION_PROTOTYPE) {
    refuseType(records, id, 'BPF-B006', `has no prototype: type ${target} is none`);
  }
  const linkage = entryCount(records, id);
  if (linkage > 2) refuseType(records, id, 'BPF-B005', `has the unknown linkage ${linkage}`);
}

function checkPrototype(records: Records, id: number): void {
  checkType(records, id, sizeOrType(records, id), 'its result');
  const entries = entryCount(records, id);
  let position = records.offsets[id]! + RECORD_SIZE;
  for (let entry = 0; entry < entries; entry += 1, position += 8) {
    const target = records.view.getUint32(position + 4, true);
    checkType(records, id, target, `parameter ${entry}`);
    if (target === KIND_VOID && entry !== entries - 1) {
      refuseType(records, id, 'BPF-B006', `has parameter ${entry} of type void`);
    }
  }
}

function checkDataSection(records: Records, id: number): void {
  const entries = entryCount(records, id);
  let position = records.offsets[id]! + RECORD_SIZE;
  for (let entry = 0; entry < entries; entry += 1, position += 12) {
    const target = records.view.getUint32(position, true);
    const kind = target < records.count ? records.kinds[target]! : KIND_VOID;
    if (kind !== KIND_VARIABLE && kind !== KIND_FUNCTION) {
      refuseType(
        records,
        id,
        'BPF-B006',
        `has type ${target}, which is no variable, as entry ${entry}`,
      );
    }
  }
}

function checkTag(records: Records, id: number): void {
  const target = sizeOrType(records, id);
  if (target === KIND_VOID || target >= records.count) {
    refuseType(records, id, 'BPF-B006', `refers to type ${target} as its target`);
  }
  const component = records.view.getInt32(records.offsets[id]! + RECORD_SIZE, true);
  const kind = records.kinds[target]!;
  let components = 0;
  if (kind === KIND_STRUCT || kind === KIND_UNION) components = entryCount(records, target);
  if (kind === KIND_FUNCTION) {
    const prototype = sizeOrType(records, target);
    if (prototype < records.count && records.kinds[prototype] === KIND_FUNCTION_PROTOTYPE) {
      components = entryCount(records, prototype);
    }
  }
  if (component < -1 || component >= components) {
    refuseType(records, id, 'BPF-B006', `tags component ${component} of ${components}`);
  }
}

/** Types that stand between a type and its layout (members, elements, what an alias names). */
export function layoutEdge(records: Records, id: number, edge: number): number {
  const kind = records.kinds[id]!;
  if (kind === KIND_STRUCT || kind === KIND_UNION) {
    if (edge >= entryCount(records, id)) return -1;
    return records.view.getUint32(records.offsets[id]! + RECORD_SIZE + edge * 12 + 4, true);
  }
  if (edge > 0) return -1;
  if (kind === KIND_ARRAY) {
    return records.view.getUint32(records.offsets[id]! + RECORD_SIZE, true);
  }
  return isAlias(kind) || kind === KIND_VARIABLE ? sizeOrType(records, id) : -1;
}

/** Types that stand in the spelling of a type before a struct, union or enum ends it. */
export function spellingEdge(records: Records, id: number, edge: number): number {
  const kind = records.kinds[id]!;
  if (kind === KIND_FUNCTION_PROTOTYPE) {
    if (edge === 0) return sizeOrType(records, id);
    if (edge > entryCount(records, id)) return -1;
    return records.view.getUint32(records.offsets[id]! + RECORD_SIZE + edge * 8 - 4, true);
  }
  if (edge > 0) return -1;
  if (kind === KIND_ARRAY) {
    return records.view.getUint32(records.offsets[id]! + RECORD_SIZE, true);
  }
  return kind === KIND_POINTER || kind === KIND_TYPEDEF || isModifier(kind)
    ? sizeOrType(records, id)
    : -1;
}

/** Chains of types longer than this are refused; the kernel and libbpf stop at 32. */
const LONGEST_CHAIN = 64;

/**
 * Visits every type after all the types that its edges lead to. Refuses cycles and long chains, so
 * that whoever follows the same edges later may recurse. Without recursion, each edge once.
 */
export function visitInOrder(
  records: Records,
  edgeOf: (records: Records, id: number, edge: number) => number,
  what: string,
  visit: (id: number) => void,
): void {
  const isOpen = new Uint8Array(records.count);
  const height = new Uint8Array(records.count);
  height[KIND_VOID] = 1;
  const path: number[] = [];
  const nextEdge: number[] = [];
  for (let first = 1; first < records.count; first += 1) {
    if (height[first] !== 0) continue;
    path.push(first);
    nextEdge.push(0);
    isOpen[first] = 1;
    while (path.length > 0) {
      const top = path.length - 1;
      const id = path[top]!;
      const target = edgeOf(records, id, nextEdge[top]!);
      nextEdge[top]! += 1;
      if (target < 0) {
        isOpen[id] = 0;
        height[id] = Math.max(height[id]!, 1);
        visit(id);
        path.pop();
        nextEdge.pop();
        if (top > 0) raise(path[top - 1]!, id);
      } else if (height[target] !== 0 && isOpen[target] === 0) {
        raise(id, target);
      } else if (isOpen[target] === 1) {
        refuseType(records, target, 'BPF-B007', `is cyclic: it ${what} itself`);
      } else {
        if (path.length >= LONGEST_CHAIN) tooLong(first);
        isOpen[target] = 1;
        path.push(target);
        nextEdge.push(0);
      }
    }
  }

  function raise(id: number, target: number): void {
    const least = height[target]! + 1;
    if (least > LONGEST_CHAIN) tooLong(id);
    if (least > height[id]!) height[id] = least;
  }

  function tooLong(id: number): never {
    refuseType(records, id, 'BPF-B007', `is nested more than ${LONGEST_CHAIN} types deep`);
  }
}

/** Sizes of all types in bytes, checked: no cycles by value, members inside their struct. */
export function measure(records: Records): Uint32Array {
  const sizes = new Uint32Array(records.count);
  visitInOrder(records, spellingEdge, 'is spelled with', () => {});
  visitInOrder(records, layoutEdge, 'contains', (id) => {
    sizes[id] = sizeOf(records, sizes, id);
  });
  return sizes;
}

function sizeOf(records: Records, sizes: Uint32Array, id: number): number {
  const kind = records.kinds[id]!;
  if (kind === KIND_POINTER) return 8;
  if (isAlias(kind) || kind === KIND_VARIABLE) return sizes[sizeOrType(records, id)]!;
  if (kind === KIND_STRUCT || kind === KIND_UNION) {
    checkLayout(records, sizes, id);
    return sizeOrType(records, id);
  }
  if (kind === KIND_ARRAY) {
    const position = records.offsets[id]! + RECORD_SIZE;
    const elementType = records.view.getUint32(position, true);
    checkObject(records, id, elementType, 'element');
    const element = sizes[elementType]!;
    const count = records.view.getUint32(position + 8, true);
    if (element * count > 0xffffffff) {
      refuseType(
        records,
        id,
        'BPF-B005',
        `is larger than 4 GiB: ${count} elements of ${element} bytes`,
      );
    }
    return element * count;
  }
  const isSizeless =
    kind === KIND_FORWARD ||
    kind === KIND_FUNCTION ||
    kind === KIND_FUNCTION_PROTOTYPE ||
    kind === KIND_DECLARATION_TAG;
  return isSizeless ? 0 : sizeOrType(records, id);
}

function checkLayout(records: Records, sizes: Uint32Array, id: number): void {
  const size = sizeOrType(records, id);
  const withBitfields = kindFlag(records, id);
  const entries = entryCount(records, id);
  let position = records.offsets[id]! + RECORD_SIZE;
  for (let entry = 0; entry < entries; entry += 1, position += 12) {
    const type = records.view.getUint32(position + 4, true);
    const word = records.view.getUint32(position + 8, true);
    const bits = withBitfields ? word >>> 24 : 0;
    const bitOffset = withBitfields ? word & 0xffffff : word;
    if (bits === 0 && bitOffset % 8 !== 0) {
      refuseType(records, id, 'BPF-B005', `has member ${entry} at bit ${bitOffset}, inside a byte`);
    }
    if (sizes[type] === 0) checkObject(records, id, type, `member ${entry}`);
    const isInside = bits > 0 ? bitOffset + bits <= size * 8 : bitOffset / 8 + sizes[type]! <= size;
    if (!isInside) {
      refuseType(records, id, 'BPF-B005', `has member ${entry} outside its ${size} bytes`);
    }
    if (bits > sizes[type]! * 8) {
      refuseType(records, id, 'BPF-B005', `has member ${entry} with more bits than its type`);
    }
  }
}

/** Refuses types that nothing can be stored in. */
function checkObject(records: Records, id: number, type: number, what: string): void {
  let at = type;
  while (isAlias(records.kinds[at]!)) at = sizeOrType(records, at);
  const kind = records.kinds[at]!;
  if (kind === KIND_VOID || kind === KIND_FUNCTION_PROTOTYPE) {
    refuseType(records, id, 'BPF-B006', `has ${what} of a type without size`);
  }
}
