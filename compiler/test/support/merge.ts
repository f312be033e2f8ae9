import type { BpfFunction, BpfInstruction, BpfObject, Reference } from '../../src/object/index.ts';

/**
 * One object of all programs, functions, maps and data of many, in order: compiling and linking once
 * costs far less than doing so for each. Program p of object n is program (programs before) + p.
 * Names become unique by a prefix; kinds, sections and contents stay.
 */
export function mergeObjects(objects: readonly BpfObject[]): BpfObject {
  const functions: BpfFunction[] = [];
  const programs: BpfObject['programs'][number][] = [];
  const maps: BpfObject['maps'][number][] = [];
  const data: BpfObject['data'][number][] = [];
  const owner: { object: BpfObject; first: number }[] = [];
  objects.forEach((object, number) => {
    const at = {
      functions: functions.length,
      maps: maps.length,
      data: data.length,
      programs: programs.length,
    };
    const prefixed = (name: string) => `n${number}_${name}`;
    for (const fn of object.functions) {
      owner.push({ object, first: at.functions });
      functions.push({
        ...fn,
        index: at.functions + fn.index,
        name: prefixed(fn.name),
        instructions: fn.instructions.map((instruction) => moved(instruction, at)),
        ...(fn.program !== undefined && { program: at.programs + fn.program }),
      });
    }
    for (const program of object.programs) {
      programs.push({
        ...program,
        index: at.programs + program.index,
        name: prefixed(program.name),
        entry: at.functions + program.entry,
      });
    }
    for (const map of object.maps) {
      maps.push({
        ...map,
        index: at.maps + map.index,
        name: prefixed(map.name),
        initial: map.initial.map((slot) => ({
          ...slot,
          ...(slot.map !== undefined && { map: at.maps + slot.map }),
          ...(slot.function !== undefined && { function: at.functions + slot.function }),
        })),
      });
    }
    for (const section of object.data) {
      data.push({ ...section, index: at.data + section.index, name: `${section.name}.n${number}` });
    }
  });
  return {
    file: 'merged.o',
    hash: '00'.repeat(32),
    name: 'merged',
    functions,
    programs,
    maps,
    data,
    license: 'GPL',
    place: (fn, instruction) => owner[fn]!.object.place(fn - owner[fn]!.first, instruction),
  };
}

/** Functions, maps and data counted from the first of the object's in the merged one. */
interface Start {
  readonly functions: number;
  readonly maps: number;
  readonly data: number;
}

function moved(instruction: BpfInstruction, at: Start): BpfInstruction {
  if (instruction.kind === 'call_function') {
    return { ...instruction, function: at.functions + instruction.function };
  }
  if (instruction.kind === 'reference') {
    return { ...instruction, reference: movedReference(instruction.reference, at) };
  }
  return instruction;
}

function movedReference(reference: Reference, at: Start): Reference {
  switch (reference.kind) {
    case 'value':
      return reference;
    case 'map':
    case 'map_value':
      return { ...reference, map: at.maps + reference.map };
    case 'data':
      return { ...reference, section: at.data + reference.section };
    case 'function':
      return { ...reference, function: at.functions + reference.function };
  }
}
