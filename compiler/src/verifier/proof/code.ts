/** All functions of an object in one row, and where the walk looks for states it has seen before. */
import type { BpfObject } from '../../object/index.ts';
import { findBlocks } from '../flow/blocks.ts';
import { findLiveness } from '../flow/liveness.ts';
import { callsBack } from './calls/callbacks.ts';
import type { Code } from './path.ts';

/** `Code`, and what depends on nothing but it. */
export interface PreparedCode extends Code {
  /** Bit r: register r of the running function is read before it is written, on some path from here. */
  readonly live: Uint16Array;
  /** Where states are compared: `POINT` of each instruction. */
  readonly points: Uint8Array;
}

/** What happens before an instruction. */
export const POINT = {
  NONE: 0,
  /** States are compared, and kept now and then. */
  MERGE: 1,
  /** States are compared and always kept: loops that need not end by their own count go through here. */
  LOOP: 2,
} as const;

/** In long blocks states are compared, too: the way back to the last one that was kept stays short. */
const BLOCK_POINTS_APART = 512;

/** Makes points of instructions of a function that are far behind the last point. */
function divideBlocks(points: Uint8Array, start: number, end: number): void {
  let last = start;
  for (let pc = start; pc < end; pc++) {
    if (points[pc] !== POINT.NONE) last = pc;
    else if (pc - last === BLOCK_POINTS_APART) {
      points[pc] = POINT.MERGE;
      last = pc;
    }
  }
}

function isLoopPoint(instruction: ReturnType<Code['at']>): boolean {
  return (
    instruction.kind === 'may_goto' ||
    (instruction.kind === 'call_helper' && callsBack(instruction.helper))
  );
}

/** Lays the functions of an object out in one row. */
export function prepareCode(object: BpfObject): PreparedCode {
  const { functions } = object;
  const starts = new Int32Array(functions.length + 1);
  for (const fn of functions) starts[fn.index + 1] = starts[fn.index]! + fn.instructions.length;
  const length = starts[functions.length]!;
  const owner = new Int32Array(length);
  const live = new Uint16Array(length);
  const points = new Uint8Array(length);
  const row = functions.flatMap((fn) => fn.instructions);
  const lively = findLiveness(
    object,
    functions.map((fn) => findBlocks(fn.instructions)),
  );
  for (const fn of functions) {
    const start = starts[fn.index]!;
    owner.fill(fn.index, start, start + fn.instructions.length);
    live.set(lively[fn.index]!, start);
    if (fn.instructions.length > 0) points[start] = POINT.MERGE;
    fn.instructions.forEach((instruction, index) => {
      switch (instruction.kind) {
        case 'branch':
        case 'may_goto':
          points[start + index] = POINT.MERGE;
          points[start + instruction.target] = POINT.MERGE;
          break;
        case 'jump':
          points[start + instruction.target] = POINT.MERGE;
          break;
        case 'call_function':
          points[start + index] = POINT.MERGE;
          break;
        default:
      }
    });
    divideBlocks(points, start, start + fn.instructions.length);
  }
  row.forEach((instruction, pc) => {
    if (isLoopPoint(instruction)) points[pc] = POINT.LOOP;
  });
  return {
    length,
    live,
    points,
    startOf: (fn) => starts[fn]!,
    functionOf: (pc) => owner[pc]!,
    indexOf: (pc) => pc - starts[owner[pc]!]!,
    at: (pc) => row[pc]!,
  };
}
