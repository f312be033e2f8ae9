/**
 * Where the values of a path come from: the path is gone along once, with the instruction that made each
 * register and each directly addressed stack slot in place of its value. Copies and spills keep the origin
 * of what they copy.
 *
 * Names are found by it, so it must not claim too much: what may have been written through a pointer has
 * no origin.
 */
import type { BpfInstruction } from '../../../object/index.ts';
import type { Code } from '../path.ts';

/** One instruction on a path. */
export interface PathStep {
  readonly pc: number;
  /** Of a branch: whether it was taken. Found by the next step when it is not told. */
  readonly taken?: boolean;
}

/** Where a value was made. One object for each time that it happens. */
export interface Origin {
  /** The instruction that made it. Of parameters: the call; -1 at the entry. */
  readonly pc: number;
  /** Set when it is a parameter: the function, and the register it came in. */
  readonly parameter: { readonly fn: number; readonly register: number } | undefined;
  /** The register that it was made in. */
  readonly register: number;
  /** What it was computed from: the first operand, the address of a load, the caller's argument. */
  readonly from: Origin | undefined;
  /** The second operand, when it was a register. */
  readonly other: Origin | undefined;
  /** It is the address of this offset from r10. */
  readonly frameOffset: number | undefined;
  /** Length of the longest chain of origins from here. */
  readonly depth: number;
}

/** A branch of the path, as it was passed last. */
export interface PassedBranch {
  readonly pc: number;
  readonly taken: boolean;
  /** Where it led. */
  readonly next: number;
  readonly left: Origin | undefined;
  readonly right: Origin | undefined;
  /** How often the path passed it. */
  count: number;
}

/** What the path says of its end. */
export interface History {
  /** Origins of r0 to r10 of the running function. */
  readonly registers: readonly (Origin | undefined)[];
  /** Branches in the order in which they were passed last. */
  readonly branches: readonly PassedBranch[];
}

/** Longer chains are cut to their two ends: those of loops would have no end. */
const DEEPEST = 32;

interface Frame {
  readonly fn: number;
  readonly registers: (Origin | undefined)[];
  /** By offset from r10. */
  readonly slots: Map<number, Origin>;
  /** Everything from this offset up may be written through pointers; 0 nothing. */
  escaped: number;
}

const FRAME_POINTER = 10;
const FRAME_SIZE = 512;
/** r0 to r5 are lost in calls. */
const SCRATCH_REGISTERS = 6;

/** Goes along a path from a program's or global function's entry to its last instruction, the refused one. */
export function traceHistory(code: Code, path: Iterable<PathStep>): History | undefined {
  let tracer: Tracer | undefined;
  let last: PathStep | undefined;
  for (const step of path) {
    tracer ??= new Tracer(code, code.functionOf(step.pc));
    if (last !== undefined) tracer.advance(last, step.pc);
    last = step;
  }
  return tracer?.history();
}

class Tracer {
  readonly #code: Code;
  readonly #frames: Frame[] = [];
  /** In order of the last time: a branch that is passed again moves to the end. */
  readonly #branches = new Map<number, PassedBranch>();

  constructor(code: Code, entry: number) {
    this.#code = code;
    this.#enter(entry, -1, []);
  }

  history(): History {
    return { registers: this.#top.registers, branches: [...this.#branches.values()] };
  }

  get #top(): Frame {
    return this.#frames[this.#frames.length - 1]!;
  }

  #enter(fn: number, callSite: number, given: readonly (Origin | undefined)[]): void {
    const registers = new Array<Origin | undefined>(11).fill(undefined);
    for (let register = 1; register < SCRATCH_REGISTERS; register++) {
      const parameter = { fn, register };
      registers[register] = made(callSite, register, given[register], parameter);
    }
    this.#frames.push({ fn, registers, slots: new Map(), escaped: 0 });
  }

  /** The effect of one instruction after which control is at `next`. */
  advance(step: PathStep, next: number): void {
    const { pc } = step;
    const instruction = this.#code.at(pc);
    switch (instruction.kind) {
      case 'branch':
        this.#branch(step, instruction, next);
        return;
      case 'call_function':
      case 'call_helper':
      case 'call_kernel':
      case 'call_register':
        this.#call(pc, next);
        return;
      case 'exit':
        this.#exit(next);
        return;
      default:
        this.#plain(pc, instruction);
    }
  }

  #branch(
    step: PathStep,
    instruction: Extract<BpfInstruction, { kind: 'branch' }>,
    next: number,
  ): void {
    const { pc } = step;
    const { registers } = this.#top;
    const target = this.#code.startOf(this.#code.functionOf(pc)) + instruction.target;
    const { right } = instruction;
    const count = (this.#branches.get(pc)?.count ?? 0) + 1;
    this.#branches.delete(pc);
    this.#branches.set(pc, {
      pc,
      next,
      taken: step.taken ?? (next === target && target !== pc + 1),
      left: registers[instruction.left],
      right: right.kind === 'register' ? registers[right.register] : undefined,
      count,
    });
  }

  #call(pc: number, next: number): void {
    const frame = this.#top;
    const given = frame.registers.slice(0, SCRATCH_REGISTERS);
    this.#forgetEscaped();
    const callee = this.#code.functionOf(next);
    if (next === this.#code.startOf(callee) && callee !== frame.fn) {
      const isCallback = this.#code.at(pc).kind !== 'call_function';
      // Callbacks get what the helper makes up.
      this.#enter(callee, pc, isCallback ? [] : given);
      return;
    }
    this.#returned(frame, pc);
  }

  #exit(next: number): void {
    if (this.#frames.length === 1) return;
    this.#frames.pop();
    const fn = this.#code.functionOf(next);
    const caller = this.#top;
    // The helper runs its callback again.
    if (fn !== caller.fn) this.#enter(fn, -1, []);
    else this.#returned(caller, Math.max(next - 1, 0));
  }

  #returned(frame: Frame, call: number): void {
    frame.registers.fill(undefined, 0, SCRATCH_REGISTERS);
    frame.registers[0] = made(call, 0);
  }

  #plain(pc: number, instruction: BpfInstruction): void {
    const frame = this.#top;
    const { registers, slots } = frame;
    switch (instruction.kind) {
      case 'alu':
        this.#arithmetic(frame, pc, instruction);
        return;
      case 'move_sign_extend':
        registers[instruction.destination] = registers[instruction.source];
        return;
      case 'load':
        registers[instruction.destination] =
          (instruction.base === FRAME_POINTER ? slots.get(instruction.offset) : undefined) ??
          made(pc, instruction.destination, registers[instruction.base]);
        return;
      case 'store': {
        if (instruction.base !== FRAME_POINTER) {
          this.#forgetEscaped();
          return;
        }
        const { offset, source, size } = instruction;
        for (let byte = offset - 7; byte < offset + size; byte++) slots.delete(byte);
        const origin = source.kind === 'register' ? registers[source.register] : undefined;
        if (size >= 4) slots.set(offset, origin ?? made(pc, FRAME_POINTER));
        return;
      }
      case 'atomic': {
        this.#forgetEscaped();
        if (instruction.base === FRAME_POINTER) slots.clear();
        if (instruction.operator === 'cmpxchg') registers[0] = made(pc, 0);
        else if (instruction.fetch || instruction.operator === 'load_acquire') {
          registers[instruction.source] = made(pc, instruction.source);
        }
        return;
      }
      case 'legacy_load':
        this.#returned(frame, pc);
        return;
      case 'negate':
      case 'swap':
        registers[instruction.destination] = made(
          pc,
          instruction.destination,
          registers[instruction.destination],
        );
        return;
      case 'reference':
        registers[instruction.destination] = made(pc, instruction.destination);
        return;
      default:
    }
  }

  #arithmetic(
    frame: Frame,
    pc: number,
    instruction: Extract<BpfInstruction, { kind: 'alu' }>,
  ): void {
    const { registers } = frame;
    const { destination, source, operator } = instruction;
    if (operator === 'mov') {
      registers[destination] =
        source.kind === 'immediate'
          ? made(pc, destination)
          : source.register === FRAME_POINTER
            ? { ...made(pc, destination), frameOffset: 0 }
            : registers[source.register];
      return;
    }
    const before = registers[destination];
    if (before?.frameOffset !== undefined) {
      const known = operator === 'add' && source.kind === 'immediate';
      // An address that is not constant may be that of any slot.
      const offset = known ? before.frameOffset + source.value : -FRAME_SIZE;
      frame.escaped = Math.min(frame.escaped, offset);
      const other = source.kind === 'register' ? registers[source.register] : undefined;
      registers[destination] = { ...computed(pc, destination, before, other), frameOffset: offset };
      return;
    }
    if (this.#isExtension(before, instruction)) {
      registers[destination] = before?.from;
      return;
    }
    const other = source.kind === 'register' ? registers[source.register] : undefined;
    registers[destination] = computed(pc, destination, before, other);
  }

  /** Memory is written through some pointer. */
  #forgetEscaped(): void {
    for (const { slots, escaped } of this.#frames) {
      for (const offset of slots.keys()) {
        if (offset + 8 > escaped) slots.delete(offset);
      }
    }
  }

  /** Whether this shift ends what a shift to the left by as much began: an extension from 32 bits or fewer. */
  #isExtension(
    before: Origin | undefined,
    instruction: Extract<BpfInstruction, { kind: 'alu' }>,
  ): boolean {
    const { operator, source, width } = instruction;
    if ((operator !== 'rsh' && operator !== 'arsh') || source.kind !== 'immediate') return false;
    if (before === undefined || before.pc < 0 || before.from === undefined) return false;
    const first = this.#code.at(before.pc);
    return (
      first.kind === 'alu' &&
      first.operator === 'lsh' &&
      first.width === width &&
      first.source.kind === 'immediate' &&
      first.source.value === source.value
    );
  }
}

function made(
  pc: number,
  register: number,
  from?: Origin,
  parameter?: Origin['parameter'],
): Origin {
  // A loop computes a value from itself: one turn of it tells as much as all.
  const base = from?.pc === pc && parameter === undefined ? from.from : from;
  const kept = base !== undefined && base.depth >= DEEPEST ? oldest(base) : base;
  return {
    pc,
    register,
    parameter,
    from: kept,
    other: undefined,
    frameOffset: undefined,
    depth: (kept?.depth ?? 0) + 1,
  };
}

/** The same of a result of two operands. */
function computed(
  pc: number,
  register: number,
  from: Origin | undefined,
  other: Origin | undefined,
): Origin {
  const result = made(pc, register, from);
  if (other === undefined || other.depth >= DEEPEST) return result;
  return {
    pc,
    register,
    parameter: undefined,
    from: result.from,
    other,
    frameOffset: undefined,
    depth: Math.max(result.depth, other.depth + 1),
  };
}

/** Where a chain starts. */
function oldest(origin: Origin): Origin {
  let one = origin;
  while (one.from !== undefined) one = one.from;
  return one;
}
