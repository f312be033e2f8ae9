/** Control flow: the basic blocks of a function. */
import type { BpfInstruction } from '../../object/index.ts';

/** A block before anything is known of its reachability. */
export interface Block {
  readonly index: number;
  readonly first: number;
  readonly end: number;
  /** Successor blocks, fall-through first, then target; a function's last block may fall off its end. */
  readonly successors: readonly number[];
  /** Whether control can run past the last instruction of the function here. */
  readonly fallsOff: boolean;
  /** Some edge from the same or a later block comes here: every cycle has such a block. */
  readonly loopHead: boolean;
}

export interface ControlFlow {
  readonly blocks: readonly Block[];
  readonly blockOf: Int32Array;
}

function jumpTarget(instruction: BpfInstruction): number | undefined {
  switch (instruction.kind) {
    case 'jump':
    case 'branch':
    case 'may_goto':
      return instruction.target;
    default:
      return undefined;
  }
}

/** Whether the instruction after it is not executed next. */
function endsFlow(instruction: BpfInstruction): boolean {
  return (
    instruction.kind === 'jump' || instruction.kind === 'exit' || instruction.kind === 'poison'
  );
}

/** Cuts a function into basic blocks. Targets must lie inside it. */
export function findBlocks(instructions: readonly BpfInstruction[]): ControlFlow {
  const count = instructions.length;
  const leads = new Uint8Array(count + 1);
  leads[0] = 1;
  leads[count] = 1;
  instructions.forEach((instruction, index) => {
    const target = jumpTarget(instruction);
    if (target !== undefined) leads[target] = 1;
    if (target !== undefined || endsFlow(instruction)) leads[index + 1] = 1;
  });

  const blockOf = new Int32Array(count);
  const starts: number[] = [];
  for (let index = 0; index < count; index++) {
    if (leads[index] === 1) starts.push(index);
    blockOf[index] = starts.length - 1;
  }
  const heads = new Uint8Array(starts.length);
  const shapes = starts.map((first, index) => {
    const end = starts[index + 1] ?? count;
    const last = instructions[end - 1]!;
    const successors: number[] = [];
    if (!endsFlow(last) && end < count) successors.push(index + 1);
    const target = jumpTarget(last);
    if (target !== undefined) successors.push(blockOf[target]!);
    for (const successor of successors) if (successor <= index) heads[successor] = 1;
    return { index, first, end, successors, fallsOff: end === count && !endsFlow(last) };
  });
  return {
    blocks: shapes.map((shape) => ({ ...shape, loopHead: heads[shape.index] === 1 })),
    blockOf,
  };
}
