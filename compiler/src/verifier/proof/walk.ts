/**
 * The walk: every path of one program, state by state, until each has ended at an exit or at a checkpoint
 * that covers it. What a single instruction needs and does is in the files named after it; here is the
 * order of things: the next path, the next instruction, where states are compared, the limits.
 */
import type { BpfInstruction, BpfObject, BpfProgram } from '../../object/index.ts';
import type { ContextLayout } from '../types.ts';
import { exitFunction } from './calls/exit.ts';
import { callFunction, callKernel, callRegister } from './calls/functions.ts';
import { callHelper } from './calls/helper-call.ts';
import { POINT, type PreparedCode } from './code.ts';
import { alu, byteSwap, negation, reference, signExtension } from './instructions/alu.ts';
import { branch } from './instructions/branch.ts';
import { LENGTH_ID } from './instructions/packet-range.ts';
import type { Logger } from './log/log.ts';
import { atomic, legacyLoad, load, store } from './memory/memory.ts';
import type { CallbackFunctions, Path, RejectionDetails } from './path.ts';
import { CALLBACK_EXIT, markRead, Segment } from './pruning/checkpoint.ts';
import { Explored } from './pruning/explored.ts';
import { trace, Wanted } from './pruning/precision.ts';
import { widenState } from './pruning/widen.ts';
import { Rejection } from './rejection.ts';
import { SLOTS, type State } from './state.ts';

/** Paths that may wait at a time, as in the kernel. */
const WAITING_LIMIT = 8192;

/** A path that goes on later. */
interface Waiting {
  readonly state: State;
  readonly segment: Segment;
  readonly from: number;
}

/** What all walks of one program share. */
export interface WalkContext {
  readonly object: BpfObject;
  readonly program: BpfProgram;
  readonly layout: ContextLayout;
  readonly code: PreparedCode;
  readonly limit: number;
  readonly logger: Logger | undefined;
  /** By `pc`: reached; edges followed (bit 0: not taken, bit 1: taken). */
  readonly reached: Uint8Array;
  readonly edges: Uint8Array;
  /** By `pc`: see `Path.accessed`. */
  readonly accessed: Uint8Array;
  /** See `Path.callbacks`. */
  readonly callbacks: CallbackFunctions;
  /** Bytes of frame that each function needs. */
  readonly stackUse: Map<number, number>;
  /** `pc`s of references to functions that were reached, for whoever looks for functions still to be walked; emptied there. */
  readonly calls: number[];
  /** Instructions walked so far, over all walks. */
  walked: number;
}

/** Calls of functions, and addresses of functions, which calls through registers need. */
function refersToFunction(instruction: BpfInstruction): boolean {
  if (instruction.kind === 'reference') return instruction.reference.kind === 'function';
  return instruction.kind === 'call_function';
}

/** One walk: of a program, or of a global function. */
export class Walk implements Path {
  readonly object: BpfObject;
  readonly program: BpfProgram;
  readonly layout: ContextLayout;
  readonly code: PreparedCode;
  readonly accessed: Uint8Array;
  readonly callbacks: CallbackFunctions;
  readonly begun = new Set<string>();
  readonly explored: Explored;
  state: State;
  pc: number;
  readonly #context: WalkContext;
  readonly #waiting: Waiting[] = [];
  #segment: Segment;
  #lastId = LENGTH_ID;

  constructor(context: WalkContext, start: (newId: () => number) => State) {
    this.#context = context;
    this.object = context.object;
    this.program = context.program;
    this.layout = context.layout;
    this.code = context.code;
    this.accessed = context.accessed;
    this.callbacks = context.callbacks;
    this.explored = new Explored(context.code);
    this.#segment = new Segment(undefined);
    this.state = start(() => this.newId());
    this.pc = this.state.pc;
  }

  newId(): number {
    this.#lastId++;
    return this.#lastId;
  }

  reject(code: string, message: string, details: RejectionDetails = {}): never {
    throw new Rejection(code, message, details);
  }

  markPrecise(register: number): void {
    const wanted = new Wanted();
    wanted.addRegister(this.state.frames.length - 1, register);
    this.#trace(wanted);
  }

  markSlotPrecise(frame: number, slot: number): void {
    const wanted = new Wanted();
    wanted.addSlot(frame, slot);
    this.#trace(wanted);
  }

  /** From before the current instruction, which is the last of the segment. */
  #trace(wanted: Wanted): void {
    const segment = this.#segment;
    const last = segment.pcs.length - 1;
    trace(this.code, segment, last, segment.depths[last]!, wanted);
  }

  readSlot(frame: number, slot: number): void {
    markRead(this.#segment, frame, slot);
  }

  wroteSlot(frame: number, slot: number): void {
    this.#segment.markWritten(frame, slot);
  }

  movedThroughSlot(frame: number, slot: number): void {
    this.#segment.moves[this.#segment.pcs.length - 1] = frame * SLOTS + slot + 1;
  }

  usedStack(fn: number, bytes: number): void {
    const { stackUse } = this.#context;
    if (bytes > (stackUse.get(fn) ?? 0)) stackUse.set(fn, bytes);
  }

  fork(state: State): void {
    if (this.#waiting.length >= WAITING_LIMIT) {
      this.reject('BPF-V055', `more than ${WAITING_LIMIT} branches in a row are undecided`, {
        help: 'split the function, or let one loop do what is written out many times',
      });
    }
    const segment = this.#segment.copy();
    if (segment.parent !== undefined) segment.parent.open++;
    this.#waiting.push({ state, segment, from: this.pc });
  }

  widen(state: State, pc: number): void {
    let checkpoint = this.#segment.parent;
    // The one made just now for this very instruction says nothing of the turn before.
    if (pc === this.pc) checkpoint = checkpoint?.parent;
    while (checkpoint !== undefined && checkpoint.state.pc !== pc) checkpoint = checkpoint.parent;
    if (checkpoint !== undefined) widenState(state, checkpoint);
  }

  /** The path so far: `pc`s of all instructions from the first on, the current one last. */
  trail(): number[] {
    const parts: (readonly number[])[] = [];
    for (let segment: Segment | undefined = this.#segment; segment !== undefined; ) {
      parts.push(segment.pcs);
      segment = segment.parent?.segment;
    }
    return parts.reverse().flat();
  }

  /** Walks every path. Throws a `Rejection` at the first that is not safe. */
  run(): void {
    this.#context.logger?.path(this.state, -1);
    for (;;) {
      this.#walkPath();
      const next = this.#nextPath();
      if (next === undefined) return;
      this.state = next.state;
      this.#segment = next.segment;
      this.pc = next.state.pc;
      this.#context.logger?.path(next.state, next.from);
    }
  }

  /** Ends the current path, and takes up the one that was put off last. */
  #nextPath(): Waiting | undefined {
    this.explored.endPath(this.#segment.parent);
    return this.#waiting.pop();
  }

  /** Until the path ends. */
  #walkPath(): void {
    const { code } = this;
    const context = this.#context;
    for (;;) {
      const { state } = this;
      const pc = state.pc;
      this.pc = pc;
      const point = code.points[pc]!;
      if (point !== POINT.NONE && this.#meets(point)) return;
      context.walked++;
      if (context.walked > context.limit) this.#tooLong();
      const instruction = code.at(pc);
      if (context.reached[pc] === 0) {
        context.reached[pc] = 1;
        if (refersToFunction(instruction)) context.calls.push(pc);
      }
      const segment = this.#segment;
      const depth = state.frames.length - 1;
      segment.pcs.push(pc);
      segment.depths.push(depth);
      segment.moves.push(0);
      this.explored.stepped();
      context.logger?.before(state, pc);
      state.pc = pc + 1;
      const goesOn = this.#execute(instruction);
      if (!goesOn) return;
      context.logger?.after(this.state, pc);
    }
  }

  /** Compares the state with what was seen at this place; true when the path need not be walked on. */
  #meets(point: number): boolean {
    const outcome = this.explored.visit(this.state, this.#segment, point);
    if (outcome.kind === 'covered') {
      this.#context.logger?.covered(this.state, outcome.by.state);
      return true;
    }
    if (outcome.kind === 'endless') this.#endless();
    if (outcome.kind === 'kept') this.#segment = new Segment(outcome.checkpoint);
    return false;
  }

  #endless(): never {
    this.reject('BPF-V040', 'this loop never ends: after a turn everything is as it was before', {
      help: 'count the turns in a variable that the loop condition compares with a limit',
    });
  }

  #tooLong(): never {
    const limit = this.#context.limit;
    this.reject(
      'BPF-V041',
      `too complex: ${limit} instructions were walked and not all paths are at their end`,
      {
        help: 'bound loops by a smaller constant, use bpf_loop(), or move parts to global functions, which are verified once',
      },
    );
  }

  #execute(i: BpfInstruction): boolean {
    switch (i.kind) {
      case 'alu':
        alu(this, i);
        return true;
      case 'negate':
        negation(this, i);
        return true;
      case 'move_sign_extend':
        signExtension(this, i);
        return true;
      case 'swap':
        byteSwap(this, i);
        return true;
      case 'reference':
        reference(this, i);
        return true;
      case 'load':
        load(this, i);
        return true;
      case 'store':
        store(this, i);
        return true;
      case 'atomic':
        atomic(this, i);
        return true;
      case 'legacy_load':
        legacyLoad(this, i);
        return true;
      case 'jump':
        this.explored.jumped();
        this.state.pc = this.#target(i.target);
        return true;
      case 'branch':
        this.explored.jumped();
        this.#branch(i);
        return true;
      case 'may_goto':
        this.explored.jumped();
        this.#mayGoto(i.target);
        return true;
      case 'call_helper':
        this.explored.jumped();
        return callHelper(this, i.helper);
      case 'call_function':
        this.explored.jumped();
        return callFunction(this, i.function);
      case 'call_register':
        this.explored.jumped();
        return callRegister(this, i.register);
      case 'call_kernel':
        return callKernel(this, i);
      case 'exit':
        this.explored.jumped();
        return this.#exit();
      case 'address_space_cast':
        return this.reject('BPF-V013', 'pointers into arenas are not supported', {
          help: 'keep the data in an array map or a global variable',
        });
      case 'poison':
        return this.reject('BPF-V001', i.reason);
    }
  }

  #target(index: number): number {
    return this.code.startOf(this.code.functionOf(this.pc)) + index;
  }

  #branch(i: Extract<BpfInstruction, { kind: 'branch' }>): void {
    const { stays, jumps, links } = branch(this, i);
    const { edges } = this.#context;
    if (links.length > 0) {
      this.#segment.links ??= new Map();
      this.#segment.links.set(this.#segment.pcs.length - 1, links);
    }
    if (stays !== undefined) edges[this.pc]! |= 1;
    if (jumps !== undefined) {
      edges[this.pc]! |= 2;
      jumps.pc = this.#target(i.target);
      if (stays !== undefined) this.fork(jumps);
      else this.state = jumps;
    }
    if (stays !== undefined) this.state = stays;
  }

  /** Goes on as if the limit were reached; the turn of the loop waits. */
  #mayGoto(target: number): void {
    const turn = this.state.copy();
    turn.mayGotos++;
    this.widen(turn, this.pc);
    this.fork(turn);
    this.state.pc = this.#target(target);
  }

  #exit(): boolean {
    const { frame } = this.state;
    const goesOn = exitFunction(this);
    if (goesOn && frame.callback !== undefined) {
      this.#segment.moves[this.#segment.pcs.length - 1] = CALLBACK_EXIT;
    }
    return goesOn;
  }
}
