/**
 * The kernel's numbers of instructions. libbpf puts the functions of a program in one row before it loads
 * them: the entry first, then each function when code that was put there before first names it, with all
 * that it names in turn before the next one.
 */
import type { BpfInstruction, BpfObject, BpfProgram } from '../../../object/index.ts';
import type { Code } from '../path.ts';

/** The row of one program's functions. */
export interface Numbering {
  /** Functions in the kernel's order: its `func#0`, `func#1`, ... */
  readonly functions: readonly number[];
  /** The kernel's number of an instruction; -1 for code that the program does not reach. */
  of(pc: number): number;
  /** The same of a function's first instruction. */
  startOf(fn: number): number;
}

/** Slots of a function: its last instruction tells, 64-bit constants take two. */
function slotsOf(instructions: readonly BpfInstruction[]): number {
  const last = instructions[instructions.length - 1];
  if (last === undefined) return 0;
  return last.slot + (last.kind === 'reference' ? 2 : 1);
}

function namedFunction(instruction: BpfInstruction): number | undefined {
  if (instruction.kind === 'call_function') return instruction.function;
  if (instruction.kind === 'reference' && instruction.reference.kind === 'function') {
    return instruction.reference.function;
  }
  return undefined;
}

/** Numbers the instructions of a program and of all functions that it names. */
export function numbering(object: BpfObject, program: BpfProgram, code: Code): Numbering {
  const starts = new Int32Array(object.functions.length).fill(-1);
  const functions: number[] = [];
  let next = 0;
  const append = (fn: number) => {
    starts[fn] = next;
    functions.push(fn);
    next += slotsOf(object.functions[fn]!.instructions);
  };
  append(program.entry);
  // A stack of our own: chains of calls in an object may be deeper than JavaScript's stack.
  const open: { readonly fn: number; index: number }[] = [{ fn: program.entry, index: 0 }];
  while (open.length > 0) {
    const top = open[open.length - 1]!;
    const instruction = object.functions[top.fn]!.instructions[top.index++];
    if (instruction === undefined) {
      open.pop();
      continue;
    }
    const named = namedFunction(instruction);
    if (named === undefined || starts[named] !== -1) continue;
    append(named);
    open.push({ fn: named, index: 0 });
  }
  return {
    functions,
    of: (pc) => {
      const start = starts[code.functionOf(pc)]!;
      return start === -1 ? -1 : start + code.at(pc).slot;
    },
    startOf: (fn) => starts[fn]!,
  };
}
