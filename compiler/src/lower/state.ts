import { Failure, type Place } from '../diag/index.ts';
import type { BpfFunction, BpfInstruction } from '../object/index.ts';
import type { FunctionFacts, PointerType, StackPart, ValueType } from '../verifier/index.ts';
import { type BlockEnd, blockEnds } from './edges.ts';
import { Frame } from './frame.ts';
import { InitialisedBytes } from './initialised.ts';
import type { ModuleState } from './module-state.ts';
import { RepeatedAccesses } from './polling.ts';
import { frameOffset, isOwnFrame, pointer, RegisterFile, type Value } from './registers.ts';
import { CodeWriter } from './text.ts';

/** Everything that the lowering of one function carries from instruction to instruction. */
export class FunctionState {
  readonly module: ModuleState;
  readonly code: BpfFunction;
  readonly facts: FunctionFacts;
  readonly writer = new CodeWriter();
  readonly frame: Frame;
  readonly registers: RegisterFile;
  readonly repeated: RepeatedAccesses;
  readonly initialised: InitialisedBytes;
  /** How each reachable block ends. */
  readonly ends: readonly (BlockEnd | undefined)[];
  /** Types before the first instruction of each block; undefined for blocks that cannot be reached. */
  readonly entryTypes: readonly (readonly ValueType[] | undefined)[];
  /** How the function returns r0. */
  readonly result: 'i64' | 'i8*';
  /** How many tail calls led here, when this function takes part in tail calls. */
  tailCallCount: string | undefined;
  /** Index of the instruction that is being lowered. */
  index = 0;
  #types: readonly ValueType[] | undefined = [];

  constructor(module: ModuleState, code: BpfFunction, facts: FunctionFacts, result: 'i64' | 'i8*') {
    this.result = result;
    this.module = module;
    this.code = code;
    this.facts = facts;
    this.frame = new Frame(facts.stackParts, this.writer);
    this.registers = new RegisterFile(this.writer, this.frame);
    this.ends = blockEnds(code, facts);
    this.initialised = new InitialisedBytes(code, facts, this.ends);
    this.repeated = new RepeatedAccesses(code);
    this.entryTypes = facts.blocks.map((block) =>
      block.reachable ? facts.before(block.first) : undefined,
    );
  }

  /** Moves on to an instruction. */
  at(index: number): BpfInstruction {
    this.index = index;
    this.#types = this.facts.before(index);
    this.writer.location = this.module.debug?.location(this.code.index, index) ?? '';
    return this.code.instructions[index]!;
  }

  /** False when the analysis shows that the current instruction is never reached. */
  get reached(): boolean {
    return this.#types !== undefined;
  }

  /** What a register holds before the current instruction. */
  type(register: number): ValueType | undefined {
    return this.#types?.[register];
  }

  /** What a register holds after the current instruction, on the way to the next one. */
  typeAfter(register: number): ValueType | undefined {
    const next = this.index + 1;
    const block = this.facts.blocks[this.facts.blockOf[this.index] ?? -1];
    if (block !== undefined && next < block.end) return this.facts.before(next)?.[register];
    const successor = block?.successors[0];
    return successor === undefined ? undefined : this.entryTypes[successor]?.[register];
  }

  /** Sets a register to a pointer, or to the place in the frame that it is known to be. */
  setPointer(register: number, text: string): void {
    const offset = frameOffset(this.typeAfter(register), this.code.index);
    this.registers.set(register, offset === undefined ? pointer(text) : { kind: 'frame', offset });
  }

  /** The object of the frame that a type points into, when it is of this frame. */
  partOf(type: ValueType | undefined): StackPart | undefined {
    return isOwnFrame(type, this.code.index) ? this.facts.stackPartOf(type) : undefined;
  }

  /** The register's type when it is a pointer to the context. */
  contextType(register: number): ContextPointer | undefined {
    const type = this.type(register);
    return type?.kind === 'pointer' && type.region.kind === 'context'
      ? (type as ContextPointer)
      : undefined;
  }

  /** The second operand of an instruction as an i64. */
  operand(
    source: { kind: 'register'; register: number } | { kind: 'immediate'; value: number },
  ): string {
    return source.kind === 'register'
      ? this.registers.integer(source.register)
      : source.value.toString();
  }

  /** The second operand's value without converting it. */
  operandValue(
    source: { kind: 'register'; register: number } | { kind: 'immediate'; value: number },
  ): Value {
    return source.kind === 'register'
      ? this.registers.get(source.register)
      : { kind: 'integer', text: source.value.toString() };
  }

  /** The instruction that leaves the function with a value. */
  returnOf(value: Value): string {
    return this.result === 'i64'
      ? `ret i64 ${this.registers.toInteger(value)}`
      : `ret i8* ${this.registers.toPointer(value)}`;
  }

  /** Where the current instruction is. */
  place(): Place {
    return this.module.object.place(this.code.index, this.index);
  }

  /** A diagnostic at the current instruction. */
  failure(code: string, message: string, help?: string): Failure {
    return new Failure({ code, message, place: this.place(), ...(help !== undefined && { help }) });
  }
}

/** A pointer to the context of a program. */
export type ContextPointer = PointerType & {
  readonly region: Extract<PointerType['region'], { kind: 'context' }>;
};
