/**
 * From a rejection to a message for who wrote the C: the line, what is wrong there, what the values that
 * matter may be and where they come from, the calls and branches that lead there, what to do about it.
 */
import type { Diagnostic, Note, Place } from '../../../diag/index.ts';
import type { BpfObject, BpfProgram } from '../../../object/index.ts';
import { programContext } from '../../contexts/index.ts';
import type { ContextLayout } from '../../types.ts';
import type { Code, RejectionDetails } from '../path.ts';
import type { State } from '../state.ts';
import type { Value } from '../value.ts';
import { type History, type Origin, type PathStep, traceHistory } from './explain-history.ts';
import { pathNotes } from './explain-path.ts';
import { valueWords } from './explain-words.ts';
import { VariableNames } from './variables.ts';

export type { PathStep } from './explain-history.ts';

/** What is known when a proof fails. */
export interface FailedProof {
  readonly object: BpfObject;
  readonly program: BpfProgram;
  readonly code: Code;
  /** As it was before the instruction that is refused. Without frames when nothing was walked. */
  readonly state: State;
  /** Instructions from an entry on, the refused one last. Empty when nothing was walked. */
  readonly path: readonly PathStep[];
  /** Where to point. */
  readonly pc: number;
  readonly rejection: {
    readonly code: string;
    readonly message: string;
    readonly details: RejectionDetails;
  };
}

/** The diagnostic for a rejection. */
export function explain(failed: FailedProof): Diagnostic {
  const { rejection, pc } = failed;
  const { details } = rejection;
  const explainer = new Explainer(failed);
  const notes = [
    ...explainer.values(details.registers ?? []),
    ...(details.notes ?? []),
    ...(details.related ?? []).map((one) => ({
      message: one.message,
      place: explainer.place(one.pc),
    })),
    ...explainer.calls(),
    ...explainer.path(details.registers ?? []),
  ];
  return {
    code: rejection.code,
    severity: 'error',
    message: explainer.headline(rejection.message, details.registers ?? []),
    place: explainer.place(pc),
    ...(notes.length > 0 ? { notes } : {}),
    ...(details.help === undefined ? {} : { help: details.help }),
  };
}

/** Values that are looked at to say what a value was computed from. */
const MOST_ORIGINS = 200;

class Explainer {
  readonly #failed: FailedProof;
  readonly #names: VariableNames;
  readonly #history: History | undefined;
  readonly #layout: ContextLayout | undefined;
  /** First instruction of the path. */
  readonly #start: number | undefined;

  constructor(failed: FailedProof) {
    const { object, program, code } = failed;
    this.#failed = failed;
    this.#names = new VariableNames(object, program, code);
    this.#history = traceHistory(code, failed.path);
    this.#layout = programContext(program, object.ptRegs);
    this.#start = failed.path[0]?.pc;
  }

  place(pc: number): Place {
    const { object, code, program } = this.#failed;
    if (pc < 0 || pc >= code.length) return object.place(program.entry, 0);
    return object.place(code.functionOf(pc), code.indexOf(pc));
  }

  /** The message with the names of the variables that are in the registers that it speaks of. */
  headline(message: string, registers: readonly number[]): string {
    let text = message;
    for (const register of new Set(registers)) {
      const origin = this.#history?.registers[register];
      const name = origin && this.#names.nameOf(origin);
      if (name === undefined) continue;
      // In parentheses it only explains what stands before it.
      text = text.replace(
        new RegExp(`(?<!\\()\\br${register}\\b`),
        () => `\`${name}\` (r${register})`,
      );
    }
    return text;
  }

  /** What the registers that matter hold. */
  values(registers: readonly number[]): Note[] {
    const frame = this.#failed.state.frames.at(-1);
    if (frame === undefined) return [];
    return [...new Set(registers)].flatMap((register) => {
      const value = frame.registers[register];
      if (value === undefined) return [];
      const note = this.#value(register, value);
      // The message itself has said what this is.
      return isPlain(value) && note.message.startsWith(`r${register} is `) ? [] : [note];
    });
  }

  #value(register: number, value: Value): Note {
    const { object } = this.#failed;
    const origin = this.#history?.registers[register];
    if (value.kind === 'uninitialised') {
      const lost = register <= 5 && this.#hasCall();
      const why = lost ? 'a call before has cleared r0 to r5' : 'nothing was put there';
      return { message: `r${register} holds nothing on this path: ${why}` };
    }
    const words = valueWords(object, this.#layout, value);
    const name = origin && this.#names.nameOf(origin);
    if (name !== undefined) {
      return this.#at(origin, `\`${name}\` (in r${register}) ${words}`);
    }
    const call = origin && this.#names.callOf(origin);
    if (call !== undefined) {
      return this.#at(origin, `the result of ${call} (in r${register}) ${words}`);
    }
    return this.#at(origin, `r${register}${this.#madeOf(origin)} ${words}`);
  }

  /** ", computed from `a` and `b`," when a value without a name was computed from values with names. */
  #madeOf(origin: Origin | undefined): string {
    if (origin === undefined) return '';
    const found = new Set<string>();
    const seen = new Set<Origin>();
    const visit = (one: Origin | undefined) => {
      if (one === undefined || seen.has(one) || seen.size >= MOST_ORIGINS) return;
      seen.add(one);
      const name = one === origin ? undefined : this.#names.nameOf(one);
      if (name !== undefined) {
        found.add(`\`${name}\``);
        return;
      }
      // What is behind an address says nothing of what was loaded there.
      if (one.pc >= 0 && this.#failed.code.at(one.pc).kind === 'load') return;
      visit(one.from);
      visit(one.other);
    };
    visit(origin);
    if (found.size === 0 || found.size > 3) return '';
    return `, computed from ${[...found].join(' and ')},`;
  }

  /** A note that points to where a value was made, unless that is the line of the message itself. */
  #at(origin: Origin | undefined, message: string): Note {
    const { code } = this.#failed;
    if (origin === undefined) return { message };
    const { parameter } = origin;
    const pc = parameter === undefined ? origin.pc : code.startOf(parameter.fn);
    if (pc < 0) return { message };
    const place = this.place(pc);
    const here = this.place(this.#failed.pc);
    if (place.line === undefined || (place.file === here.file && place.line === here.line)) {
      return { message };
    }
    return { message, place };
  }

  #hasCall(): boolean {
    const { path, code } = this.#failed;
    return path.some(({ pc }) => code.at(pc).kind.startsWith('call_'));
  }

  /** The functions that run, the innermost first. */
  calls(): Note[] {
    const { object, program, code, state } = this.#failed;
    const { frames } = state;
    const name = (fn: number) => `\`${object.functions[fn]?.name ?? ''}()\``;
    const notes: Note[] = [];
    for (let depth = frames.length - 1; depth > 0; depth--) {
      const { function: fn, callSite, callback } = frames[depth]!;
      const caller = frames[depth - 1]!.function;
      const helper = callback === undefined ? undefined : this.#names.calleeAt(callSite);
      const how =
        helper === undefined
          ? `in ${name(fn)}, called by ${name(caller)} here`
          : `in the callback ${name(fn)} of ${helper}(), called by ${name(caller)} here`;
      notes.push(callSite < 0 ? { message: how } : { message: how, place: this.place(callSite) });
    }
    const start = this.#start === undefined ? undefined : code.functionOf(this.#start);
    if (start !== undefined && start !== program.entry) {
      notes.push({
        message: `${name(start)} is not static: it is checked on its own, for all arguments that its types allow`,
      });
    }
    return notes;
  }

  /** The branches that lead here. */
  path(registers: readonly number[]): Note[] {
    const { object, code } = this.#failed;
    const history = this.#history;
    if (history === undefined) return [];
    const matter = registers.map((register) => history.registers[register]);
    return pathNotes(object, code, this.#names, history, matter);
  }
}

/** Whether there is but one thing to say of a value. */
function isPlain(value: Value): boolean {
  if (value.kind === 'scalar') return value.range.isConstant;
  if (value.kind !== 'pointer' || value.nullable) return false;
  const { kind } = value.target;
  return kind === 'map' || kind === 'function' || kind === 'packet_end';
}
