import type { BpfFunction, BpfInstruction } from '../object/index.ts';

/**
 * Accesses that a loop makes to one place again and again. clang has moved what it may out of loops
 * before it wrote the bytecode, so what is still there was meant: a flag that another thread sets, a
 * counter that another thread watches. Bytecode does not say `volatile`, and LLVM would hoist the access
 * and wait forever.
 */
export class RepeatedAccesses {
  /** Number of the innermost loop around each instruction, -1 outside of loops. */
  readonly #loopOf: Int32Array;
  readonly #loops: readonly (readonly [first: number, last: number])[];
  /** Where each register is written, in ascending order. */
  readonly #writes: readonly number[][];

  constructor({ instructions }: BpfFunction) {
    const loops: [number, number][] = [];
    instructions.forEach((instruction, index) => {
      const target = backwardTarget(instruction, index);
      if (target !== undefined) loops.push([target, index]);
    });
    loops.sort((left, right) => left[0] - right[0] || right[1] - left[1]);
    this.#loops = loops;
    this.#loopOf = new Int32Array(instructions.length).fill(-1);
    this.#writes = Array.from({ length: 11 }, () => []);
    if (loops.length === 0) return;
    const open: number[] = [];
    let next = 0;
    instructions.forEach((instruction, index) => {
      while (next < loops.length && loops[next]![0] === index) open.push(next++);
      while (open.length > 0 && loops[open.at(-1)!]![1] < index) open.pop();
      this.#loopOf[index] = open.at(-1) ?? -1;
      for (const register of writtenBy(instruction)) this.#writes[register]!.push(index);
    });
  }

  /** True when a loop around the instruction keeps the register as it is. */
  keeps(index: number, register: number): boolean {
    const loop = this.#loops[this.#loopOf[index] ?? -1];
    if (loop === undefined) return false;
    const writes = this.#writes[register]!;
    let low = 0;
    let high = writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (writes[middle]! < loop[0]) low = middle + 1;
      else high = middle;
    }
    const first = writes[low];
    return first === undefined || first > loop[1];
  }

  /** True when the instruction is in a loop. */
  inLoop(index: number): boolean {
    return (this.#loopOf[index] ?? -1) >= 0;
  }
}

function backwardTarget(instruction: BpfInstruction, index: number): number | undefined {
  switch (instruction.kind) {
    case 'jump':
    case 'branch':
    case 'may_goto':
      return instruction.target <= index ? instruction.target : undefined;
    default:
      return undefined;
  }
}

const SCRATCH = [0, 1, 2, 3, 4, 5];

function writtenBy(instruction: BpfInstruction): readonly number[] {
  switch (instruction.kind) {
    case 'alu':
    case 'negate':
    case 'swap':
    case 'move_sign_extend':
    case 'address_space_cast':
    case 'reference':
    case 'load':
      return [instruction.destination];
    case 'atomic':
      if (instruction.operator === 'cmpxchg') return [0];
      return [instruction.source];
    case 'legacy_load':
    case 'call_helper':
    case 'call_function':
    case 'call_register':
    case 'call_kernel':
      return SCRATCH;
    default:
      return [];
  }
}
