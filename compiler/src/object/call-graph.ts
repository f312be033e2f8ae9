import { Failure, type Note, type Place, quote } from '../diag/index.ts';
import type { BpfFunction } from './types.ts';

interface Call {
  readonly caller: number;
  readonly callee: number;
  readonly instruction: number;
}

function callsOf(functions: readonly BpfFunction[]): Call[][] {
  return functions.map((bpfFunction) => {
    const seen = new Set<number>();
    const calls: Call[] = [];
    bpfFunction.instructions.forEach((instruction, index) => {
      if (instruction.kind !== 'call_function' || seen.has(instruction.function)) return;
      seen.add(instruction.function);
      calls.push({ caller: bpfFunction.index, callee: instruction.function, instruction: index });
    });
    return calls;
  });
}

/**
 * Refuses functions that call themselves, also by way of others: every call takes a stack frame of
 * its own, and their number must be known. Callbacks do not count: a timer may set itself again.
 */
export function refuseRecursion(
  functions: readonly BpfFunction[],
  place: (functionIndex: number, instructionIndex: number) => Place,
): void {
  const calls = callsOf(functions);
  const open = 1;
  const done = 2;
  const state = new Uint8Array(functions.length);
  for (let root = 0; root < functions.length; root++) {
    if (state[root] !== 0) continue;
    state[root] = open;
    // A stack of our own: call chains of objects may be deeper than JavaScript's stack.
    const path: { next: number; readonly function: number }[] = [{ next: 0, function: root }];
    while (path.length > 0) {
      const top = path[path.length - 1]!;
      const call = calls[top.function]![top.next++];
      if (call === undefined) {
        state[top.function] = done;
        path.pop();
      } else if (state[call.callee] === open) {
        const start = path.findIndex((step) => step.function === call.callee);
        // `next` was advanced already: the call that led on is the one before it.
        const cycle = path.slice(start).map((step) => calls[step.function]![step.next - 1]!);
        throw recursion(functions, cycle, place);
      } else if (state[call.callee] === 0) {
        state[call.callee] = open;
        path.push({ next: 0, function: call.callee });
      }
    }
  }
}

/** Cycles longer than this are cut in the diagnostic. */
const SHOWN_CALLS = 8;

function recursion(
  functions: readonly BpfFunction[],
  cycle: readonly Call[],
  place: (functionIndex: number, instructionIndex: number) => Place,
): Failure {
  const name = (index: number): string => quote(functions[index]!.name);
  const first = cycle[0]!;
  const notes: Note[] = cycle.slice(1, SHOWN_CALLS).map((call) => ({
    message: `${name(call.caller)} calls ${name(call.callee)}`,
    place: place(call.caller, call.instruction),
  }));
  if (cycle.length > SHOWN_CALLS) {
    notes.push({ message: `... and ${cycle.length - SHOWN_CALLS} more calls back to the start` });
  }
  const message =
    cycle.length === 1
      ? `the function ${name(first.caller)} calls itself: recursion is not possible in BPF`
      : `recursion is not possible in BPF: ${name(first.caller)} calls ${name(first.callee)}, which leads back to it`;
  return new Failure({
    code: 'BPF-O011',
    message,
    place: place(first.caller, first.instruction),
    ...(notes.length > 0 ? { notes } : {}),
  });
}
