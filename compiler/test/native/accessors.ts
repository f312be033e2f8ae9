/**
 * Programs added to an object that reach its maps and data as user space would, so that one run of
 * the runner, or of the interpreter, can prepare an object, call it and look at what it did:
 *   update_M: memory is a key, filled to 8 bytes, and a value; r0 is the helper's result
 *   lookup_M: memory is a key, filled to 8 bytes, and room for a value; r0 is -1 when there is none
 *   walk_M:   r0 is the number of elements << 48 plus the sum of the first 8 bytes of their values
 *   read_S:   memory becomes the bytes of the data section S, dots as underscores, at most 256
 */
import type { BpfFunction, BpfMap, BpfObject, BpfProgram } from '../../src/object/index.ts';
import { asm, type Draft } from '../support/object.ts';

const LOOKUP = 1;
const UPDATE = 2;
const FOR_EACH = 164;
/** hash, array, percpu_hash, percpu_array, lru_hash */
const PLAIN = new Set([1, 2, 5, 6, 9]);
const MOST_DATA = 256;

export function filled(size: number): number {
  return Math.ceil(size / 8) * 8;
}

/** Copies `size` bytes by way of r3. */
function copy(to: number, toOffset: number, from: number, size: number): Draft[] {
  const drafts: Draft[] = [];
  for (let at = 0; at < size; ) {
    const step = ([8, 4, 2, 1] as const).find((width) => at + width <= size)!;
    drafts.push(asm.load(3, step, from, at), asm.storeR(step, to, toOffset + at, 3));
    at += step;
  }
  return drafts;
}

function update(map: BpfMap): Draft[] {
  return [
    asm.movR(2, 1),
    asm.movR(3, 1),
    asm.aluI('add', 3, filled(map.keySize)),
    asm.map(1, map.index),
    asm.movI(4, 0),
    asm.helper(UPDATE),
    asm.exit,
  ];
}

function lookup(map: BpfMap): Draft[] {
  return [
    asm.movR(6, 1),
    asm.movR(2, 1),
    asm.map(1, map.index),
    asm.helper(LOOKUP),
    asm.branchI('ne', 0, 0, 7),
    asm.movI(0, -1),
    asm.exit,
    ...copy(6, filled(map.keySize), 0, map.valueSize),
    asm.movI(0, 0),
    asm.exit,
  ];
}

function walk(map: BpfMap, callback: number): Draft[] {
  return [
    asm.storeI(8, 10, -8, 0),
    asm.storeI(8, 10, -16, 0),
    asm.map(1, map.index),
    asm.refer(2, { kind: 'function', function: callback }),
    asm.movR(3, 10),
    asm.aluI('add', 3, -16),
    asm.movI(4, 0),
    asm.helper(FOR_EACH),
    asm.load(0, 8, 10, -16),
    asm.aluI('lsh', 0, 48),
    asm.load(1, 8, 10, -8),
    asm.aluR('add', 0, 1),
    asm.exit,
  ];
}

/** The callback of walk: (map, key, value, context). */
const COUNT_AND_SUM: readonly Draft[] = [
  asm.load(1, 8, 4, 0),
  asm.aluI('add', 1, 1),
  asm.storeR(8, 4, 0, 1),
  asm.load(1, 8, 4, 8),
  asm.load(2, 8, 3, 0),
  asm.aluR('add', 1, 2),
  asm.storeR(8, 4, 8, 1),
  asm.movI(0, 0),
  asm.exit,
];

/** The object with programs that reach each of its plain maps and data sections. */
export function withAccessors(object: BpfObject): BpfObject {
  const functions: BpfFunction[] = [...object.functions];
  const programs: BpfProgram[] = [...object.programs];
  const addFunction = (name: string, drafts: readonly Draft[], program?: number): number => {
    let slot = 0;
    const instructions = drafts.map((draft) => {
      const instruction = { ...draft, slot } as BpfFunction['instructions'][number];
      slot += draft.kind === 'reference' ? 2 : 1;
      return instruction;
    });
    const index = functions.length;
    functions.push({
      index,
      name,
      section: 'accessors',
      sectionOffset: 0,
      instructions,
      linkage: program === undefined ? 'static' : 'global',
      ...(program !== undefined && { program }),
    });
    return index;
  };
  const addProgram = (name: string, drafts: readonly Draft[]) => {
    const index = programs.length;
    programs.push({
      index,
      name,
      kind: 'raw',
      attach: { section: 'raw', type: 'raw', target: '', optional: false, sleepable: false },
      entry: addFunction(name, drafts, index),
    });
  };
  const callback = addFunction('count_and_sum', COUNT_AND_SUM);
  for (const map of object.maps) {
    if (!PLAIN.has(map.type)) continue;
    addProgram(`update_${map.name}`, update(map));
    addProgram(`lookup_${map.name}`, lookup(map));
    if (map.valueSize >= 8) addProgram(`walk_${map.name}`, walk(map, callback));
  }
  for (const section of object.data) {
    const size = Math.min(section.size, MOST_DATA);
    addProgram(`read${section.name.replaceAll('.', '_')}`, [
      asm.movR(6, 1),
      asm.refer(1, { kind: 'data', section: section.index, offset: 0 }),
      ...copy(6, 0, 1, size),
      asm.movI(0, size),
      asm.exit,
    ]);
  }
  return {
    ...object,
    functions,
    programs,
    place: (fn, instruction) =>
      fn < object.functions.length ? object.place(fn, instruction) : { file: object.file },
  };
}
