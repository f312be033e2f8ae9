import type { AccessSize } from '../isa/index.ts';
import type { BpfObject, ProgramKind } from '../object/index.ts';
import type { Scalar } from './domain/index.ts';

/**
 * What a register or an 8-byte stack slot holds. Lattice: `none` is bottom (never written, or dead),
 * `unknown` is top (either an integer or a pointer; kept as an integer). A scalar's bounds are a claim
 * about its 64 bits alone: a program that is not proved may still use one as an address.
 */
export type ValueType =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  | ScalarType
  | PointerType;

/** An integer. */
export interface ScalarType {
  readonly kind: 'scalar';
  /** Known bits, and signed and unsigned bounds of the 64 bits and of the low 32. */
  readonly range: Scalar;
}

/**
 * An address inside (or computed from) one object. The object is what BPF semantics let accesses reach:
 * facts hold as long as accesses through the pointer stay inside it. When `nullable`, the value may be
 * null (plus what was added to it since) instead.
 */
export interface PointerType {
  readonly kind: 'pointer';
  readonly region: Region;
  readonly nullable: boolean;
  /**
   * Signed bounds, inclusive, of the offset in bytes from the start of the region (stack: from r10);
   * a bound is absent when nothing is known.
   */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Power of two that divides the address, 1 when nothing is known. */
  readonly alignment: number;
  /** Power of two that divides the address of the region's start. */
  readonly regionAlignment: number;
}

export type Region =
  /** Frame of function `function`; offset 0 is the frame's top (r10), accesses are negative. */
  | { readonly kind: 'stack'; readonly function: number }
  /** The context of a program of this kind. */
  | { readonly kind: 'context'; readonly program: ProgramKind }
  /** The map itself, as helpers take it. */
  | { readonly kind: 'map'; readonly map: number }
  /** A map that a lookup in the map of maps `map` gave. */
  | { readonly kind: 'inner_map'; readonly map: number }
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

/** A load, store or atomic. */
export interface AccessFact {
  /** Type of the base register, the instruction's own offset not yet added; undefined when it is no pointer. */
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
  /** Sizes of loads and stores inside the field; what an absent list means is in `contextAccess`. */
  readonly loads?: readonly AccessSize[];
  readonly stores?: readonly AccessSize[];
  /**
   * Where the field is in the context that native code gets (`struct bpftime_packet` of object.h);
   * absent when the layout is the same there.
   */
  readonly native?: {
    readonly member: string;
    readonly offset: number;
    readonly size: number;
  };
}

/** Bytes [start, end) of a context that is plain memory, and the sizes of the loads they allow. */
export interface ContextArea {
  readonly start: number;
  readonly end: number;
  readonly loads: readonly AccessSize[];
}

/** One type of program: its context, and what else the type decides. */
export interface ContextLayout extends ProgramRules {
  readonly kind: ProgramKind;
  /** C name of the structure, for messages. */
  readonly name: string;
  /** Bytes that may be touched, as bytecode sees it; undefined when the program type does not tell. */
  readonly size?: number;
  /**
   * `fields`: only the listed fields exist, each at its place in `native`. `memory`: plain memory, every
   * offset below `size` readable; fields only name parts of it.
   */
  readonly access: 'fields' | 'memory';
  readonly fields: readonly ContextField[];
  /** Fields that the kernel has and the native context has not, to name them in messages. */
  readonly missing?: readonly {
    readonly name: string;
    readonly offset: number;
    readonly size: number;
  }[];
  /**
   * Memory layouts: the areas that may be read, no access crosses from one to another. Nothing of such
   * a context can be written.
   */
  readonly areas: readonly ContextArea[];
  /** What the user can do when an access is outside `areas`, when that is not plain. */
  readonly areasHelp?: string;
}

/** What a program may do by its type; the context apart. */
export interface ProgramRules {
  /** Numbers of the helpers that it may call: none that helpers.def refuses. */
  readonly helpers: ReadonlySet<number>;
  /** What it may return (signed, of the whole r0); absent when anything goes. */
  readonly returns?: { readonly minimum: number; readonly maximum: number };
  /** How it may use the packet through `data` and `data_end`. */
  readonly packet: 'none' | 'read' | 'write';
  /** Loads from the packet by LD_ABS and LD_IND. */
  readonly legacyLoads: boolean;
  readonly tailCalls: boolean;
  /** Whether large frames lie outside of the stack that all functions share, and do not count (kernel 6.13). */
  readonly privateStack: boolean;
  /** Whether its maps may have spin locks, and timers. */
  readonly spinLocks: boolean;
  readonly timers: boolean;
  /** Whether a program of this type may be loaded as sleepable. */
  readonly maySleep: boolean;
  /**
   * There is no context: r1 is the address of memory, r2 its length in bytes; see contexts/raw.ts for what
   * counts as proof that an access is inside.
   */
  readonly memoryWithLength: boolean;
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

/**
 * A part of a frame, offsets relative to r10, `low` < `high` <= 0. What makes parts independent objects:
 * - every access and every range that a helper or callee touches lies inside one part;
 * - the bounds of every stack pointer whose offset is not one constant lie inside [low, high] of the part
 *   that its accesses fall in, and so do those of whatever it is computed from, compared with or
 *   subtracted from, constants included;
 * - a pointer with a constant offset that was never mixed with another belongs to the part that holds
 *   the byte at its offset, or ends there.
 * So a stack pointer can be rebuilt from its part and its offset wherever its type is known. When an
 * address of the frame gets out of sight there is one part, [-512, 0).
 */
export interface StackPart {
  readonly low: number;
  readonly high: number;
}

/** The callee of a call through a register. */
export type RegisterCall =
  | { readonly kind: 'helper'; readonly helper: number }
  | { readonly kind: 'function'; readonly function: number };

/** What lowering needs to know of one function. */
export interface FunctionFacts {
  readonly function: number;
  readonly blocks: readonly BasicBlock[];
  /** Block index of each instruction. */
  readonly blockOf: Int32Array;
  /** Bit r set: register r is live before the instruction. */
  readonly liveBefore: Uint16Array;
  /**
   * Types of r0 to r10 before instruction i; undefined when i cannot be reached. Fast when asked in
   * ascending order inside a block: the states of one block are kept.
   */
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
  /** Part of a stack pointer (of this frame), undefined when it is in none. */
  stackPartOf(pointer: PointerType): StackPart | undefined;
  /** What a call through a register calls, which is always known. */
  registerCall(instruction: number): RegisterCall | undefined;
  /** Map index when the map argument of a helper call is one constant map. */
  constantMap(instruction: number): number | undefined;
}

declare const verified: unique symbol;

/** An object that may be lowered. Only this room makes one. */
export interface VerifiedObject {
  readonly [verified]: true;
  readonly object: BpfObject;
  /** `proved`: safe on every path. `skipped`: --no-verify. */
  readonly verdict: 'proved' | 'skipped';
  readonly functions: readonly FunctionFacts[];
}
