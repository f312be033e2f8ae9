/**
 * The log of a walk, in the kernel's notation, for people who compare the two.
 *
 * Level 2 writes each instruction with the registers and slots that it names or changes. Level 1 writes
 * branches, calls and exits, each with the whole state before it. Where the log is off there is no
 * logger, and the walk does nothing for it.
 */
import type { BpfInstruction, BpfObject, BpfProgram } from '../../../object/index.ts';
import type { Code } from '../path.ts';
import { type Frame, SLOTS, type State } from '../state.ts';
import type { ProofOptions } from '../types.ts';
import { type Numbering, numbering } from './log-numbering.ts';
import { formatFrame, formatHeld, formatState } from './notation.ts';
import { type InstructionSetting, instructionText } from './notation-instruction.ts';

/** Totals of a walk, for the log's last line. */
export interface WalkTotals {
  readonly walked: number;
  readonly limit: number;
  readonly states: number;
  readonly peakStates: number;
}

/** Told what the walk does. Made by `createLogger`, which gives none when nobody listens. */
export interface Logger {
  /** A path starts in this state: at an entry (`from` is -1), or one that was put aside at `from`. */
  path(state: State, from: number): void;
  /** The instruction at `pc` is executed next. */
  before(state: State, pc: number): void;
  /** It was; `state` is that of the path that is walked on. */
  after(state: State, pc: number): void;
  /** The path ends here, since everything that may follow was walked from the state `by`. */
  covered(state: State, by: State): void;
  /** Anything else that is worth a line. */
  note(text: string): void;
  /** The walk has ended, by this rejection when there is one. */
  end(totals: WalkTotals, rejection?: string): void;
}

/** A logger for the walk of one program, undefined when `options` want none. */
export function createLogger(
  object: BpfObject,
  program: BpfProgram,
  code: Code,
  options: Pick<ProofOptions, 'log' | 'logLevel'>,
): Logger | undefined {
  const { log, logLevel } = options;
  if (log === undefined || logLevel === undefined || logLevel === 0) return undefined;
  const numbers = numbering(object, program, code);
  return new WalkLogger(object, program, code, numbers, logLevel, log);
}

/** The kernel lines states up in columns of this. */
const STATE_COLUMN = 40;
const COLUMN_STEP = 8;

function padded(text: string): string {
  // Counts the line end that the kernel takes back, which is why one is added here.
  const length = text.length + 1;
  const least = Math.max(length + COLUMN_STEP / 2, STATE_COLUMN);
  return text.padEnd(Math.ceil(least / COLUMN_STEP) * COLUMN_STEP - 2);
}

class WalkLogger implements Logger {
  readonly #object: BpfObject;
  readonly #program: BpfProgram;
  readonly #code: Code;
  readonly #numbers: Numbering;
  readonly #level: number;
  readonly #write: (line: string) => void;
  /** Where the path that just started comes from; its line is written when it is clear how it goes on. */
  #started: number | undefined;
  /** The line of an instruction whose result is not known yet. */
  #pending: string | undefined;
  #snapshot: State | undefined;
  /** A return that was just made: the exit's number and the caller's state. */
  #returned: { readonly from: number; readonly state: string } | undefined;
  #source = '';

  constructor(
    object: BpfObject,
    program: BpfProgram,
    code: Code,
    numbers: Numbering,
    level: number,
    write: (line: string) => void,
  ) {
    this.#object = object;
    this.#program = program;
    this.#code = code;
    this.#numbers = numbers;
    this.#level = level;
    this.#write = write;
  }

  path(state: State, from: number): void {
    this.#flush();
    this.#started = from;
    if (from >= 0) return;
    const fn = this.#code.functionOf(state.pc);
    if (fn !== this.#program.entry) {
      this.#write(`Validating ${this.#nameOf(fn)}() ${this.#numberOf(fn)}...`);
    }
  }

  before(state: State, pc: number): void {
    this.#flush();
    const started = this.#started;
    this.#started = undefined;
    const returned = this.#returned;
    this.#returned = undefined;
    if (returned !== undefined) {
      this.#write('');
      this.#write(`from ${returned.from} to ${this.#numbers.of(pc)}:${returned.state}`);
    }
    const instruction = this.#code.at(pc);
    const shown = this.#level >= 2 || isTurn(instruction);
    if (started !== undefined) this.#writeStart(started, state, pc);
    this.#snapshot = state.copy();
    if (!shown) return;
    this.#writeSource(pc);
    const number = this.#numbers.of(pc);
    if (this.#level < 2 && started === undefined) {
      this.#write(`${number}:${formatState(this.#object, state)}`);
    }
    this.#pending = `${number}: ${instructionText(instruction, this.#setting(pc))}`;
  }

  after(state: State, pc: number): void {
    const before = this.#snapshot;
    if (before === undefined || state.frames.length === 0) return;
    this.#snapshot = undefined;
    const depth = state.frames.length - before.frames.length;
    if (depth > 0) this.#writeCall(state);
    else if (depth < 0) this.#writeReturn(before, state, pc);
    else this.#writeResult(before, state, pc);
  }

  #writeCall(state: State): void {
    const callee = state.frames.length - 1;
    const held = formatHeld(state);
    const inner = formatFrame(this.#object, state, callee) + held;
    this.#flush();
    this.#write('caller:');
    this.#write(formatFrame(this.#object, state, callee - 1) + held);
    this.#write('callee:');
    this.#write(inner);
    this.#write(`${this.#numbers.of(state.pc)}:${inner}`);
  }

  #writeReturn(before: State, state: State, pc: number): void {
    const number = this.#numbers.of(state.pc);
    const callee = before.frames.length - 1;
    const outer = formatState(this.#object, state);
    this.#flush();
    this.#write('returning from callee:');
    this.#write(formatFrame(this.#object, before, callee) + formatHeld(before));
    this.#write(`to caller at ${number}:`);
    this.#write(outer);
    this.#returned = { from: this.#numbers.of(pc), state: outer };
  }

  covered(state: State): void {
    this.#flush();
    const started = this.#started;
    this.#started = undefined;
    const number = this.#numbers.of(state.pc);
    const returned = this.#returned;
    this.#returned = undefined;
    if (returned !== undefined) {
      this.#write('');
      this.#write(`from ${returned.from} to ${number}: safe`);
    } else if (started === undefined || started < 0) {
      this.#write(`${number}: safe`);
    } else {
      this.#write('');
      this.#write(`from ${this.#numbers.of(started)} to ${number}: safe`);
    }
  }

  note(text: string): void {
    this.#flush();
    this.#write(text);
  }

  end(totals: WalkTotals, rejection?: string): void {
    this.#flush();
    if (rejection !== undefined) this.#write(rejection);
    const { walked, limit, states, peakStates } = totals;
    this.#write(
      `processed ${walked} insns (limit ${limit}) total_states ${states} peak_states ${peakStates}`,
    );
  }

  #flush(): void {
    if (this.#pending !== undefined) this.#write(this.#pending);
    this.#pending = undefined;
  }

  #writeStart(from: number, state: State, pc: number): void {
    const number = this.#numbers.of(pc);
    const text = formatState(this.#object, state);
    if (from >= 0) {
      this.#write('');
      this.#write(`from ${this.#numbers.of(from)} to ${number}:${text}`);
    }
    this.#write(`${number}:${text}`);
  }

  #nameOf(fn: number): string {
    return this.#object.functions[fn]?.name ?? '';
  }

  /** The kernel's number of a function. */
  #numberOf(fn: number): string {
    return `func#${this.#numbers.functions.indexOf(fn)}`;
  }

  #writeResult(before: State, state: State, pc: number): void {
    const text = this.#pending;
    this.#pending = undefined;
    if (text === undefined) return;
    const number = state.frames.length - 1;
    const was = before.frames[number]!;
    const is = state.frames[number]!;
    const instruction = this.#code.at(pc);
    const named = registersOf(instruction);
    const read = slotOf(instruction, was, number);
    let result = formatFrame(
      this.#object,
      state,
      number,
      (register) =>
        named.includes(register) ||
        // What a branch tells of other registers the kernel shows where they are used.
        (instruction.kind !== 'branch' && was.registers[register] !== is.registers[register]),
      (slot) => slot === read || was.slot(slot) !== is.slot(slot),
    );
    // Slots of callers change through pointers into their frames.
    for (let other = 0; other < number; other++) {
      const [old, now] = [before.frames[other]!, state.frames[other]!];
      if (old.sameSlots(now)) continue;
      const touched = (slot: number) => slot < SLOTS && old.slot(slot) !== now.slot(slot);
      const slots = formatFrame(this.#object, state, other, () => false, touched);
      result += other === 0 && slots !== '' ? ` frame0:${slots}` : slots;
    }
    if (instruction.kind === 'call_function') {
      const callee = instruction.function;
      this.#write(text);
      this.#write(
        `F${this.#numberOf(callee).slice(1)} ('${this.#nameOf(callee)}') is global and assumed valid.`,
      );
      this.#write(`${this.#numbers.of(state.pc)}:${result}${formatHeld(state)}`);
      return;
    }
    // The prefix of the frame alone says nothing.
    if (/^( frame\d+:)?$/.test(result)) this.#write(text);
    else this.#write(`${padded(text)};${result}${formatHeld(state)}`);
  }

  #writeSource(pc: number): void {
    const fn = this.#code.functionOf(pc);
    const { file, line, sourceText } = this.#object.place(fn, this.#code.indexOf(pc));
    if (line === undefined) return;
    const source = `${file.slice(file.lastIndexOf('/') + 1)}:${line}`;
    if (source === this.#source) return;
    this.#source = source;
    this.#write(`; ${(sourceText ?? '').trimStart()} @ ${source}`);
  }

  #setting(pc: number): InstructionSetting {
    const code = this.#code;
    const start = code.startOf(code.functionOf(pc));
    const after = this.#numbers.of(pc) + 1;
    return {
      object: this.#object,
      distance: (target) => this.#numbers.of(start + target) - after,
      callDistance: (fn) => this.#numbers.startOf(fn) - after,
    };
  }
}

/** Whether control may part here: what level 1 shows. */
function isTurn(instruction: BpfInstruction): boolean {
  switch (instruction.kind) {
    case 'branch':
    case 'may_goto':
    case 'call_helper':
    case 'call_function':
    case 'call_kernel':
    case 'call_register':
    case 'exit':
      return true;
    default:
      return false;
  }
}

/** Registers that an instruction reads or writes by name. */
function registersOf(instruction: BpfInstruction): readonly number[] {
  switch (instruction.kind) {
    case 'alu':
      return instruction.source.kind === 'register'
        ? [instruction.destination, instruction.source.register]
        : [instruction.destination];
    case 'move_sign_extend':
    case 'address_space_cast':
      return [instruction.destination, instruction.source];
    case 'negate':
    case 'swap':
    case 'reference':
      return [instruction.destination];
    case 'load':
      return [instruction.destination, instruction.base];
    case 'store':
      return instruction.source.kind === 'register'
        ? [instruction.base, instruction.source.register]
        : [instruction.base];
    case 'atomic':
      return instruction.operator === 'cmpxchg'
        ? [0, instruction.base, instruction.source]
        : [instruction.base, instruction.source];
    case 'branch':
      return instruction.right.kind === 'register'
        ? [instruction.left, instruction.right.register]
        : [instruction.left];
    case 'call_helper':
    case 'call_kernel':
    case 'call_register':
      return [0];
    case 'legacy_load':
      return instruction.index === undefined ? [0, 6] : [0, 6, instruction.index];
    default:
      return [];
  }
}

/** The slot of the running frame that a load or an atomic reads at a constant address, -1 for none. */
function slotOf(instruction: BpfInstruction, frame: Frame, number: number): number {
  if (instruction.kind !== 'load' && instruction.kind !== 'atomic') return -1;
  const base = frame.registers[instruction.base]!;
  if (base.kind !== 'pointer' || base.target.kind !== 'stack' || base.target.frame !== number) {
    return -1;
  }
  const variable = base.variable.constantNumber;
  if (variable === undefined) return -1;
  return Math.floor(-(base.offset + variable + instruction.offset + 1) / 8);
}
