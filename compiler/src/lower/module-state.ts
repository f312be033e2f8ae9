import { Failure, type Sink } from '../diag/index.ts';
import type { BpfFunction, BpfObject, BpfProgram, ProgramKind } from '../object/index.ts';
import { findTarget, type Target } from '../target/index.ts';
import type { FunctionFacts, VerifiedObject } from '../verifier/index.ts';
import { reachableFrom } from './call-graph.ts';
import { DebugInformation } from './debug.ts';
import { globalName } from './text.ts';
import type { LowerOptions } from './types.ts';

/** How a function is called inside the module. */
export interface FunctionSymbol {
  /** With the `@`. */
  readonly name: string;
  /** BPF registers that are passed, and how. */
  readonly parameters: readonly { readonly register: number; readonly type: 'i64' | 'i8*' }[];
  readonly result: 'i64' | 'i8*';
  /** It takes the number of tail calls that led to it as a second parameter. */
  readonly tailCalls: boolean;
}

/** Kinds of probes from which a function can be reached. */
export interface Probes {
  readonly entry: boolean;
  readonly exit: boolean;
  readonly syscall: boolean;
}

/** Kinds of programs that ordinary code calls: the caller expects no register to be left alone. */
const CALLED_BY_CODE: ReadonlySet<ProgramKind> = new Set(['raw', 'xdp', 'socket_filter', 'tc']);

/** What the functions of a module share: names, declarations, and what the object is. */
export class ModuleState {
  readonly object: BpfObject;
  readonly facts: readonly FunctionFacts[];
  readonly verdict: VerifiedObject['verdict'];
  readonly options: LowerOptions;
  readonly sink: Sink;
  readonly debug: DebugInformation | undefined;
  /** CPU whose struct pt_regs the bytecode knows; undefined when offsets are taken as they are. */
  readonly ptRegsSource: Target | undefined;
  /** Pointers of which nothing is known may lead into a frame. */
  readonly framesEscape: boolean;
  readonly #declarations = new Map<string, string>();
  readonly #callbacks = new Set<number>();
  readonly #names = new Set<string>();
  /** Last suffix given to a name that came more than once. */
  readonly #suffixes = new Map<string, number>();
  readonly #symbols = new Map<number, FunctionSymbol>();
  /** For each function, the programs that reach it. */
  readonly #reachedBy: readonly (readonly BpfProgram[])[];

  constructor(verified: VerifiedObject, options: LowerOptions, sink: Sink) {
    this.object = verified.object;
    this.facts = verified.functions;
    this.verdict = verified.verdict;
    this.options = options;
    this.sink = sink;
    const source = options.ptRegs === 'auto' ? verified.object.ptRegs : options.ptRegs;
    this.ptRegsSource =
      source === undefined || source === 'native' ? undefined : findTarget(source);
    this.debug = options.debug ? new DebugInformation(verified.object) : undefined;
    this.framesEscape = verified.functions.some(({ stackParts }) =>
      stackParts.some(({ low, high }) => low === -512 && high === 0),
    );
    this.#reachedBy = reachableFrom(verified.object);
  }

  /** Notes an outside symbol that the module uses; `declaration` is its line of assembly. */
  declare(name: string, declaration: string): void {
    if (!this.#declarations.has(name)) this.#declarations.set(name, declaration);
  }

  declarations(): readonly string[] {
    return [...this.#declarations.values()].sort();
  }

  /** Names of the outside symbols, with their `@`. */
  isDeclared(name: string): boolean {
    return this.#declarations.has(name);
  }

  /** A name of this module's own, `NAME__text`, made different from those given out before. */
  uniqueName(text: string): string {
    const base = `${this.object.name}__${text.replace(/[^A-Za-z0-9_]/g, '_')}`;
    let name = base;
    while (this.#names.has(name)) {
      const suffix = (this.#suffixes.get(base) ?? 1) + 1;
      this.#suffixes.set(base, suffix);
      name = `${base}_${suffix}`;
    }
    this.#names.add(name);
    return name;
  }

  /** Whether `uniqueName` gave this name out. */
  isOwnName(name: string): boolean {
    return this.#names.has(name);
  }

  defineSymbol(index: number, symbol: FunctionSymbol): void {
    this.#symbols.set(index, symbol);
  }

  /** How function `index` is called; undefined when no program reaches it. */
  symbol(index: number): FunctionSymbol | undefined {
    return this.#symbols.get(index);
  }

  /** Name of the function that outside code may call in place of BPF function `index`. */
  callback(code: BpfFunction): string {
    this.#callbacks.add(code.index);
    return globalName(`${this.object.name}__${code.name}.callback${code.index}`);
  }

  callbacks(): readonly number[] {
    return [...this.#callbacks].sort((left, right) => left - right);
  }

  programsThatReach(index: number): readonly BpfProgram[] {
    return this.#reachedBy[index] ?? [];
  }

  probesThatReach(index: number): Probes {
    const types = this.programsThatReach(index).map((program) => program.attach.type);
    const isExit = (type: string) => /^(u|k)ret/.test(type);
    return {
      entry: types.length === 0 || types.some((type) => !isExit(type)),
      exit: types.some(isExit),
      syscall: types.some((type) => type.includes('syscall')),
    };
  }

  /** True when a function may use vector registers: only programs that ordinary code calls get to it. */
  mayUseVectors(index: number): boolean {
    const programs = this.programsThatReach(index);
    return programs.length > 0 && programs.every((program) => CALLED_BY_CODE.has(program.kind));
  }

  /** Symbol of map `index`, with the `@`, inside the module. */
  mapSymbol(index: number): string {
    const map = this.object.maps[index];
    if (map === undefined) {
      throw new Failure({ code: 'BPF-L004', message: `there is no map ${index}` }, 'internal');
    }
    return globalName(`map.${index}.${map.name}`);
  }

  /** Symbol of the bytes of data section `index`, with the `@`, inside the module. */
  dataSymbol(index: number): string {
    return globalName(`data.${index}${this.object.data[index]?.name ?? ''}`);
  }
}
