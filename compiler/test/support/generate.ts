/**
 * Random programs for differential tests: whatever runs one must agree with every other on r0 and on
 * memory, because a program reads nothing that is not defined.
 *
 * Covered: every form that `generatedForms` lists: arithmetic in both widths and operand kinds with
 * signed and unsigned division, sign-extending moves, byte swaps, 64-bit constants; loads and stores of
 * all sizes at any alignment, at constant and at computed offsets; atomics, aligned; branches forward,
 * loops of a few rounds (tested at the top or bottom, some with may_goto that never runs out), goto and
 * gotol; local calls up to four deep, of which some write to the caller's frame through a pointer.
 * Not covered: helpers, maps, callx, legacy loads, addresses as results.
 *
 * A raw program (the default) gets memory of `memory.length` bytes in r1, which must start at a
 * multiple of 8. With `kernel` the program uses no memory but its stack, aligned, keeps within 512
 * bytes of stack over all frames and returns 32 bits, so that the kernel's verifier takes it as xdp or
 * socket_filter.
 */
import type { AccessSize, AluOperator, AtomicOperator, Instruction } from '../../src/isa/index.ts';
import { Builder, immediate, type Label, register } from './builder.ts';
import { aluOperators, branchOperators } from './forms.ts';
import { Random } from './random.ts';

export interface GeneratedProgram {
  readonly seed: number;
  readonly code: Uint8Array;
  readonly instructions: readonly Instruction[];
  /** What r1 points to; empty for the kernel. */
  readonly memory: Uint8Array;
}

export interface GenerateOptions {
  readonly kernel?: boolean;
  /** Statements of the main function, about; 30 by default. A statement is one to a dozen instructions. */
  readonly statements?: number;
}

/** Memory that a function may use: `size` bytes from `base` + `offset`, which is aligned to 8. */
interface Area {
  readonly base: number;
  readonly offset: number;
  readonly size: number;
}

/** What a function of the program is called with. */
interface Callee {
  readonly label: Label;
  /** Takes a pointer to `SHARED` bytes of the caller's frame in r2. */
  readonly sharesFrame: boolean;
  readonly calls: readonly Callee[];
  /** Some function before it in the code calls it; the kernel refuses code that nothing reaches. */
  called: boolean;
}

const FRAME = 10;
const MEMORY = 6;
const SHARED_FRAME = 7;
const SHARED = 16;
/** Counts the rounds of a loop; loops do not nest within a function. */
const COUNTER = 9;

export function generate(seed: number, options: GenerateOptions = {}): GeneratedProgram {
  const random = new Random(seed);
  const kernel = options.kernel ?? false;
  const memory = kernel ? new Uint8Array(0) : random.bytes(8 * (2 + random.below(40)));
  const builder = new Builder();
  const callees: Callee[] = [];
  for (let count = random.below(4); count > 0; count--) {
    callees.unshift({
      label: {},
      sharesFrame: random.chance(0.5),
      calls: [...callees],
      called: false,
    });
  }
  const statements = options.statements ?? 30;
  new FunctionWriter(random, builder, { kernel, memory: memory.length }, callees).write(statements);
  for (const callee of callees) {
    if (!callee.called) continue;
    builder.place(callee.label);
    const writer = new FunctionWriter(
      random,
      builder,
      { kernel, memory: memory.length },
      callee.calls,
      callee,
    );
    writer.write(Math.ceil(statements / 4));
  }
  return { seed, ...builder.finish(), memory };
}

/** Writes one function. */
class FunctionWriter {
  readonly #random: Random;
  readonly #builder: Builder;
  readonly #kernel: boolean;
  readonly #callees: readonly Callee[];
  readonly #self: Callee | undefined;
  readonly #hasMemory: boolean;
  readonly #areas: Area[] = [];
  readonly #frame: Area;
  /** Registers that hold numbers; none of them is part of an address for longer than a statement. */
  readonly #scalars: number[];
  #inLoop = false;

  constructor(
    random: Random,
    builder: Builder,
    setting: { kernel: boolean; memory: number },
    callees: readonly Callee[],
    self?: Callee,
  ) {
    this.#random = random;
    this.#builder = builder;
    this.#kernel = setting.kernel;
    this.#callees = callees;
    this.#self = self;
    this.#hasMemory = setting.memory > 0;
    const pointers = new Set<number>();
    if (this.#hasMemory) {
      pointers.add(MEMORY);
      this.#areas.push({ base: MEMORY, offset: 0, size: setting.memory });
    }
    if (self?.sharesFrame) {
      pointers.add(SHARED_FRAME);
      this.#areas.push({ base: SHARED_FRAME, offset: 0, size: SHARED });
    }
    const size = this.#kernel ? 64 : random.pick([16, 64, 128, 512]);
    this.#frame = { base: FRAME, offset: -size, size };
    this.#areas.push(this.#frame);
    this.#scalars = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((number) => !pointers.has(number));
  }

  write(statements: number): void {
    const builder = this.#builder;
    const arrived = new Set(this.#self === undefined ? [] : [3, 4, 5]);
    if (this.#hasMemory) builder.alu('mov', MEMORY, register(1));
    if (this.#self === undefined && this.#hasMemory) arrived.add(2);
    if (this.#self?.sharesFrame) builder.alu('mov', SHARED_FRAME, register(2));
    for (const scalar of this.#scalars) if (!arrived.has(scalar)) this.#initialise(scalar);
    for (let at = this.#frame.offset; at < 0; at += 8) {
      const source = register(this.#random.pick(this.#scalars));
      builder.emit({ kind: 'store', size: 8, base: FRAME, offset: at, source });
    }
    this.#block(statements);
    this.#fold();
    builder.emit({ kind: 'exit' });
  }

  /** Makes r0 depend on every number and on the frame. */
  #fold(): void {
    const builder = this.#builder;
    for (const scalar of this.#scalars) {
      if (scalar === 0) continue;
      builder.alu('mul', 0, immediate(0x01000193));
      builder.alu('xor', 0, register(scalar));
    }
    for (let at = this.#frame.offset; at < 0; at += 8) {
      builder.emit({
        kind: 'load',
        size: 8,
        signed: false,
        destination: 1,
        base: FRAME,
        offset: at,
      });
      builder.alu('mul', 0, immediate(0x01000193));
      builder.alu('add', 0, register(1));
    }
    if (!this.#kernel || this.#self !== undefined) return;
    // 32 bits count; those that multiplication mixes best are the upper ones.
    builder.alu('rsh', 0, immediate(32));
  }

  #initialise(scalar: number): void {
    const word = (): bigint => BigInt(this.#random.word());
    if (this.#random.chance(0.4)) {
      const edges = [
        0n,
        1n,
        (1n << 64n) - 1n,
        1n << 63n,
        (1n << 63n) - 1n,
        1n << 32n,
        0xffff_ffffn,
      ];
      const value = this.#random.chance(0.5) ? this.#random.pick(edges) : (word() << 32n) | word();
      this.#builder.constant(scalar, value);
    } else {
      const width = this.#random.pick([32, 64] as const);
      this.#builder.alu('mov', scalar, immediate(this.#random.immediate()), width);
    }
  }

  #block(statements: number): void {
    for (let count = statements; count > 0; count--) this.#statement(count);
  }

  #statement(remaining: number): void {
    const draw = this.#random.below(100);
    if (draw < 42) this.#arithmetic();
    else if (draw < 50) this.#rearrange();
    else if (draw < 70) this.#access();
    else if (draw < 78) this.#atomic();
    else if (draw < 88) this.#choice(Math.min(remaining, 6));
    else if (draw < 93) this.#loop(Math.min(remaining, 5));
    else if (draw < 96) this.#call();
    else this.#initialise(this.#target());
  }

  /** Numbers that may change: all but the counter of the loop around. */
  #changeable(): number[] {
    return this.#inLoop ? this.#scalars.filter((number) => number !== COUNTER) : this.#scalars;
  }

  #target(): number {
    return this.#random.pick(this.#changeable());
  }

  #arithmetic(): void {
    const random = this.#random;
    const operator: AluOperator = random.pick(aluOperators);
    const width = random.pick([32, 64] as const);
    const destination = this.#target();
    if (random.chance(0.5)) {
      this.#builder.alu(operator, destination, register(random.pick(this.#scalars)), width);
      return;
    }
    let value = random.immediate();
    // By constants the verifier takes neither a shift beyond the width nor a division by 0.
    if (operator === 'lsh' || operator === 'rsh' || operator === 'arsh') value &= width - 1;
    const divides = ['div', 'sdiv', 'mod', 'smod'].includes(operator);
    this.#builder.alu(operator, destination, immediate(divides && value === 0 ? -1 : value), width);
  }

  #rearrange(): void {
    const random = this.#random;
    const destination = this.#target();
    const width = random.pick([32, 64] as const);
    const draw = random.below(6);
    if (draw === 0) {
      this.#builder.emit({ kind: 'negate', width, destination });
    } else if (draw < 3) {
      const bits = width === 64 ? random.pick([8, 16, 32] as const) : random.pick([8, 16] as const);
      const source = random.pick(this.#scalars);
      this.#builder.emit({ kind: 'move_sign_extend', width, bits, destination, source });
    } else {
      const to = random.pick(['le', 'be', 'swap'] as const);
      const bits = random.pick([16, 32, 64] as const);
      this.#builder.emit({ kind: 'swap', to, bits, destination });
    }
  }

  /** A place of `size` bytes in some area; the address may be computed, by way of `temporary`. */
  #place(size: AccessSize, aligned: boolean, temporary?: number): { base: number; offset: number } {
    const random = this.#random;
    const area = random.pick(this.#areas);
    const step = aligned || (this.#kernel && area.base !== MEMORY) ? size : 1;
    const places = Math.floor((area.size - size) / step) + 1;
    if (temporary === undefined || random.chance(0.6)) {
      return { base: area.base, offset: area.offset + step * random.below(places) };
    }
    // temporary = base + step * (number & mask), and the rest of the way as a constant.
    const mask = 2 ** Math.floor(Math.log2(places)) - 1;
    const fixed = step * random.below(places - mask);
    const index = random.pick(this.#changeable().filter((number) => number !== temporary));
    const builder = this.#builder;
    const width = random.pick([32, 64] as const);
    // Linux 6.18 mistakes r10 added to a number for the frame of the outermost function.
    const pointerFirst = this.#kernel || random.chance(0.5);
    const distance = pointerFirst ? index : temporary;
    if (!pointerFirst) builder.alu('mov', temporary, register(index), width);
    builder.alu('and', distance, immediate(mask), width);
    if (step > 1) builder.alu('lsh', distance, immediate(Math.log2(step)));
    if (pointerFirst) builder.alu('mov', temporary, register(area.base));
    builder.alu('add', temporary, register(pointerFirst ? index : area.base));
    if (!random.chance(0.3)) return { base: temporary, offset: area.offset + fixed };
    builder.alu('add', temporary, immediate(area.offset + fixed));
    return { base: temporary, offset: 0 };
  }

  #access(): void {
    const random = this.#random;
    const size = random.pick([1, 2, 4, 8] as const);
    const temporary = this.#target();
    const { base, offset } = this.#place(size, false, temporary);
    if (random.chance(0.5)) {
      const destination = base === temporary ? temporary : this.#target();
      const signed = size !== 8 && random.chance(0.4);
      this.#builder.emit({ kind: 'load', size, signed, destination, base, offset });
      return;
    }
    const numbers = this.#scalars.filter((number) => number !== temporary);
    const source = random.chance(0.6)
      ? register(random.pick(numbers))
      : immediate(random.immediate());
    this.#builder.emit({ kind: 'store', size, base, offset, source });
    if (base === temporary) this.#initialise(temporary);
  }

  #atomic(): void {
    const random = this.#random;
    const operator: AtomicOperator = random.pick([
      ...(['add', 'or', 'and', 'xor', 'xchg', 'cmpxchg'] as const),
      ...(['load_acquire', 'store_release'] as const),
    ]);
    const ordered = operator === 'load_acquire' || operator === 'store_release';
    const size = ordered ? random.pick([1, 2, 4, 8] as const) : random.pick([4, 8] as const);
    const exchanges = operator === 'xchg' || operator === 'cmpxchg';
    const fetch = exchanges || (!ordered && random.chance(0.5));
    const { base, offset } = this.#place(size, true);
    const source = this.#target();
    if (operator === 'cmpxchg' && random.chance(0.6)) {
      // What is there: else an exchange would hardly ever happen.
      this.#builder.emit({ kind: 'load', size, signed: false, destination: 0, base, offset });
    }
    this.#builder.emit({ kind: 'atomic', operator, size, fetch, base, offset, source });
  }

  /** Emits a branch to `label` on random numbers. */
  #branch(label: Label): void {
    const random = this.#random;
    const right = random.chance(0.5)
      ? register(random.pick(this.#scalars))
      : immediate(random.immediate());
    const operator = random.pick(branchOperators);
    const width = random.pick([32, 64] as const);
    const left = random.pick(this.#scalars);
    this.#builder.emit({ kind: 'branch', operator, width, left, right }, label);
  }

  #jump(label: Label): void {
    const long = this.#random.chance(0.3) ? { long: true as const } : {};
    this.#builder.emit({ kind: 'jump', ...long }, label);
  }

  /** if, or if with else. */
  #choice(statements: number): void {
    const otherwise: Label = {};
    const end: Label = {};
    this.#branch(otherwise);
    this.#simple(1 + this.#random.below(statements));
    if (this.#random.chance(0.5)) {
      this.#jump(end);
      this.#builder.place(otherwise);
      this.#simple(1 + this.#random.below(statements));
    } else {
      this.#builder.place(otherwise);
    }
    this.#builder.place(end);
  }

  /** Statements without branches, calls or loops, so that nesting stays shallow. */
  #simple(statements: number): void {
    for (let count = statements; count > 0; count--) {
      const draw = this.#random.below(10);
      if (draw < 5) this.#arithmetic();
      else if (draw < 6) this.#rearrange();
      else if (draw < 9) this.#access();
      else this.#atomic();
    }
  }

  #loop(statements: number): void {
    const builder = this.#builder;
    const random = this.#random;
    const start: Label = {};
    const end: Label = {};
    const rounds = 1 + random.below(this.#kernel ? 4 : 12);
    const top = random.chance(0.5);
    builder.alu('mov', COUNTER, immediate(rounds));
    this.#inLoop = true;
    builder.place(start);
    const counter = { kind: 'branch' as const, left: COUNTER, right: immediate(0) };
    if (random.chance(0.3)) builder.emit({ kind: 'may_goto' }, end);
    if (top) builder.emit({ ...counter, operator: 'eq', width: 64 }, end);
    this.#simple(statements);
    if (!this.#kernel && random.chance(0.5)) this.#choice(2);
    builder.alu('add', COUNTER, immediate(-1));
    if (top) this.#jump(start);
    else builder.emit({ ...counter, operator: 'ne', width: 64 }, start);
    this.#inLoop = false;
    builder.place(end);
  }

  #call(): void {
    const callee = this.#callees[this.#random.below(this.#callees.length)];
    if (callee === undefined) {
      this.#arithmetic();
      return;
    }
    const builder = this.#builder;
    // r3 to r5 go along as they are; r1 and r2 are numbers for a callee that takes no pointer.
    if (this.#hasMemory) builder.alu('mov', 1, register(MEMORY));
    if (callee.sharesFrame) {
      builder.alu('mov', 2, register(FRAME));
      builder.alu('add', 2, immediate(-SHARED));
    }
    callee.called = true;
    builder.emit({ kind: 'call_local' }, callee.label);
    for (let clobbered = 1; clobbered <= 5; clobbered++) this.#initialise(clobbered);
  }
}
