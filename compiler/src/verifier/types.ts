import type { BpfObject } from '../object/index.ts';

/**
 * What a register or an 8-byte stack slot holds. Lattice: `none` is bottom (never written, or dead),
 * `unknown` is top (either an integer or a pointer; kept as an integer).
 */
export type ValueType =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  /** Unsigned 64-bit bounds, inclusive; equal when constant. */
  | { readonly kind: 'scalar'; readonly minimum: bigint; readonly maximum: bigint }
  | PointerType;

/** What a pointer points to; `offset` bounds (inclusive, signed, in bytes) are relative to the object's start. */
export interface PointerType {
  readonly kind: 'pointer';
  readonly region: Region;
  readonly nullable: boolean;
  /** Signed bounds of the offset; absent when nothing is known. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Power of two that divides the address, 1 when nothing is known. */
  readonly alignment: number;
}

export type Region =
  /** Frame of function `function`; offset 0 is the frame's top (r10), accesses are negative. */
  | { readonly kind: 'stack'; readonly function: number }
  | { readonly kind: 'context' }
  /** The map itself, as helpers take it. */
  | { readonly kind: 'map'; readonly map: number }
  | { readonly kind: 'map_value'; readonly map: number }
  | { readonly kind: 'data'; readonly section: number }
  | { readonly kind: 'packet' }
  | { readonly kind: 'packet_meta' }
  | { readonly kind: 'packet_end' }
  | { readonly kind: 'function'; readonly function: number }
  /** Memory of a known size given by a helper or a parameter (ring-buffer record, raw memory). */
  | { readonly kind: 'memory'; readonly size?: number }
  /** A pointer, but regions differ on different paths or are not known. */
  | { readonly kind: 'any' };

/** A load, store or atomic whose base register is (or may be) a pointer. */
export interface AccessFact {
  readonly pointer: PointerType | undefined;
  /** Proved alignment of the address, a power of two, at least 1. */
  readonly alignment: number;
  /** For context accesses: the field touched, when the layout has one there. */
  readonly field?: ContextField;
}

/** One field of a context layout; see `contexts/`. */
export interface ContextField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** What a load of it yields. */
  readonly yields: 'scalar' | 'packet' | 'packet_end' | 'packet_meta';
  readonly writable: boolean;
}

export interface BasicBlock {
  readonly index: number;
  /** First and last-plus-one instruction index. */
  readonly first: number;
  readonly end: number;
  /** Successor block indices in the order: fall-through, then target. */
  readonly successors: readonly number[];
  readonly reachable: boolean;
}

/** A part of a frame that no pointer arithmetic can leave; offsets relative to r10, `low` < `high` <= 0. */
export interface StackPart {
  readonly low: number;
  readonly high: number;
}

/** What lowering needs to know of one function. */
export interface FunctionFacts {
  readonly function: number;
  readonly blocks: readonly BasicBlock[];
  /** Block index of each instruction. */
  readonly blockOf: Int32Array;
  /** Bit r set: register r is live before the instruction. */
  readonly liveBefore: Uint16Array;
  /** Types of r0 to r10 before instruction i; undefined when i cannot be reached. */
  before(instruction: number): readonly ValueType[] | undefined;
  /** Facts about the memory access at an instruction; undefined when it makes none. */
  access(instruction: number): AccessFact | undefined;
  /** Types of r1 to r5 on entry (index 0 is r1) and of r0 at every exit, joined. */
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
  /** Branches proved always or never taken. */
  readonly decided: ReadonlyMap<number, 'taken' | 'not_taken'>;
  /** Disjoint parts that cover every byte of the frame that is accessed; one part when nothing better is known. */
  readonly stackParts: readonly StackPart[];
  /** Map index when the map argument (r1) of a helper call is one constant map. */
  constantMap(instruction: number): number | undefined;
}

declare const verified: unique symbol;

/** An object that may be lowered. Only this room makes one. */
export interface VerifiedObject {
  readonly [verified]: true;
  readonly object: BpfObject;
  /** `proved`: memory-safe on every path. `unproved`: types only. `skipped`: --no-verify. */
  readonly verdict: 'proved' | 'unproved' | 'skipped';
  readonly functions: readonly FunctionFacts[];
}
