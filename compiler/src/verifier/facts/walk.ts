/** Runs the analysis until nothing new is learnt. */
import type { BpfObject } from '../../object/index.ts';
import type { Block } from '../flow/blocks.ts';
import type { ValueType } from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import { edge } from './branch.ts';
import { Cursor } from './frame.ts';
import { ANY_SCALAR } from './integer.ts';
import { refineCopies } from './spills.ts';
import { step } from './transfer.ts';
import { pointerTo } from './value.ts';

/** What r1 to r5 hold when a program starts. */
function programParameters(object: BpfObject, program: number): readonly ValueType[] {
  const { kind } = object.programs[program]!;
  if (kind === 'raw') return [pointerTo({ kind: 'memory' }, 1, { nullable: true }), ANY_SCALAR];
  return [pointerTo({ kind: 'context', program: kind }, 8)];
}

function walkBlock(analysis: Analysis, work: FunctionWork, index: number): void {
  const block = work.flow.blocks[index]!;
  const state = work.states[index];
  if (state === undefined) return;
  const cursor = new Cursor(state);
  for (let at = block.first; at < block.end; at++) {
    if (!step(analysis, work, cursor, at)) return;
  }
  const after = cursor.snapshot();
  const last = work.instructions[block.end - 1]!;
  if (last.kind !== 'branch') {
    for (const successor of block.successors) {
      analysis.arrive(work, work.flow.blocks[successor]!, after);
    }
    return;
  }
  const target = work.flow.blocks[work.flow.blockOf[last.target]!]!;
  const next = work.flow.blocks[index + 1];
  const arrive = (successor: Block, taken: boolean) => {
    const registers = edge(after.registers, last, taken, work.edges?.[block.end - 1]);
    if (registers === undefined) return;
    const slots = refineCopies(work, block, last, after.slots, after.registers, registers);
    analysis.arrive(work, successor, { registers, slots });
  };
  if (next !== undefined) arrive(next, false);
  arrive(target, true);
}

/** Walks the queued blocks of one function until there are none. */
export function follow(analysis: Analysis, work: FunctionWork): void {
  for (let block = work.queue.take(); block !== undefined; block = work.queue.take()) {
    walkBlock(analysis, work, block);
  }
}

/** Callers before callees, so that parameters are known early; on a cycle in some order. */
function callersFirst(object: BpfObject): readonly number[] {
  const order: number[] = [];
  const seen = new Uint8Array(object.functions.length);
  for (const root of object.functions) {
    if (seen[root.index] === 1) continue;
    seen[root.index] = 1;
    const path = [{ index: root.index, at: 0 }];
    while (path.length > 0) {
      const top = path.at(-1)!;
      const instruction = object.functions[top.index]!.instructions[top.at++];
      if (instruction === undefined) {
        order.push(top.index);
        path.pop();
        continue;
      }
      let used: number | undefined;
      if (instruction.kind === 'call_function') used = instruction.function;
      else if (instruction.kind === 'reference' && instruction.reference.kind === 'function') {
        used = instruction.reference.function;
      }
      if (used !== undefined && seen[used] === 0) {
        seen[used] = 1;
        path.push({ index: used, at: 0 });
      }
    }
  }
  return order.reverse();
}

/** Enters every program and follows it everywhere. */
export function walk(analysis: Analysis): void {
  const { object } = analysis;
  for (const program of object.programs) {
    analysis.enter(analysis.functions[program.entry]!, programParameters(object, program.index));
  }
  // What is too deep to be followed at the call: parameters travel down, then results up.
  const order = callersFirst(object);
  for (let sweep = order; analysis.functions.some(({ queue }) => !queue.empty); ) {
    for (const index of sweep) analysis.settle(analysis.functions[index]!);
    sweep = sweep.toReversed();
  }
}
