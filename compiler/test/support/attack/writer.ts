import type { AccessSize, AluOperator, BranchOperator } from '../../../src/isa/index.ts';
import { asm, type Draft } from '../object.ts';
import type { Random } from '../random.ts';
import type { AttackKind, Sizes } from './program.ts';
import { State, type Value } from './state.ts';

/** Where branches lead; knows what holds there as far as it is branched to. */
export class Target {
  index: number | undefined;
  state: State | undefined;
}

export type Source = { readonly register: number } | { readonly immediate: number };

/** What one argument of a call is made from. */
export type Argument =
  | Source
  | { readonly map: number }
  | { readonly frame: number }
  | { readonly make: (register: number) => void };

/** What all functions of a program share. */
export interface Setting {
  readonly random: Random;
  readonly kind: AttackKind;
  readonly sizes: Sizes;
  /** Code of the functions; a function's place is taken before its callers are finished. */
  readonly functions: (readonly Draft[])[];
}

const FRAME = 10;
/** Spill slots lie directly below the frame pointer. */
export const SLOTS = [-8, -16, -24, -32, -40] as const;

/** Writes the code of one function and follows what it does. */
export class Writer {
  readonly setting: Setting;
  readonly random: Random;
  /** 0 for the program itself. */
  readonly depth: number;
  readonly #code: { draft: Draft; target?: Target }[] = [];
  state = new State();
  /** False behind a jump or an exit, until a target is placed. */
  reachable = true;
  /** Something must be released before the function may end. */
  holding = 0;

  constructor(setting: Setting, depth: number) {
    this.setting = setting;
    this.random = setting.random;
    this.depth = depth;
  }

  get length(): number {
    return this.#code.length;
  }

  emit(draft: Draft): void {
    this.#code.push({ draft });
  }

  /** A branch, jump or may_goto to a target. */
  emitTo(draft: Draft, target: Target): void {
    if (this.reachable) {
      if (target.state === undefined) target.state = this.state.copy();
      else target.state.join(this.state);
    }
    this.#code.push({ draft, target });
  }

  place(target: Target): void {
    target.index = this.#code.length;
    if (target.state === undefined) return;
    if (this.reachable) this.state.join(target.state);
    else this.state.become(target.state);
    this.reachable = true;
  }

  finish(): Draft[] {
    return this.#code.map(({ draft, target }) =>
      target === undefined ? draft : ({ ...draft, target: target.index! } as Draft),
    );
  }

  // What instructions do to the state is said by whoever emits them.

  alu(operator: AluOperator, register: number, source: Source, width: 32 | 64 = 64): void {
    if ('register' in source) this.emit(asm.aluR(operator, register, source.register, width));
    else this.emit(asm.aluI(operator, register, source.immediate | 0, width));
  }

  branch(
    operator: BranchOperator,
    left: number,
    right: Source,
    target: Target,
    width: 32 | 64 = 64,
  ): void {
    const operand =
      'register' in right
        ? ({ kind: 'register', register: right.register } as const)
        : ({ kind: 'immediate', value: right.immediate | 0 } as const);
    this.emitTo({ kind: 'branch', operator, width, left, right: operand, target: 0 }, target);
  }

  jump(target: Target): void {
    this.emitTo({ kind: 'jump', target: 0 }, target);
    this.reachable = false;
  }

  load(to: number, size: AccessSize, base: number, offset: number, signed = false): void {
    this.emit(asm.load(to, size, base, offset, signed && size < 8));
  }

  set(register: number, value: Value | undefined): void {
    this.state.registers[register] = value;
  }

  value(register: number): Value | undefined {
    return this.state.registers[register];
  }

  /** A copy of a register, and of what is known of it. */
  copy(to: number, from: number): void {
    if (to === from) return;
    this.alu('mov', to, { register: from });
    this.set(to, from === FRAME ? undefined : this.value(from));
  }

  constant(register: number, value: number): void {
    this.alu('mov', register, { immediate: value });
    this.set(register, { kind: 'bounded', low: value, high: value });
  }

  /** A register that may be overwritten; `saved`: one that calls leave alone. */
  free(saved = false, but: readonly number[] = []): number {
    const all = saved ? [6, 7, 8, 9] : [0, 1, 2, 3, 4, 5, 7, 8, 9];
    const open = all.filter((one) => !this.state.pinned.has(one) && !but.includes(one));
    const unused = open.filter((one) => this.value(one) === undefined);
    const from = unused.length > 0 && this.random.chance(0.8) ? unused : open;
    return from.length > 0 ? this.random.pick(from) : -1;
  }

  /** Registers that hold such a value. */
  holdingSuch(test: (value: Value) => boolean): number[] {
    const found: number[] = [];
    this.state.registers.forEach((value, register) => {
      if (value !== undefined && test(value)) found.push(register);
    });
    return found;
  }

  /** Keeps a register from being overwritten while `work` is written. */
  pinning<Result>(registers: readonly number[], work: () => Result): Result {
    const added = registers.filter((one) => !this.state.pinned.has(one));
    for (const one of added) this.state.pinned.add(one);
    const result = work();
    for (const one of added) this.state.pinned.delete(one);
    return result;
  }

  /** Puts arguments into r1 and up. */
  arguments(list: readonly Argument[]): void {
    const moves = list.flatMap((argument, index) =>
      'register' in argument && argument.register !== index + 1
        ? [{ to: index + 1, from: argument.register }]
        : [],
    );
    while (moves.length > 0) {
      // First what overwrites no register that another move reads.
      const free = moves.findIndex(({ to }) => !moves.some(({ from }) => from === to));
      const [move] = moves.splice(Math.max(0, free), 1);
      if (free < 0) {
        this.alu('mov', 0, { register: move!.to });
        for (const other of moves) if (other.from === move!.to) other.from = 0;
      }
      this.alu('mov', move!.to, { register: move!.from });
    }
    list.forEach((argument, index) => {
      const to = index + 1;
      if ('immediate' in argument) this.alu('mov', to, argument);
      else if ('map' in argument) this.emit(asm.map(to, argument.map));
      else if ('make' in argument) argument.make(to);
      else if ('frame' in argument) {
        this.alu('mov', to, { register: FRAME });
        this.alu('add', to, { immediate: argument.frame });
      }
    });
  }

  /** Whether nothing that must stay is in a register that calls overwrite. */
  get mayCall(): boolean {
    return ![...this.state.pinned].some((register) => register <= 5);
  }

  /** A call of a helper; `result` is what r0 then holds. */
  helper(number: number, list: readonly Argument[], result?: Value): void {
    this.arguments(list);
    this.emit(asm.helper(number));
    this.clobber(result);
  }

  clobber(result?: Value): void {
    for (let register = 1; register <= 5; register++) this.set(register, undefined);
    this.set(0, result);
  }
}
