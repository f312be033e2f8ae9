import type { Sink } from '../diag/index.ts';
import type { BpfFunction, BpfProgram } from '../object/index.ts';
import type { VerifiedObject } from '../verifier/index.ts';
import { calledFunctions } from './call-graph.ts';
import { PACKET_SIZE, PROGRAM_FUNCTION } from './descriptor.ts';
import { FunctionLowering } from './function.ts';
import { Globals, type ProgramSymbol } from './globals.ts';
import { toBitcode } from './llvm.ts';
import { type FunctionSymbol, ModuleState } from './module-state.ts';
import { integer, pointer, ZERO } from './registers.ts';
import { isReservedName } from './reserved-names.ts';
import { FunctionState } from './state.ts';
import { TAIL_CALL } from './tail-call.ts';
import { globalName, nameOfGlobal, quotedText } from './text.ts';
import type { LoweredModule, LowerOptions } from './types.ts';

const RAW_FUNCTION = 'i64 (i8*, i64)';
const BODY_FUNCTION = 'i64 (i8*, i64)';

/** Lowers a verified object to LLVM bitcode for one target. */
export function lower(verified: VerifiedObject, options: LowerOptions, sink: Sink): LoweredModule {
  return new ModuleLowering(new ModuleState(verified, options, sink)).run();
}

/** Instructions from which on an object, and a function of it, counts as too large to inline freely. */
const HUGE_OBJECT = 4_000;
const LARGE_FUNCTION = 100;

/** Puts a module together: names first, then functions, then the tables that refer to them. */
class ModuleLowering {
  readonly #module: ModuleState;
  readonly #globals: Globals;
  readonly #definitions: string[] = [];
  readonly #vectorFunctions: string[] = [];
  readonly #programs: ProgramSymbol[] = [];
  /** Names of the programs' functions, with their `@`. */
  readonly #exported = new Set<string>();
  readonly #isHuge: boolean;

  constructor(module: ModuleState) {
    this.#module = module;
    this.#globals = new Globals(module);
    module.uniqueName('object');
    const { functions } = module.object;
    this.#isHuge =
      functions.reduce((sum, { instructions }) => sum + instructions.length, 0) > HUGE_OBJECT;
  }

  run(): LoweredModule {
    const { object, options, debug } = this.#module;
    this.#nameFunctions();
    for (const { name } of this.#programs) this.#exported.add(name);
    for (const code of object.functions) this.#defineFunction(code);
    this.#defineCallbacks();
    this.#globals.data();
    this.#globals.tables(this.#programs);
    const aliases = this.#weakAliases();
    const text = [
      `source_filename = ${quotedText(object.name)}`,
      `target datalayout = ${quotedText(options.target.dataLayout)}`,
      `target triple = ${quotedText(options.target.triple)}`,
      this.#globals.text(),
      aliases.join('\n'),
      this.#definitions.join('\n\n'),
      this.#module.declarations().join('\n'),
      // Probes may run inside memcpy itself: their code must not be turned into calls of it.
      'attributes #0 = { nounwind "no-builtins" }',
      'attributes #1 = { nounwind }',
      debug?.text() ?? '',
      '',
    ].join('\n');
    return {
      bitcode: toBitcode(text),
      text,
      plan: {
        aliases: [],
        vectorFunctions: this.#vectorFunctions.sort(),
        attributes: [],
        hidden: [],
        globals: [],
      },
      exports: this.#globals.exports.sort(),
    };
  }

  /**
   * Gives every function that some program reaches its symbol. A program's entry that nothing else
   * calls is the exported function itself; otherwise it is internal with an exported function before it.
   */
  #nameFunctions(): void {
    const { object } = this.#module;
    const called = calledFunctions(object);
    const programsOf = new Map<number, BpfProgram[]>();
    for (const program of object.programs) {
      const list = programsOf.get(program.entry);
      if (list === undefined) programsOf.set(program.entry, [program]);
      else list.push(program);
    }
    for (const code of object.functions) {
      if (this.#module.programsThatReach(code.index).length === 0) continue;
      const programs = programsOf.get(code.index) ?? [];
      const symbol = this.#functionSymbol(code, programs, called.has(code.index));
      this.#module.defineSymbol(code.index, symbol);
    }
    // The table keeps the object's order: programs are called by their position in it.
    this.#programs.sort((left, right) => left.program.index - right.program.index);
  }

  #functionSymbol(
    code: BpfFunction,
    programs: readonly BpfProgram[],
    isCalled: boolean,
  ): FunctionSymbol {
    const [program] = programs;
    const isRaw = programs.some(({ kind }) => kind === 'raw');
    if (program !== undefined) {
      const tailCalls =
        !isRaw &&
        code.instructions.some(
          (instruction) => instruction.kind === 'call_helper' && instruction.helper === TAIL_CALL,
        );
      const context = { register: 1, type: 'i8*' } as const;
      if (tailCalls) {
        const text = `${code.name}.body`;
        const symbol = this.#internal(text, [context], 'i64', true);
        for (const each of programs) {
          this.#exportProgram(each, symbol, { name: symbol.name, type: BODY_FUNCTION });
        }
        return symbol;
      }
      if (!isCalled && programs.length === 1) {
        const parameters = isRaw ? [context, { register: 2, type: 'i64' } as const] : [context];
        const exported = this.#module.uniqueName(program.name);
        const name = globalName(exported);
        this.#globals.exports.push(exported);
        const type = isRaw ? RAW_FUNCTION : PROGRAM_FUNCTION;
        this.#programs.push({ program, name, type, body: { name, type } });
        return { name, parameters, result: 'i64', tailCalls: false };
      }
    }
    const facts = this.#module.facts[code.index]!;
    const live = facts.liveBefore[0] ?? 0;
    const parameters: FunctionSymbol['parameters'][number][] = [];
    for (let register = 1; register <= 5; register++) {
      if (((live >> register) & 1) === 0) continue;
      const type = facts.parameters[register - 1]?.kind === 'pointer' ? 'i8*' : 'i64';
      parameters.push({ register, type });
    }
    const result = program === undefined && facts.result.kind === 'pointer' ? 'i8*' : 'i64';
    const symbol = this.#internal(code.name, parameters, result, false);
    for (const each of programs) this.#exportProgram(each, symbol);
    return symbol;
  }

  #internal(
    text: string,
    parameters: FunctionSymbol['parameters'],
    result: FunctionSymbol['result'],
    tailCalls: boolean,
  ): FunctionSymbol {
    const name = globalName(`${this.#module.uniqueName(`${text}.local`)}`);
    return { name, parameters, result, tailCalls };
  }

  /** The exported function of a program whose code is elsewhere. */
  #exportProgram(
    program: BpfProgram,
    symbol: FunctionSymbol,
    body?: { readonly name: string; readonly type: string },
  ): void {
    const exported = this.#module.uniqueName(program.name);
    const name = globalName(exported);
    const isRaw = program.kind === 'raw';
    this.#globals.exports.push(exported);
    const type = isRaw ? RAW_FUNCTION : PROGRAM_FUNCTION;
    this.#programs.push({ program, name, type, body: body ?? { name, type } });
    const values = symbol.parameters.map(({ register, type: parameter }) => {
      if (register === 1) return parameter === 'i8*' ? 'i8* %r1' : 'i64 %address';
      if (register === 2 && isRaw) return parameter === 'i8*' ? 'i8* null' : 'i64 %r2';
      return parameter === 'i8*' ? 'i8* null' : 'i64 0';
    });
    if (symbol.tailCalls) values.push('i64 0');
    this.#definitions.push(
      [
        `define i64 ${name}(i8* %r1${isRaw ? ', i64 %r2' : ''}) #${this.#attributeGroup(program.entry, exported)} {`,
        'entry:',
        '  %address = ptrtoint i8* %r1 to i64',
        `  %result = call i64 ${symbol.name}(${values.join(', ')})`,
        '  ret i64 %result',
        '}',
      ].join('\n'),
    );
  }

  /** Attributes by whether vector registers, and so calls of memcpy, are allowed. */
  #attributeGroup(index: number, symbol: string): 0 | 1 {
    if (!this.#module.mayUseVectors(index)) return 0;
    this.#vectorFunctions.push(symbol);
    return 1;
  }

  /**
   * LLVM inlines what is called once, however large, and some of its passes take time that grows with
   * the square of a function: a huge object keeps the functions that its author kept apart.
   */
  #staysApart(code: BpfFunction): boolean {
    return this.#isHuge && code.instructions.length > LARGE_FUNCTION;
  }

  #defineFunction(code: BpfFunction): void {
    const symbol = this.#module.symbol(code.index);
    const facts = this.#module.facts[code.index];
    if (symbol === undefined || facts === undefined || code.instructions.length === 0) return;
    const plainName = nameOfGlobal(symbol.name);
    const subprogram = this.#module.debug?.subprogram(code.index) ?? '';
    const state = new FunctionState(this.#module, code, facts, symbol.result);
    if (symbol.tailCalls) state.tailCallCount = '%count';
    const isExported = this.#exported.has(symbol.name);
    const parameters = symbol.parameters.map(({ register, type }) => {
      state.registers.set(
        register,
        type === 'i64' ? integer(`%r${register}`) : pointer(`%r${register}`),
      );
      const attributes = isExported && register === 1 ? this.#contextAttributes(code) : '';
      return `${type} ${attributes}%r${register}`;
    });
    if (symbol.tailCalls) parameters.push('i64 %count');
    const linkage = isExported ? '' : 'internal ';
    const group = this.#attributeGroup(code.index, plainName);
    const apart = !isExported && this.#staysApart(code) ? ' noinline' : '';
    const body =
      facts.before(0) === undefined
        ? `entry:\n  ${state.returnOf(ZERO)}` // Nothing calls it, but its address may be taken.
        : new FunctionLowering(state).body();
    this.#definitions.push(
      `define ${linkage}${symbol.result} ${symbol.name}(${parameters.join(', ')}) #${group}${apart}${subprogram} {\n${body}\n}`,
    );
  }

  /** What every caller of a program promises about its context. */
  #contextAttributes(code: BpfFunction): string {
    const [program] = this.#module.programsThatReach(code.index);
    const { target } = this.#module.options;
    switch (program?.kind) {
      case 'kprobe':
        return `noalias nonnull align 8 dereferenceable(${target.ptRegs.size}) `;
      case 'xdp':
      case 'socket_filter':
      case 'tc':
        return `noalias nonnull align 8 dereferenceable(${PACKET_SIZE}) `;
      case 'tracepoint':
      case 'raw_tracepoint':
      case 'perf_event':
        return 'noalias nonnull align 8 ';
      default:
        return '';
    }
  }

  /** Functions that the runtime calls back: the C ABI in front of the internal one. */
  #defineCallbacks(): void {
    for (const index of this.#module.callbacks()) {
      const code = this.#module.object.functions[index]!;
      const symbol = this.#module.symbol(index);
      if (symbol === undefined) continue;
      const lines: string[] = [];
      const values = symbol.parameters.map(({ register, type }) => {
        if (type === 'i64') return `i64 %r${register}`;
        lines.push(`  %p${register} = inttoptr i64 %r${register} to i8*`);
        return `i8* %p${register}`;
      });
      if (symbol.tailCalls) values.push('i64 0');
      lines.push(`  %result = call ${symbol.result} ${symbol.name}(${values.join(', ')})`);
      if (symbol.result === 'i64') lines.push('  ret i64 %result');
      else lines.push('  %number = ptrtoint i8* %result to i64', '  ret i64 %number');
      const name = this.#module.callback(code);
      const group = this.#attributeGroup(index, nameOfGlobal(name));
      this.#definitions.push(
        [
          `define internal i64 ${name}(i64 %r1, i64 %r2, i64 %r3, i64 %r4, i64 %r5) #${group} {`,
          'entry:',
          ...lines,
          '}',
        ].join('\n'),
      );
    }
  }

  /**
   * The C name of each program, unless it means something else in the module or to others. What the
   * module calls its own data has a dot in its name.
   */
  #weakAliases(): readonly string[] {
    const lines: string[] = [];
    const taken = new Set<string>();
    for (const { program, name, type } of this.#programs) {
      const alias = globalName(program.name);
      if (!/^[A-Za-z_]\w*$/.test(program.name) || isReservedName(program.name)) continue;
      if (this.#module.isOwnName(program.name) || this.#module.isDeclared(alias)) continue;
      if (taken.has(program.name)) continue;
      taken.add(program.name);
      this.#globals.exports.push(program.name);
      lines.push(`${alias} = weak alias ${type}, ${type}* ${name}`);
    }
    return lines;
  }
}
