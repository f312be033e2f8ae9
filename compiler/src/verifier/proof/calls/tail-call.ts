/** bpf_tail_call(): the program ends and another takes its place, if there is one. */
import type { BpfMap, BpfProgram } from '../../../object/index.ts';
import type { Path } from '../path.ts';
import { refuseUnderLock } from './locks.ts';
import { refuseHeld } from './references.ts';

const firstPrograms = new WeakMap<BpfMap, readonly BpfProgram[]>();

/** A program that the map holds from the start and whose context is another. */
function programOfAnotherType({ object, program }: Path, map: BpfMap): BpfProgram | undefined {
  let programs = firstPrograms.get(map);
  if (programs === undefined) {
    const byKind = new Map<string, BpfProgram>();
    for (const { function: entry } of map.initial) {
      const index = entry === undefined ? undefined : object.functions[entry]?.program;
      const held = index === undefined ? undefined : object.programs[index];
      if (held !== undefined && !byKind.has(held.kind)) byKind.set(held.kind, held);
    }
    programs = [...byKind.values()];
    firstPrograms.set(map, programs);
  }
  return programs.find(({ kind }) => kind !== program.kind);
}

/** Refuses tail calls where the program cannot end. Arguments are checked by the caller. */
export function checkTailCall(path: Path, map: BpfMap): void {
  const { state, layout, program } = path;
  if (!layout.tailCalls) {
    path.reject('BPF-V039', `programs of this type (${layout.kind}) cannot make tail calls`, {
      help: 'call a function instead',
    });
  }
  const { frame } = state;
  if (frame.callback !== undefined) {
    path.reject('BPF-V039', 'a tail call in a callback', {
      help: 'return from the callback first, and make the tail call in the program',
    });
  }
  if (state.frames.length > 1 || frame.function !== program.entry) {
    const { name } = path.object.functions[frame.function]!;
    path.reject(
      'BPF-V008',
      `bpf_tail_call() in ${name}, which other functions call: only a program itself can`,
      { help: 'make the tail call in the program itself' },
    );
  }
  const other = programOfAnotherType(path, map);
  if (other !== undefined) {
    path.reject(
      'BPF-V039',
      `${map.name} holds ${other.name}, a program of another type (${other.kind}, not ${program.kind})`,
      { help: 'use an array of programs for each type', registers: [2] },
    );
  }
  refuseUnderLock(path, 'a tail call', 'unlock first');
  refuseHeld(path, state.references, 'before this tail call');
}
