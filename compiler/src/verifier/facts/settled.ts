/** From a settled analysis to what lowering asks for. */
import { contextLayout, fieldAt } from '../contexts/index.ts';
import { helpers } from '../helpers.ts';
import type {
  AccessFact,
  BasicBlock,
  ContextField,
  FunctionFacts,
  PointerType,
  RegisterCall,
  StackPart,
  ValueType,
} from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import { edge } from './branch.ts';
import { mapOf, registerCallee } from './calls.ts';
import { checkEnd, checkInstruction } from './check.ts';
import { Cursor, extentOf } from './frame.ts';
import type { PartCollector } from './parts.ts';
import { step } from './transfer.ts';
import { accessAlignment } from './value.ts';

type Registers = readonly ValueType[];

/**
 * Registers before each instruction of a block, and after the last one that is reached; what is not
 * reached is missing at the end.
 */
function statesOf(
  analysis: Analysis,
  work: FunctionWork,
  index: number,
): { readonly before: readonly Registers[]; readonly after: Registers | undefined } {
  const block = work.flow.blocks[index]!;
  const state = work.states[index];
  if (state === undefined) return { before: [], after: undefined };
  const cursor = new Cursor(state);
  const before: Registers[] = [];
  for (let at = block.first; at < block.end; at++) {
    before.push(cursor.registers.slice());
    if (!step(analysis, work, cursor, at)) return { before, after: undefined };
  }
  return { before, after: cursor.registers };
}

/** Looks at everything reachable once more: refuses what cannot be compiled, and gathers ranges of frames. */
export function inspect(
  analysis: Analysis,
  work: FunctionWork,
  collector: PartCollector,
): ReadonlyMap<number, 'taken' | 'not_taken'> {
  const decided = new Map<number, 'taken' | 'not_taken'>();
  for (const block of work.flow.blocks) {
    const state = work.states[block.index];
    if (state === undefined) continue;
    collector.visitEntry(work, state);
    const { before, after } = statesOf(analysis, work, block.index);
    for (const [position, registers] of before.entries()) {
      const index = block.first + position;
      checkInstruction(analysis, work, index, registers);
      const next = before[position + 1] ?? after;
      collector.visit(work, work.instructions[index]!, registers, next);
    }
    if (after === undefined) continue;
    const last = block.end - 1;
    const instruction = work.instructions[last]!;
    if (instruction.kind === 'branch') {
      const proved = work.edges?.[last];
      const taken = edge(after, instruction, true, proved) !== undefined;
      const other = edge(after, instruction, false, proved) !== undefined;
      if (taken !== other) decided.set(last, taken ? 'taken' : 'not_taken');
      if (block.fallsOff && other) checkEnd(analysis, work, last);
    } else if (block.fallsOff) {
      checkEnd(analysis, work, last);
    }
  }
  return decided;
}

/** The facts of one function. */
export class SettledFunction implements FunctionFacts {
  readonly function: number;
  readonly blocks: readonly BasicBlock[];
  readonly blockOf: Int32Array;
  readonly liveBefore: Uint16Array;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
  readonly decided: ReadonlyMap<number, 'taken' | 'not_taken'>;
  readonly stackParts: readonly StackPart[];
  readonly #analysis: Analysis;
  readonly #work: FunctionWork;
  #cachedBlock = -1;
  #cached: readonly Registers[] = [];

  constructor(
    analysis: Analysis,
    work: FunctionWork,
    decided: ReadonlyMap<number, 'taken' | 'not_taken'>,
    stackParts: readonly StackPart[],
  ) {
    this.#analysis = analysis;
    this.#work = work;
    this.function = work.index;
    this.blocks = work.flow.blocks.map(({ index, first, end, successors }) => ({
      index,
      first,
      end,
      successors,
      reachable: work.states[index] !== undefined,
    }));
    this.blockOf = work.flow.blockOf;
    this.liveBefore = work.live;
    this.parameters = work.parameters;
    this.result = work.result;
    this.decided = decided;
    this.stackParts = stackParts;
  }

  before(instruction: number): readonly ValueType[] | undefined {
    const block = this.blockOf[instruction];
    if (block === undefined) return undefined;
    if (block !== this.#cachedBlock) {
      this.#cached = statesOf(this.#analysis, this.#work, block).before;
      this.#cachedBlock = block;
    }
    return this.#cached[instruction - this.blocks[block]!.first];
  }

  access(instruction: number): AccessFact | undefined {
    const what = this.#work.instructions[instruction];
    if (what?.kind !== 'load' && what?.kind !== 'store' && what?.kind !== 'atomic')
      return undefined;
    const base = this.before(instruction)?.[what.base];
    if (base === undefined) return undefined;
    const field = base.kind === 'pointer' ? this.#field(base, what.offset, what.size) : undefined;
    return {
      pointer: base.kind === 'pointer' ? base : undefined,
      alignment: accessAlignment(base, what.offset),
      ...(field !== undefined && { field }),
    };
  }

  stackPartOf(pointer: PointerType): StackPart | undefined {
    if (pointer.region.kind !== 'stack' || pointer.region.function !== this.function) {
      return undefined;
    }
    // A pointer that varies lies in one part, whichever of its places one looks at.
    const at = extentOf(pointer, 0, 0).low;
    const holding = this.stackParts.find(({ low, high }) => at >= low && at < high);
    return holding ?? this.stackParts.find(({ high }) => at === high);
  }

  registerCall(instruction: number): RegisterCall | undefined {
    const what = this.#work.instructions[instruction];
    const registers = this.before(instruction);
    if (what?.kind !== 'call_register' || registers === undefined) return undefined;
    return registerCallee(registers[what.register]!);
  }

  constantMap(instruction: number): number | undefined {
    const what = this.#work.instructions[instruction];
    if (what?.kind !== 'call_helper') return undefined;
    const position = helpers().get(what.helper)?.arguments.indexOf('CONST_MAP_PTR') ?? -1;
    if (position < 0) return undefined;
    return mapOf(this.#analysis, this.before(instruction)?.[position + 1])?.index;
  }

  #field(base: PointerType, offset: number, size: number): ContextField | undefined {
    if (base.region.kind !== 'context' || base.minimum === undefined) return undefined;
    if (base.minimum !== base.maximum) return undefined;
    const layout = contextLayout(base.region.program, this.#analysis.object.ptRegs);
    return layout && fieldAt(layout, base.minimum + offset, size);
  }
}
