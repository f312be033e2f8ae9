import type { Btf, BtfType, TypeId } from '../btf/index.ts';
import type { BpfFunction, BpfObject } from '../object/index.ts';
import { BtfWriter, copyTypes } from './btf-writer.ts';

/** The types that go to the kernel with a program. */
export interface ProgramTypes {
  readonly writer: BtfWriter;
  /** Type id of each function, by its index in the object; undefined when some function has none. */
  readonly functions: ReadonlyMap<number, TypeId> | undefined;
  /** Type id of the data section of each index that is described in full. */
  readonly sections: ReadonlyMap<number, TypeId>;
}

/** The object's types as the kernel takes them, or made-up ones where it has none and they are needed. */
export function typesOf(
  object: BpfObject,
  functions: readonly BpfFunction[],
): ProgramTypes | undefined {
  if (object.btf !== undefined) return givenTypes(object, object.btf, functions);
  return functions.length > 1 ? madeUpTypes(functions) : undefined;
}

/**
 * Compilers leave to loaders where variables lie and which functions are hidden; what stands for
 * symbols of the kernel the kernel itself does not take.
 */
function givenTypes(object: BpfObject, btf: Btf, functions: readonly BpfFunction[]): ProgramTypes {
  const writer = new BtfWriter();
  const sections = new Map<number, TypeId>();
  const linkages = new Map<TypeId, BpfFunction['linkage']>();
  for (const fn of object.functions) {
    if (fn.btfFunction !== undefined) linkages.set(fn.btfFunction, fn.linkage);
  }
  copyTypes(btf, writer, (type) => {
    if (type.kind === 'variable') return type.linkage === 'extern' ? undefined : type;
    if (type.kind === 'function') {
      return { ...type, linkage: linkages.get(type.id) ?? type.linkage };
    }
    if (type.kind !== 'data_section') return type;
    const section = object.data.find(({ name }) => name === type.name);
    const placed = section === undefined ? undefined : placeVariables(btf, type, section);
    if (placed !== undefined) sections.set(section!.index, type.id);
    return placed;
  });
  const ids = new Map<number, TypeId>();
  for (const fn of functions) if (fn.btfFunction !== undefined) ids.set(fn.index, fn.btfFunction);
  if (ids.size === functions.length) return { writer, functions: ids, sections };
  const madeUp = ids.size === 0 && functions.length > 1;
  return { writer, functions: madeUp ? addFunctions(writer, functions) : undefined, sections };
}

/** A data section with the offsets that linking gave its variables; undefined when one is not known. */
function placeVariables(
  btf: Btf,
  type: Extract<BtfType, { kind: 'data_section' }>,
  section: BpfObject['data'][number],
): BtfType | undefined {
  const free = new Set(section.variables);
  const variables = [];
  for (const { type: id, size } of type.variables) {
    const variable = btf.type(id);
    if (variable.kind !== 'variable' || variable.linkage === 'extern') return undefined;
    const found = [...free].find(
      (one) => one.name === variable.name && one.type === variable.type && one.size === size,
    );
    if (found === undefined) return undefined;
    free.delete(found);
    variables.push({ type: id, offset: found.offset, size });
  }
  if (variables.length === 0 || section.size === 0) return undefined;
  variables.sort((left, right) => left.offset - right.offset);
  return { ...type, size: section.size, variables };
}

function madeUpTypes(functions: readonly BpfFunction[]): ProgramTypes {
  const writer = new BtfWriter();
  return { writer, functions: addFunctions(writer, functions), sections: new Map() };
}

/**
 * Callbacks, and subprograms that make tail calls, need function types. Without given ones every
 * function but the entry is static: `int name(void)` says nothing that could be wrong of one.
 */
function addFunctions(
  writer: BtfWriter,
  functions: readonly BpfFunction[],
): ReadonlyMap<number, TypeId> {
  const int = writer.add({
    ...{ kind: 'int', id: 0, name: 'int', size: 4, bits: 32, bitOffset: 0 },
    ...{ signed: true, boolean: false, character: false },
  });
  const prototype = writer.add({
    ...{ kind: 'function_prototype', id: 0, result: int, parameters: [], variadic: false },
  });
  return new Map(
    functions.map((fn, position): [number, TypeId] => {
      // A made-up name too: the kernel takes C identifiers only.
      const name = `function_${fn.index}`;
      const linkage = position === 0 ? 'global' : 'static';
      return [fn.index, writer.add({ kind: 'function', id: 0, name, prototype, linkage })];
    }),
  );
}
