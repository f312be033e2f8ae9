/**
 * What a register or a spilled slot holds on one path. Values are immutable and shared between states:
 * a change makes a new one. Equal ids tie values together: scalars with equal ids are equal up to their
 * `delta`; nullable pointers with equal ids are null together; packet pointers with equal ids have the
 * same variable part.
 */
import type { BpfMap } from '../../object/index.ts';
import { type Scalar, ZERO } from '../domain/index.ts';

export type Value = Uninitialised | ScalarValue | PointerValue;

/** Never written on this path, or no longer readable. */
export interface Uninitialised {
  readonly kind: 'uninitialised';
}

export const UNINITIALISED: Uninitialised = { kind: 'uninitialised' };

/** An integer. */
export class ScalarValue {
  readonly kind = 'scalar';
  readonly range: Scalar;
  /** 0 when not linked. */
  readonly id: number;
  /** This value is that of its link's base plus this, modulo 2^64 (2^32 and zero-extended if `narrow`). */
  readonly delta: number;

  constructor(range: Scalar, id = 0, delta = 0) {
    this.range = range;
    this.id = id;
    this.delta = delta;
  }
}

/** What a pointer points into. Made once and shared; `sameTarget` compares. */
export type Target =
  /** Frame number `frame` of the path's call stack; offset 0 is the frame's top (r10). */
  | { readonly kind: 'stack'; readonly frame: number }
  | { readonly kind: 'context' }
  /** A map as helpers take it. `key` tells inner maps of one outer map apart; 0 for maps of the object. */
  | { readonly kind: 'map'; readonly map: BpfMap; readonly unique: number }
  | { readonly kind: 'map_value'; readonly map: BpfMap; readonly unique: number }
  | { readonly kind: 'map_key'; readonly map: BpfMap; readonly unique: number }
  /**
   * A packet, or the memory of a raw program: the bytes from the pointer with offset 0 and no variable
   * part. How much may be accessed is in the pointer's `range`.
   */
  | { readonly kind: 'packet' }
  | { readonly kind: 'packet_meta' }
  | { readonly kind: 'packet_end' }
  /** A data section of the object. */
  | { readonly kind: 'data'; readonly section: number }
  /**
   * `size` bytes from a helper or a caller; `name` is for messages ("ring-buffer record"). `alignment`
   * divides the address of the first.
   */
  | {
      readonly kind: 'memory';
      readonly size: number;
      readonly writable: boolean;
      readonly alignment: 1 | 8;
      readonly name: string;
    }
  | { readonly kind: 'function'; readonly function: number }
  /** A dynptr that a callback gets as its argument; those of the program itself are stack slots. */
  | { readonly kind: 'dynptr'; readonly name: string };

/** An address. */
export class PointerValue {
  readonly kind = 'pointer';
  readonly target: Target;
  /** May be null instead; `id` is then not 0. */
  readonly nullable: boolean;
  /** Constant part of the offset from the target's start. */
  readonly offset: number;
  /** Variable part, `ZERO` when there is none. */
  readonly variable: Scalar;
  /** See above; 0 when not tied to others. */
  readonly id: number;
  /** Packets: bytes that may be accessed from the target's start plus `variable`. */
  readonly range: number;
  /** The reference that this is or came out of; 0 none. Its release makes the pointer unusable. */
  readonly reference: number;

  constructor(
    target: Target,
    options: {
      readonly nullable?: boolean;
      readonly offset?: number;
      readonly variable?: Scalar;
      readonly id?: number;
      readonly range?: number;
      readonly reference?: number;
    } = {},
  ) {
    this.target = target;
    this.nullable = options.nullable ?? false;
    this.offset = options.offset ?? 0;
    this.variable = options.variable ?? ZERO;
    this.id = options.id ?? 0;
    this.range = options.range ?? 0;
    this.reference = options.reference ?? 0;
  }

  /** The same pointer but for what `changes` says. */
  with(changes: {
    readonly target?: Target;
    readonly nullable?: boolean;
    readonly offset?: number;
    readonly variable?: Scalar;
    readonly id?: number;
    readonly range?: number;
    readonly reference?: number;
  }): PointerValue {
    return new PointerValue(changes.target ?? this.target, {
      nullable: changes.nullable ?? this.nullable,
      offset: changes.offset ?? this.offset,
      variable: changes.variable ?? this.variable,
      id: changes.id ?? this.id,
      range: changes.range ?? this.range,
      reference: changes.reference ?? this.reference,
    });
  }
}

/** Whether two pointers lead into the same kind of object by the same description. */
export function sameTarget(a: Target, b: Target): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'stack':
      return b.kind === 'stack' && a.frame === b.frame;
    case 'map':
    case 'map_value':
    case 'map_key':
      return a.kind === b.kind && a.map === b.map && a.unique === b.unique;
    case 'data':
      return b.kind === 'data' && a.section === b.section;
    case 'function':
      return b.kind === 'function' && a.function === b.function;
    case 'memory':
      return (
        b.kind === 'memory' &&
        a.size === b.size &&
        a.writable === b.writable &&
        a.alignment === b.alignment &&
        a.name === b.name
      );
    default:
      return a.kind === b.kind;
  }
}
