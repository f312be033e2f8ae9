import type { BpfObject, BpfProgram } from '../object/index.ts';

/** Functions that a function calls or takes the address of. */
function callees(object: BpfObject, index: number): readonly number[] {
  const found = new Set<number>();
  for (const instruction of object.functions[index]?.instructions ?? []) {
    if (instruction.kind === 'call_function') found.add(instruction.function);
    else if (instruction.kind === 'reference' && instruction.reference.kind === 'function') {
      found.add(instruction.reference.function);
    }
  }
  return [...found];
}

/** For each function, the programs from which it can be reached. */
export function reachableFrom(object: BpfObject): readonly (readonly BpfProgram[])[] {
  const edges = object.functions.map((_, index) => callees(object, index));
  const reached = object.functions.map((): BpfProgram[] => []);
  for (const program of object.programs) {
    const seen = new Set([program.entry]);
    const pending = [program.entry];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      reached[next]?.push(program);
      for (const callee of edges[next] ?? []) {
        if (seen.has(callee)) continue;
        seen.add(callee);
        pending.push(callee);
      }
    }
  }
  return reached;
}

/** Functions that are called locally or whose address is taken. */
export function calledFunctions(object: BpfObject): ReadonlySet<number> {
  return new Set(object.functions.flatMap((_, index) => callees(object, index)));
}
