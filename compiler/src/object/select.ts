import { closest } from '../base/index.ts';
import { Failure, quote } from '../diag/index.ts';
import type { BpfFunction, BpfInstruction, BpfObject } from './types.ts';

/**
 * The object with the named programs only, and the functions that they reach. Programs that slots of
 * the object's program arrays hold stay as well.
 */
export function selectPrograms(object: BpfObject, names: readonly string[]): BpfObject {
  const wanted = new Set<number>();
  for (const name of names) {
    const program = object.programs.find((candidate) => candidate.name === name);
    if (program === undefined) throw unknownProgram(object, name);
    wanted.add(program.index);
  }
  for (const map of object.maps) {
    for (const { function: index } of map.initial) {
      const program = index === undefined ? undefined : object.functions[index]?.program;
      if (program !== undefined) wanted.add(program);
    }
  }
  const programs = object.programs.filter(({ index }) => wanted.has(index));
  const reached = reachable(
    object,
    programs.map(({ entry }) => entry),
  );
  const kept = object.functions.filter(({ index }) => reached.has(index));
  const newFunction = new Map(kept.map(({ index }, position) => [index, position]));
  const newProgram = new Map(programs.map(({ index }, position) => [index, position]));
  return {
    ...object,
    functions: kept.map(({ program, ...rest }, index): BpfFunction => {
      const kind = program === undefined ? undefined : newProgram.get(program);
      return {
        ...rest,
        index,
        instructions: rest.instructions.map((instruction) => renumber(instruction, newFunction)),
        ...(kind === undefined ? {} : { program: kind }),
      };
    }),
    programs: programs.map((program, index) => ({
      ...program,
      index,
      entry: newFunction.get(program.entry)!,
    })),
    maps: object.maps.map((map) => ({
      ...map,
      initial: map.initial.map((slot) =>
        slot.function === undefined ? slot : { ...slot, function: newFunction.get(slot.function)! },
      ),
    })),
    place: (index, instruction) => object.place(kept[index]!.index, instruction),
  };
}

function unknownProgram(object: BpfObject, name: string): Failure {
  const names = object.programs.map((program) => program.name);
  const near = closest(name, names);
  const shown = names.slice(0, 20).join(', ');
  return new Failure(
    {
      code: 'BPF-O023',
      message: `the object has no program ${quote(name)}`,
      place: { file: object.file },
      help:
        near === undefined
          ? `its programs are: ${shown}${names.length > 20 ? ', ...' : ''}`
          : `did you mean ${quote(near)}?`,
    },
    'usage',
  );
}

/** The function that an instruction names. */
function named(instruction: BpfInstruction): number | undefined {
  if (instruction.kind === 'call_function') return instruction.function;
  if (instruction.kind === 'reference' && instruction.reference.kind === 'function') {
    return instruction.reference.function;
  }
  return undefined;
}

function reachable(object: BpfObject, entries: readonly number[]): ReadonlySet<number> {
  const reached = new Set(entries);
  // A set grows while it is walked: what is added is visited as well.
  for (const index of reached) {
    for (const instruction of object.functions[index]!.instructions) {
      const target = named(instruction);
      if (target !== undefined) reached.add(target);
    }
  }
  return reached;
}

function renumber(
  instruction: BpfInstruction,
  newFunction: ReadonlyMap<number, number>,
): BpfInstruction {
  const target = named(instruction);
  if (target === undefined) return instruction;
  const index = newFunction.get(target)!;
  return instruction.kind === 'reference'
    ? { ...instruction, reference: { kind: 'function', function: index } }
    : instruction.kind === 'call_function'
      ? { ...instruction, function: index }
      : instruction;
}
