/**
 * The state of an analysis that functions share: who calls whom with what, what functions return, and
 * what has been seen of each other's frames. Grows only, so that the walk settles.
 */
import type { BpfInstruction, BpfObject } from '../../object/index.ts';
import { NO_THRESHOLDS, Thresholds } from '../domain/index.ts';
import { type Block, type ControlFlow, findBlocks } from '../flow/blocks.ts';
import type { PointerType, ValueType } from '../types.ts';
import type { ProvedEdges } from './edges.ts';
import { BlockQueue } from './queue.ts';
import { type SharedSlot, spoilShared } from './shared.ts';
import { entryState, joinStates, SLOTS, type State, withoutDead } from './state.ts';
import { joinValues, type Lost, NONE, pointerTo, UNKNOWN, widenValues } from './value.ts';

/** Joins at a loop head before bounds jump to thresholds, and before they are given up. */
const PATIENCE = 3;
const THRESHOLD_PATIENCE = 20;
/** Joins at any block before bounds are given up: keeps time linear in hostile control flow. */
const LONG_PATIENCE = 100;
/** Distinct compared constants that serve as thresholds. */
const THRESHOLD_LIMIT = 48;
/** Frames that may be open at a time. */
export const MAXIMUM_DEPTH = 8;

/** One function while it is analysed. */
export interface FunctionWork {
  readonly index: number;
  readonly instructions: readonly BpfInstruction[];
  readonly flow: ControlFlow;
  /** Branches that the proof followed, see edges.ts; undefined when nothing is proved. */
  readonly edges: Uint8Array | undefined;
  readonly live: Uint16Array;
  readonly thresholds: Thresholds;
  /** State before each block; undefined while it cannot be reached. */
  readonly states: (State | undefined)[];
  readonly joins: Uint16Array;
  readonly queue: BlockQueue;
  readonly parameters: ValueType[];
  parameterJoins: number;
  entered: boolean;
  result: ValueType;
  resultJoins: number;
  /** Blocks of callers to look at again when the result changes, by caller. */
  readonly callers: Map<FunctionWork, Set<number>>;
  /** Blocks in which other functions run. */
  readonly callBlocks: Set<number>;
  /** Functions that run while this one waits: called, or called back by a helper. */
  readonly callees: Map<number, number>;
  /** An address of the frame is where it is not tracked: unknown pointers may lead into it. */
  frameLost: boolean;
  /** Slots that other functions may write and read through pointers into this frame. */
  readonly foreignWrites: Uint8Array;
  readonly foreignReads: Uint8Array;
  /** Slots of this frame that other functions read whole. */
  readonly shared: (SharedSlot | undefined)[];
}

/** Ends of the types of C. */
const LIMITS = [0xff, 0xffff, -0x8000_0000, 0x7fff_ffff, 0xffff_ffff, (1n << 63n) - 1n] as const;

function findThresholds(instructions: readonly BpfInstruction[]): Thresholds {
  const compared = new Set<number>();
  for (const instruction of instructions) {
    if (instruction.kind !== 'branch' || instruction.right.kind !== 'immediate') continue;
    if (compared.size >= THRESHOLD_LIMIT) break;
    compared.add(instruction.right.value);
  }
  return new Thresholds([
    ...LIMITS,
    ...[...compared].flatMap((value) => [value - 1, value, value + 1]),
  ]);
}

/** The whole object while it is analysed. */
export class Analysis {
  readonly object: BpfObject;
  readonly functions: readonly FunctionWork[];
  /** A context got out of sight: accesses through unknown pointers may be to it. */
  contextLost = false;
  /** Follows what is queued in one function. */
  readonly #follow: (analysis: Analysis, work: FunctionWork) => void;
  /** Functions that are being followed, one called by the other. */
  readonly #open = new Set<FunctionWork>();
  /** Tells of pointers whose region is no longer tracked. */
  readonly lost: Lost = (pointer) => this.#lose(pointer);

  constructor(
    object: BpfObject,
    flows: readonly ControlFlow[],
    live: readonly Uint16Array[],
    follow: (analysis: Analysis, work: FunctionWork) => void,
    edges?: ProvedEdges,
  ) {
    this.object = object;
    this.#follow = follow;
    this.functions = object.functions.map(({ index, instructions }) => {
      const flow = flows[index]!;
      return {
        index,
        instructions,
        flow,
        edges: edges?.[index],
        live: live[index]!,
        thresholds: findThresholds(instructions),
        states: new Array<State | undefined>(flow.blocks.length).fill(undefined),
        joins: new Uint16Array(flow.blocks.length),
        queue: new BlockQueue(flow.blocks.length),
        parameters: [NONE, NONE, NONE, NONE, NONE],
        parameterJoins: 0,
        entered: false,
        result: NONE,
        resultJoins: 0,
        callers: new Map(),
        callBlocks: new Set(),
        callees: new Map(),
        frameLost: false,
        foreignWrites: new Uint8Array(SLOTS),
        foreignReads: new Uint8Array(SLOTS),
        shared: new Array<SharedSlot | undefined>(SLOTS).fill(undefined),
      };
    });
  }

  /** Cuts an object's functions into blocks. */
  static flows(object: BpfObject): readonly ControlFlow[] {
    return object.functions.map((body) => findBlocks(body.instructions));
  }

  /**
   * Follows a function until its queue is empty, callees first as far as calls may be nested: then
   * callers learn results where they call, and need not be followed again from the start of a block.
   */
  settle(work: FunctionWork): void {
    if (work.queue.empty || this.#open.has(work) || this.#open.size > MAXIMUM_DEPTH) return;
    this.#open.add(work);
    this.#follow(this, work);
    this.#open.delete(work);
  }

  /** Control reaches a block with this state. */
  arrive(work: FunctionWork, block: Block, state: State): void {
    const live = work.live[block.first]!;
    const old = work.states[block.index];
    if (old === undefined) {
      work.states[block.index] = withoutDead(state, live);
      work.queue.add(block.index);
      return;
    }
    const joins = ++work.joins[block.index]!;
    let thresholds: Thresholds | undefined;
    if (block.loopHead && joins > PATIENCE) {
      thresholds = joins > THRESHOLD_PATIENCE ? NO_THRESHOLDS : work.thresholds;
    } else if (joins > LONG_PATIENCE) {
      thresholds = NO_THRESHOLDS;
    }
    if (joins > LONG_PATIENCE) work.joins[block.index] = LONG_PATIENCE;
    const joined = joinStates(old, state, live, thresholds, this.lost);
    if (joined === old) return;
    work.states[block.index] = joined;
    work.queue.add(block.index);
  }

  /** A function may be entered with these values in r1 to r5. */
  enter(work: FunctionWork, values: readonly ValueType[]): void {
    const live = work.live[0] ?? 0;
    let changed = !work.entered;
    work.entered = true;
    for (let index = 0; index < 5; index++) {
      if (((live >> (index + 1)) & 1) === 0) continue;
      const old = work.parameters[index]!;
      let joined = joinValues(old, values[index] ?? UNKNOWN, this.lost);
      if (joined === old) continue;
      if (work.parameterJoins > PATIENCE) joined = widenValues(old, joined, NO_THRESHOLDS);
      work.parameters[index] = joined;
      changed = true;
    }
    if (!changed) return;
    work.parameterJoins++;
    const frame = pointerTo({ kind: 'stack', function: work.index }, 16);
    const first = work.flow.blocks[0];
    if (first !== undefined) this.arrive(work, first, entryState(frame, work.parameters));
  }

  /** A function returns this. */
  leave(work: FunctionWork, value: ValueType): void {
    // The frame ends here; whoever still has its address does not know where it leads.
    if (value.kind === 'pointer' && value.region.kind === 'stack') {
      if (value.region.function === work.index) this.lost(value);
    }
    let joined = joinValues(work.result, value.kind === 'none' ? UNKNOWN : value, this.lost);
    if (joined === work.result) return;
    if (++work.resultJoins > PATIENCE) joined = widenValues(work.result, joined, NO_THRESHOLDS);
    work.result = joined;
    for (const [caller, blocks] of work.callers) {
      for (const block of blocks) caller.queue.add(block);
    }
  }

  /** `callee` runs while `caller` waits at an instruction. */
  recordCall(caller: FunctionWork, instruction: number, callee: FunctionWork): void {
    if (!caller.callees.has(callee.index)) caller.callees.set(callee.index, instruction);
    const block = this.noteForeignCode(caller, instruction);
    let blocks = callee.callers.get(caller);
    if (blocks === undefined) {
      blocks = new Set();
      callee.callers.set(caller, blocks);
    }
    blocks.add(block);
  }

  /** Other functions may run during an instruction; gives its block. */
  noteForeignCode(work: FunctionWork, instruction: number): number {
    const block = work.flow.blockOf[instruction]!;
    work.callBlocks.add(block);
    return block;
  }

  /** Another function touches slots of this frame. */
  touchForeign(
    work: FunctionWork,
    first: number,
    end: number,
    write: boolean,
    read: boolean,
  ): void {
    let changed = false;
    for (let slot = first; slot < end; slot++) {
      if (write && work.foreignWrites[slot] === 0) {
        work.foreignWrites[slot] = 1;
        changed = true;
        spoilShared(this, work, slot, slot + 1);
      }
      if (read && work.foreignReads[slot] === 0) {
        work.foreignReads[slot] = 1;
        changed = true;
      }
    }
    if (changed) for (const block of work.callBlocks) work.queue.add(block);
  }

  #lose(pointer: PointerType): void {
    switch (pointer.region.kind) {
      case 'stack': {
        const work = this.functions[pointer.region.function]!;
        if (work.frameLost) return;
        work.frameLost = true;
        work.foreignWrites.fill(1);
        work.foreignReads.fill(1);
        spoilShared(this, work, 0, SLOTS);
        for (const [block, state] of work.states.entries()) {
          if (state !== undefined) work.queue.add(block);
        }
        return;
      }
      case 'function': {
        const work = this.functions[pointer.region.function]!;
        this.enter(work, [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]);
        return;
      }
      case 'context':
        this.contextLost = true;
        return;
      default:
        return;
    }
  }
}
