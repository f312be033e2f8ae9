import type { PointerType, StackPart, ValueType } from '../verifier/index.ts';
import type { Frame } from './frame.ts';
import type { CodeWriter } from './text.ts';

/**
 * What a BPF register holds at some point of the code: an i64, an i8*, or an address in the function's
 * own frame that needs no code until somebody uses it.
 */
export type Value =
  | { readonly kind: 'integer'; readonly text: string }
  | { readonly kind: 'pointer'; readonly text: string }
  | { readonly kind: 'frame'; readonly offset: number };

/** How a register crosses from block to block: not at all for a known place in the frame. */
export type Representation = 'i64' | 'i8*' | 'frame';

export const ZERO: Value = { kind: 'integer', text: '0' };

/** An i64. */
export function integer(text: string): Value {
  return { kind: 'integer', text };
}

/** An i8*. */
export function pointer(text: string): Value {
  return { kind: 'pointer', text };
}

/** Offset from r10 when the type is one known place in the frame of `functionIndex`. */
export function frameOffset(
  type: ValueType | undefined,
  functionIndex: number,
): number | undefined {
  if (type?.kind !== 'pointer' || type.nullable) return undefined;
  const { region, minimum, maximum } = type;
  if (region.kind !== 'stack' || region.function !== functionIndex) return undefined;
  return minimum !== undefined && minimum === maximum ? minimum : undefined;
}

/** The representation that suits a type. */
export function representation(type: ValueType | undefined, functionIndex: number): Representation {
  if (frameOffset(type, functionIndex) !== undefined) return 'frame';
  return type?.kind === 'pointer' ? 'i8*' : 'i64';
}

/** The eleven registers; a register that was never written reads as zero. */
export class RegisterFile {
  readonly #values: (Value | undefined)[];
  readonly #writer: CodeWriter;
  readonly #frame: Frame;

  constructor(writer: CodeWriter, frame: Frame) {
    this.#writer = writer;
    this.#frame = frame;
    this.#values = new Array<Value | undefined>(11).fill(undefined);
    this.#values[10] = { kind: 'frame', offset: 0 };
  }

  get(register: number): Value {
    return this.#values[register] ?? ZERO;
  }

  set(register: number, value: Value | undefined): void {
    this.#values[register] = value;
  }

  /** A call leaves nothing in r1 to r5. */
  clobberArguments(): void {
    for (let register = 1; register <= 5; register++) this.#values[register] = undefined;
  }

  snapshot(): readonly (Value | undefined)[] {
    return [...this.#values];
  }

  restore(values: readonly (Value | undefined)[]): void {
    for (let register = 0; register < 10; register++) this.#values[register] = values[register];
  }

  /** The register as an i64. */
  integer(register: number): string {
    return this.toInteger(this.get(register));
  }

  /** The register as an i8*; `part` says which object of the frame is meant. */
  pointer(register: number, part?: StackPart): string {
    return this.toPointer(this.get(register), part);
  }

  toInteger(value: Value): string {
    if (value.kind === 'integer') return value.text;
    const text = value.kind === 'pointer' ? value.text : this.#frame.address(value.offset);
    return text === 'null' ? '0' : this.#writer.define(`ptrtoint i8* ${text} to i64`);
  }

  toPointer(value: Value, part?: StackPart): string {
    if (value.kind === 'pointer') return value.text;
    if (value.kind === 'frame') return this.#frame.address(value.offset, part);
    return value.text === '0' ? 'null' : this.#writer.define(`inttoptr i64 ${value.text} to i8*`);
  }
}

/** True when a pointer goes to the frame of the function itself. */
export function isOwnFrame(
  type: ValueType | undefined,
  functionIndex: number,
): type is PointerType {
  return (
    type?.kind === 'pointer' &&
    type.region.kind === 'stack' &&
    type.region.function === functionIndex
  );
}
