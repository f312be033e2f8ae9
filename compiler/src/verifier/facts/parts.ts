/**
 * Cuts frames into parts that pointers cannot leave (see `StackPart`).
 *
 * Every rule below adds a range of bytes that must be in one part; parts are what the ranges connect.
 * - An access, or the memory that a helper uses: from the pointer to the end of it, over all offsets.
 * - A pointer whose offset varies, where it comes about: its bounds, with those it is computed from.
 * - Pointers that are compared or subtracted: both.
 * - What one other function does with pointers into a frame: all of it, because there a pointer cannot
 *   be rebuilt from its type.
 * A frame with a lost address is one part.
 */
import type { BpfInstruction } from '../../object/index.ts';
import { helpers } from '../helpers.ts';
import type { PointerType, StackPart, ValueType } from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import { argumentEffect, registerCallee } from './calls.ts';
import { type Extent, extentOf } from './frame.ts';
import { FRAME_SIZE, type State } from './state.ts';
import { operandValue } from './transfer.ts';

const WHOLE: StackPart = { low: -FRAME_SIZE, high: 0 };

/** The bytes of one frame that are touched, and which neighbours belong together. */
class FrameMap {
  readonly #touched = new Uint8Array(FRAME_SIZE);
  /** Byte i and byte i + 1 are in one part. */
  readonly #joined = new Uint8Array(FRAME_SIZE);
  /** What each other function touches. */
  readonly #foreign = new Map<number, { low: number; high: number }>();

  add(extent: Extent): void {
    // A pointer to a place has at least the byte there, at the end of the frame the one before.
    const low = Math.min(extent.low, -1);
    const high = Math.max(extent.high, low + 1);
    this.#touched.fill(1, low + FRAME_SIZE, high + FRAME_SIZE);
    this.#joined.fill(1, low + FRAME_SIZE, high + FRAME_SIZE - 1);
  }

  addForeign(by: number, extent: Extent): void {
    const known = this.#foreign.get(by);
    if (known === undefined) {
      this.#foreign.set(by, { ...extent });
      return;
    }
    known.low = Math.min(known.low, extent.low);
    known.high = Math.max(known.high, extent.high);
  }

  parts(): StackPart[] {
    for (const extent of this.#foreign.values()) this.add(extent);
    const parts: StackPart[] = [];
    for (let at = 0; at < FRAME_SIZE; at++) {
      if (this.#touched[at] === 0) continue;
      const low = at;
      while (this.#joined[at] === 1) at++;
      parts.push({ low: low - FRAME_SIZE, high: at + 1 - FRAME_SIZE });
    }
    return parts;
  }
}

function isStack(
  value: ValueType | undefined,
): value is PointerType & { readonly region: { readonly kind: 'stack' } } {
  return value?.kind === 'pointer' && value.region.kind === 'stack';
}

/** Whether the pointer is one known place. */
function isFixed(pointer: PointerType): boolean {
  return !pointer.nullable && pointer.minimum !== undefined && pointer.minimum === pointer.maximum;
}

function hull(a: Extent, b: Extent): Extent {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** Gathers the ranges of all frames of an object. */
export class PartCollector {
  readonly #analysis: Analysis;
  readonly #frames: readonly FrameMap[];

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
    this.#frames = analysis.functions.map(() => new FrameMap());
  }

  /** The parts of a function's frame. */
  partsOf(work: FunctionWork): readonly StackPart[] {
    return work.frameLost ? [WHOLE] : this.#frames[work.index]!.parts();
  }

  /** Pointers that vary, as they enter a block. */
  visitEntry(work: FunctionWork, state: State): void {
    for (const value of state.registers) this.#visitPointer(work, value);
    for (const slot of state.slots) if (slot.kind === 'pointer') this.#visitPointer(work, slot);
  }

  /** One instruction, with the registers before and after it. */
  visit(
    work: FunctionWork,
    instruction: BpfInstruction,
    before: readonly ValueType[],
    after: readonly ValueType[] | undefined,
  ): void {
    switch (instruction.kind) {
      case 'load':
      case 'store':
      case 'atomic': {
        const base = before[instruction.base];
        const { offset, size } = instruction;
        if (isStack(base)) this.#access(work, base, offset, offset + size);
        if (instruction.kind !== 'store' && after !== undefined) {
          for (const value of after) this.#visitPointer(work, value);
        }
        return;
      }
      case 'alu': {
        const source = operandValue(before, instruction.source);
        const target = before[instruction.destination];
        const result = after?.[instruction.destination];
        if (instruction.operator === 'mov') return;
        for (const operand of [source, target]) {
          if (isStack(operand) && isStack(result)) this.#derive(work, operand, result);
        }
        if (isStack(source) && isStack(target)) this.#relate(work, source, target);
        return;
      }
      case 'branch': {
        const left = before[instruction.left];
        const right = operandValue(before, instruction.right);
        if (isStack(left) && isStack(right)) this.#relate(work, left, right);
        return;
      }
      case 'call_helper':
        this.#helper(work, instruction.helper, before);
        return;
      case 'call_register': {
        const callee = registerCallee(before[instruction.register]!);
        if (callee?.kind === 'helper') this.#helper(work, callee.helper, before);
        if (after !== undefined) this.#visitPointer(work, after[0]);
        return;
      }
      case 'call_function':
        if (after !== undefined) this.#visitPointer(work, after[0]);
        return;
      default:
        return;
    }
  }

  #add(work: FunctionWork, frame: number, extent: Extent): void {
    if (frame === work.index) this.#frames[frame]!.add(extent);
    else this.#frames[frame]!.addForeign(work.index, extent);
  }

  #visitPointer(work: FunctionWork, value: ValueType | undefined): void {
    if (!isStack(value)) return;
    if (value.region.function === work.index && isFixed(value)) return;
    this.#add(work, value.region.function, extentOf(value, 0, 1));
  }

  #access(
    work: FunctionWork,
    base: PointerType & { readonly region: { readonly kind: 'stack' } },
    low: number,
    high: number,
  ): void {
    let extent = extentOf(base, low, high);
    const own = base.region.function === work.index;
    if (!own || !isFixed(base)) extent = hull(extent, extentOf(base, 0, 1));
    this.#add(work, base.region.function, extent);
  }

  #derive(
    work: FunctionWork,
    from: PointerType & { readonly region: { readonly kind: 'stack' } },
    to: PointerType,
  ): void {
    if (from.region.function === work.index && isFixed(to)) return;
    this.#add(work, from.region.function, hull(extentOf(from, 0, 1), extentOf(to, 0, 1)));
  }

  #relate(
    work: FunctionWork,
    left: PointerType & { readonly region: { readonly kind: 'stack' } },
    right: PointerType & { readonly region: { readonly kind: 'stack' } },
  ): void {
    if (left.region.function !== right.region.function) return;
    const extent = hull(extentOf(left, 0, 1), extentOf(right, 0, 1));
    this.#add(work, left.region.function, extent);
  }

  #helper(work: FunctionWork, number: number, before: readonly ValueType[]): void {
    const helper = helpers().get(number);
    if (helper === undefined) return;
    for (const position of helper.arguments.keys()) {
      const value = before[position + 1];
      if (!isStack(value)) continue;
      const effect = argumentEffect(this.#analysis, helper, before, position);
      this.#access(work, value, 0, Math.max(1, effect?.size ?? 1));
    }
  }
}
