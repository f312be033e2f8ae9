/** What can be said of a program before any path of it is walked. */
import type { BpfFunction, BpfInstruction, BpfObject, BpfProgram } from '../../object/index.ts';
import type { Code, RejectionDetails } from './path.ts';
import { Rejection } from './rejection.ts';

/** Functions that a function calls, or whose addresses it takes, each with the instruction. */
export function calleesOf(
  fn: BpfFunction,
): readonly { fn: number; index: number; call: boolean }[] {
  const found: { fn: number; index: number; call: boolean }[] = [];
  fn.instructions.forEach((instruction, index) => {
    if (instruction.kind === 'call_function') {
      found.push({ fn: instruction.function, index, call: true });
    } else if (instruction.kind === 'reference' && instruction.reference.kind === 'function') {
      found.push({ fn: instruction.reference.function, index, call: false });
    }
  });
  return found;
}

/** The function, and all that it calls or takes the address of, and so on: each once. */
export function functionsFrom(object: BpfObject, entry: number): readonly number[] {
  const seen = new Set([entry]);
  for (const fn of seen) {
    for (const { fn: callee } of calleesOf(object.functions[fn]!)) seen.add(callee);
  }
  return [...seen];
}

function reject(code: string, message: string, details: RejectionDetails): never {
  throw new Rejection(code, message, details);
}

/**
 * Refuses functions that control can run out of or that have instructions which no jump reaches, and
 * functions that call themselves: in the program's function and all that it calls.
 */
export function checkStructure(object: BpfObject, program: BpfProgram, code: Code): void {
  const functions = functionsFrom(object, program.entry);
  for (const fn of functions) checkFlow(object.functions[fn]!, code);
  checkRecursion(object, functions, code);
}

/** Where control may go after an instruction; `index + 1` may be behind the last. */
function successors(instruction: BpfInstruction, index: number, last: number): readonly number[] {
  switch (instruction.kind) {
    case 'exit':
      return [];
    case 'jump':
      return [instruction.target];
    case 'branch':
    case 'may_goto':
      return [index + 1, instruction.target];
    case 'poison':
      // Nothing runs past it, but code behind one that is never reached is not dead by itself.
      return index === last ? [] : [index + 1];
    default:
      return [index + 1];
  }
}

function checkFlow({ index: fn, name, instructions }: BpfFunction, code: Code): void {
  const count = instructions.length;
  const start = code.startOf(fn);
  if (count === 0) reject('BPF-V002', `function ${name} has no instructions`, { pc: start });
  const reached = new Uint8Array(count);
  const queue = [0];
  reached[0] = 1;
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const next of successors(instructions[at]!, at, count - 1)) {
      if (next >= count) {
        reject(
          'BPF-V002',
          `control runs past the end of ${name}: its last instruction is neither exit nor jump`,
          { pc: start + at, help: 'end every path of the function in a return' },
        );
      }
      if (reached[next] === 1) continue;
      reached[next] = 1;
      queue.push(next);
    }
  }
  const dead = reached.indexOf(0);
  if (dead < 0) return;
  reject('BPF-V043', `no path through ${name} leads to this instruction`, {
    pc: start + dead,
    help: 'remove the code; compilers do so by themselves when they optimise (-O2)',
  });
}

/** Refuses cycles of calls. That callbacks are nested without end shows when they are walked. */
function checkRecursion(object: BpfObject, functions: readonly number[], code: Code): void {
  const done = new Set<number>();
  for (const root of functions) {
    if (done.has(root)) continue;
    const open = new Set([root]);
    const stack = [{ fn: root, callees: calleesOf(object.functions[root]!), next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const call = top.callees[top.next];
      if (call === undefined) {
        open.delete(top.fn);
        done.add(top.fn);
        stack.pop();
        continue;
      }
      top.next++;
      if (!call.call || done.has(call.fn)) continue;
      if (open.has(call.fn)) {
        reject(
          'BPF-V011',
          `function ${object.functions[call.fn]!.name} calls itself; BPF has no recursion`,
          { pc: code.startOf(top.fn) + call.index, help: 'write it as a loop' },
        );
      }
      open.add(call.fn);
      stack.push({ fn: call.fn, callees: calleesOf(object.functions[call.fn]!), next: 0 });
    }
  }
}
