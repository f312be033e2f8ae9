/** Which registers are read later: backward over blocks, callees before callers. */
import type { BpfFunction, BpfInstruction, BpfObject } from '../../object/index.ts';
import { helpers } from '../helpers.ts';
import type { ControlFlow } from './blocks.ts';

const ARGUMENTS = 0b111110;
const SCRATCH = 0b111111;

/** Registers that a callee may read on entry, by function. */
type Needs = (callee: number) => number;

function bit(register: number): number {
  return 1 << register;
}

function firstArguments(count: number): number {
  return ((1 << count) - 1) << 1;
}

/** Registers the instruction reads and those it overwrites, as bit sets. */
function effect(
  instruction: BpfInstruction,
  needs: Needs,
): readonly [uses: number, defines: number] {
  const operand = (source: { kind: string; register?: number }) =>
    source.register === undefined ? 0 : bit(source.register);
  switch (instruction.kind) {
    case 'alu': {
      const target = bit(instruction.destination);
      const source = operand(instruction.source);
      return [instruction.operator === 'mov' ? source : source | target, target];
    }
    case 'negate':
    case 'swap':
      return [bit(instruction.destination), bit(instruction.destination)];
    case 'move_sign_extend':
    case 'address_space_cast':
      return [bit(instruction.source), bit(instruction.destination)];
    case 'reference':
      return [0, bit(instruction.destination)];
    case 'load':
      return [bit(instruction.base), bit(instruction.destination)];
    case 'store':
      return [bit(instruction.base) | operand(instruction.source), 0];
    case 'atomic': {
      const base = bit(instruction.base);
      const source = bit(instruction.source);
      if (instruction.operator === 'load_acquire') return [base, source];
      if (instruction.operator === 'cmpxchg') return [base | source | 1, 1];
      return [base | source, instruction.fetch ? source : 0];
    }
    case 'legacy_load':
      return [bit(6) | (instruction.index === undefined ? 0 : bit(instruction.index)), SCRATCH];
    case 'branch':
      return [bit(instruction.left) | operand(instruction.right), 0];
    case 'call_helper': {
      const signature = helpers().get(instruction.helper);
      return [
        signature === undefined ? ARGUMENTS : firstArguments(signature.arguments.length),
        SCRATCH,
      ];
    }
    case 'call_function':
      return [needs(instruction.function), SCRATCH];
    case 'call_kernel':
      return [ARGUMENTS, SCRATCH];
    case 'call_register':
      return [ARGUMENTS | bit(instruction.register), SCRATCH];
    case 'exit':
      return [1, 0];
    default:
      return [0, 0];
  }
}

/** Live registers before each instruction of one function. */
function liveInFunction(body: BpfFunction, flow: ControlFlow, needs: Needs): Uint16Array {
  const { instructions } = body;
  const live = new Uint16Array(instructions.length);
  const predecessors: number[][] = flow.blocks.map(() => []);
  for (const block of flow.blocks) {
    for (const successor of block.successors) predecessors[successor]!.push(block.index);
  }
  const effects = instructions.map((instruction) => effect(instruction, needs));
  const queued = new Uint8Array(flow.blocks.length).fill(1);
  const queue = flow.blocks.map((block) => block.index);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    queued[next] = 0;
    const block = flow.blocks[next]!;
    let after = 0;
    for (const successor of block.successors) after |= live[flow.blocks[successor]!.first]!;
    for (let index = block.end - 1; index >= block.first; index--) {
      const [uses, defines] = effects[index]!;
      after = (after & ~defines) | uses;
      if (index === block.first && live[index] !== after) {
        for (const predecessor of predecessors[next]!) {
          if (queued[predecessor] === 0) {
            queued[predecessor] = 1;
            queue.push(predecessor);
          }
        }
      }
      live[index] = after;
    }
  }
  return live;
}

/** Callees before callers; on a cycle in some order. */
function calleesFirst(object: BpfObject): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(object.functions.length);
  const calleesOf = (index: number) =>
    object.functions[index]!.instructions.flatMap((instruction) =>
      instruction.kind === 'call_function' ? [instruction.function] : [],
    );
  for (const root of object.functions) {
    if (seen[root.index] === 1) continue;
    seen[root.index] = 1;
    const path = [{ index: root.index, callees: calleesOf(root.index), next: 0 }];
    while (path.length > 0) {
      const top = path.at(-1)!;
      const callee = top.callees[top.next++];
      if (callee === undefined) {
        order.push(top.index);
        path.pop();
      } else if (seen[callee] === 0) {
        seen[callee] = 1;
        path.push({ index: callee, callees: calleesOf(callee), next: 0 });
      }
    }
  }
  return order;
}

/** Live registers before each instruction of each function. */
export function findLiveness(
  object: BpfObject,
  flows: readonly ControlFlow[],
): readonly Uint16Array[] {
  const result: Uint16Array[] = [];
  for (const index of calleesFirst(object)) {
    // A callee that is not done yet is part of a recursion, refused later: it may read anything.
    const needs: Needs = (callee) => {
      const done = result[callee];
      return done === undefined ? ARGUMENTS : (done[0] ?? 0) & ARGUMENTS;
    };
    result[index] = liveInFunction(object.functions[index]!, flows[index]!, needs);
  }
  return result;
}
