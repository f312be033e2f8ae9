/** A path made by hand, to try the rules of memory one instruction at a time, without a walk. */
import * as assert from 'uvu/assert';
import type {
  BpfInstruction,
  BpfMap,
  BpfObject,
  DataSection,
  ProgramKind,
} from '../../src/object/index.ts';
import { programContext } from '../../src/verifier/contexts/index.ts';
import { type Scalar, signedRange } from '../../src/verifier/domain/index.ts';
import { alu, reference } from '../../src/verifier/proof/instructions/alu.ts';
import { atomic, legacyLoad, load, store } from '../../src/verifier/proof/memory/memory.ts';
import type { Code, Path, RejectionDetails } from '../../src/verifier/proof/path.ts';
import { Frame, State } from '../../src/verifier/proof/state.ts';
import {
  PointerValue,
  ScalarValue,
  type Target,
  type Value,
} from '../../src/verifier/proof/value.ts';
import type { ContextLayout } from '../../src/verifier/types.ts';
import { assemble } from '../support/assemble.ts';
import { makeObject } from '../support/object.ts';

/** What a rule throws here instead of ending a proof. */
export class Refused extends Error {
  readonly code: string;
  readonly details: RejectionDetails;
  constructor(code: string, message: string, details: RejectionDetails) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export interface Setting {
  readonly kind?: ProgramKind;
  readonly maps?: readonly Partial<BpfMap>[];
  readonly data?: readonly Partial<DataSection>[];
  readonly object?: Partial<BpfObject>;
  /** Code of f1, f2, ...: for paths that run in a function that others called. */
  readonly functions?: readonly string[];
}

/** A path in function 0, its registers as at the start of a program: r1 the context, r10 the frame. */
export class HandPath implements Path {
  readonly object: BpfObject;
  readonly program;
  readonly layout: ContextLayout;
  readonly code: Code;
  readonly accessed: Uint8Array;
  readonly callbacks = { atOnce: new Set<number>(), later: new Set<number>() };
  readonly begun = new Set<string>();
  readonly forked: State[] = [];
  /** What the rules told the walk, in order. */
  readonly told: string[] = [];
  state: State;
  pc = 0;
  #lastId = 100;

  constructor(setting: Setting = {}) {
    const texts = ['exit', ...(setting.functions ?? [])];
    const made = makeObject({
      functions: texts.map((text) => assemble(text)),
      kind: setting.kind ?? 'kprobe',
      ...(setting.maps !== undefined && { maps: setting.maps }),
      ...(setting.data !== undefined && { data: setting.data }),
    });
    this.object = { ...made, ptRegs: 'x86-64', ...setting.object };
    this.program = this.object.programs[0]!;
    this.layout = programContext(this.program, 'x86-64')!;
    const rows = this.object.functions.flatMap((body) =>
      body.instructions.map((instruction, index) => ({ fn: body.index, index, instruction })),
    );
    this.code = {
      length: rows.length,
      startOf: (fn) => rows.findIndex((row) => row.fn === fn),
      functionOf: (pc) => rows[pc]!.fn,
      indexOf: (pc) => rows[pc]!.index,
      at: (pc) => rows[pc]!.instruction,
    };
    this.accessed = new Uint8Array(1000);
    this.state = new State(1);
    this.enter(0);
    this.set(1, new PointerValue({ kind: 'context' }));
  }

  /** Adds a frame of a function, as a call does. */
  enter(fn: number): void {
    const { frames } = this.state;
    const frame = new Frame(fn, frames.length === 0 ? -1 : 0);
    frame.registers[10] = new PointerValue({ kind: 'stack', frame: frames.length });
    frames.push(frame);
  }

  set(register: number, value: Value | Scalar): void {
    const whole = 'kind' in value ? value : new ScalarValue(value);
    this.state.frame.registers[register] = whole;
  }

  /** Puts a pointer in a register. */
  point(
    register: number,
    target: Target,
    options: ConstructorParameters<typeof PointerValue>[1] = {},
  ): void {
    this.set(register, new PointerValue(target, options));
  }

  get(register: number): Value {
    return this.state.frame.registers[register]!;
  }

  /** The scalar in a register. */
  scalar(register: number): ScalarValue {
    const value = this.get(register);
    if (value.kind !== 'scalar') throw new Error(`r${register} is ${value.kind}`);
    return value;
  }

  /** Executes instructions that stand in a row. */
  run(text: string): this {
    const names = {
      maps: this.object.maps.map(({ name }) => name),
      data: this.object.data.map(({ name }) => name),
    };
    for (const draft of assemble(text, names)) {
      this.pc++;
      execute(this, { ...draft, slot: 0 } as BpfInstruction);
    }
    return this;
  }

  newId(): number {
    this.#lastId++;
    return this.#lastId;
  }
  reject(code: string, message: string, details: RejectionDetails = {}): never {
    throw new Refused(code, message, details);
  }
  markPrecise(register: number): void {
    this.told.push(`precise r${register}`);
  }
  markSlotPrecise(frame: number, slot: number): void {
    this.told.push(`precise ${frame}:${slot}`);
  }
  readSlot(frame: number, slot: number): void {
    this.told.push(`read ${frame}:${slot}`);
  }
  wroteSlot(frame: number, slot: number): void {
    this.told.push(`wrote ${frame}:${slot}`);
  }
  movedThroughSlot(frame: number, slot: number): void {
    this.told.push(`moved ${frame}:${slot}`);
  }
  usedStack(fn: number, bytes: number): void {
    this.told.push(`stack f${fn} ${bytes}`);
  }
  fork(state: State): void {
    this.forked.push(state);
  }
  widen(): void {}
}

function execute(path: HandPath, i: BpfInstruction): void {
  switch (i.kind) {
    case 'alu':
      alu(path, i);
      break;
    case 'reference':
      reference(path, i);
      break;
    case 'load':
      load(path, i);
      break;
    case 'store':
      store(path, i);
      break;
    case 'atomic':
      atomic(path, i);
      break;
    case 'legacy_load':
      legacyLoad(path, i);
      break;
    default:
      throw new Error(`${i.kind} needs a walk`);
  }
}

/** What a rule refuses; an error when it does not. */
export function refusal(action: () => unknown): Refused {
  try {
    action();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('accepted');
}

/** Runs code on a path of its own: `accepted`, or the code and the message of the refusal. */
export function outcome(
  text: string,
  prepare: (path: HandPath) => void = () => {},
  setting: Setting = {},
): string {
  const path = new HandPath(setting);
  prepare(path);
  try {
    path.run(text);
  } catch (error) {
    if (error instanceof Refused) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

/** What is done to a path before code runs on it. */
export type Prepare = (path: HandPath) => void;

/** What is accepted and refused in one setting. */
export function rules(setting: Setting, prepare: Prepare = () => {}) {
  const both = (text: string, more: Prepare) =>
    outcome(
      text,
      (path) => {
        prepare(path);
        more(path);
      },
      setting,
    );
  return {
    accepts: (text: string, more: Prepare = () => {}) =>
      assert.is(both(text, more), 'accepted', text),
    refuses: (text: string, code: string, words: RegExp, more: Prepare = () => {}) => {
      const said = both(text, more);
      assert.ok(said.startsWith(`BPF-${code}: `), `${text}: ${said}`);
      assert.match(said, words);
    },
  };
}

/** A map for settings. */
export const map = { name: 'm0', valueSize: 64 };
/** r2 points to a value of the first map. */
export const onValue: Prepare = (path) =>
  path.point(2, { kind: 'map_value', map: path.object.maps[0]!, unique: 0 });
/** r2 moves by r3, a number in the range. */
export const index =
  (low: number, high: number): Prepare =>
  (path) => {
    path.set(3, signedRange(low, high));
    path.run('r2 += r3');
  };
