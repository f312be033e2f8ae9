/**
 * The domain of values: integers, pointers into one region, and what is either.
 *
 * Soundness rests on one assumption, the BPF memory model: an access through a pointer stays inside
 * the object that the pointer was computed from. A region names that object; arithmetic keeps it. Facts
 * about a pointer's number (not null, aligned) are claimed only where bounds of its offset prove them.
 * Where a join or an operation loses sight of a region, its caller is told through `Lost`, because
 * from then on an `unknown` may be an address of it.
 */
import { type Scalar, type Thresholds, ZERO } from '../domain/index.ts';
import type { PointerType, Region, ScalarType, ValueType } from '../types.ts';
import { ANY_SCALAR, alignmentOf, equalScalars, joinScalars, widenScalar } from './integer.ts';

/** Told of every pointer whose region is no longer tracked. */
export type Lost = (pointer: PointerType) => void;

export const NONE: ValueType = { kind: 'none' };
export const UNKNOWN: ValueType = { kind: 'unknown' };

/** Offsets beyond this are not tracked, so that sums of them stay exact. */
const OFFSET_LIMIT = 2 ** 31;
/** A loop that moves a pointer by more in one turn could wrap around the address space. */
const STRIDE_LIMIT = 2 ** 16;

function lowestBit(value: number): number {
  return value === 0 ? OFFSET_LIMIT : value & -value;
}

/** Whether two regions are the same object, or the same kind of object. */
export function sameRegion(a: Region, b: Region): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'stack':
      return b.kind === 'stack' && a.function === b.function;
    case 'function':
      return b.kind === 'function' && a.function === b.function;
    case 'context':
      return b.kind === 'context' && a.program === b.program;
    case 'map':
      return b.kind === 'map' && a.map === b.map;
    case 'inner_map':
      return b.kind === 'inner_map' && a.map === b.map;
    case 'map_value':
      return b.kind === 'map_value' && a.map === b.map;
    case 'data':
      return b.kind === 'data' && a.section === b.section;
    case 'memory':
      return b.kind === 'memory' && a.size === b.size;
    default:
      return a.kind === b.kind;
  }
}

function make(
  region: Region,
  nullable: boolean,
  minimum: number | undefined,
  maximum: number | undefined,
  regionAlignment: number,
  alignment: number,
): PointerType {
  const constantOffset = minimum !== undefined && minimum === maximum;
  // A null pointer is as aligned as it can be, but what was added to it may differ.
  const exact = constantOffset && !(nullable && minimum !== 0);
  return {
    kind: 'pointer',
    region,
    nullable,
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    alignment: exact ? Math.min(regionAlignment, lowestBit(minimum)) : alignment,
    regionAlignment,
  };
}

/** A pointer to `offset` bytes into a region whose start is aligned to `regionAlignment`. */
export function pointerTo(
  region: Region,
  regionAlignment: number,
  options: { offset?: number; nullable?: boolean } = {},
): PointerType {
  const offset = options.offset ?? 0;
  const alignment = Math.min(regionAlignment, lowestBit(offset));
  return make(region, options.nullable ?? false, offset, offset, regionAlignment, alignment);
}

/** The same pointer after a test against null. */
export function withoutNull(pointer: PointerType): PointerType {
  // Only a null to which nothing was added is told apart by such a test.
  if (!pointer.nullable || pointer.minimum !== 0 || pointer.maximum !== 0) return pointer;
  return { ...pointer, nullable: false };
}

/** Whether the pointer's number is certainly not zero. */
export function neverNull(pointer: PointerType): boolean {
  const { minimum, maximum } = pointer;
  if (pointer.nullable || minimum === undefined || maximum === undefined) return false;
  switch (pointer.region.kind) {
    case 'stack':
      return minimum >= -512 && maximum <= 0;
    // Packet pointers of an empty packet may be null; of other kinds nothing is known.
    case 'packet':
    case 'packet_meta':
    case 'packet_end':
    case 'any':
      return false;
    default:
      return minimum >= 0 && maximum < OFFSET_LIMIT;
  }
}

/** Signed bounds of an integer, where they are small enough to be offsets. */
function signedOffsets(amount: Scalar): readonly [number, number] | undefined {
  const { signedMinimum: minimum, signedMaximum: maximum } = amount;
  if (minimum < -OFFSET_LIMIT || maximum > OFFSET_LIMIT) return undefined;
  return [minimum, maximum];
}

function limited(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) > OFFSET_LIMIT ? undefined : value;
}

/** pointer + amount. */
export function addToPointer(pointer: PointerType, amount: Scalar): PointerType {
  const offsets = signedOffsets(amount);
  const alignment = Math.min(pointer.alignment, alignmentOf(amount));
  const bound = (old: number | undefined, by: number | undefined) =>
    old === undefined || by === undefined ? undefined : limited(old + by);
  const minimum = bound(pointer.minimum, offsets?.[0]);
  const maximum = bound(pointer.maximum, offsets?.[1]);
  // With one bound lost to the limit the number may have come round: keep both or none, unless the
  // other one was open before.
  const open = pointer.minimum === undefined || pointer.maximum === undefined;
  const far = offsets === undefined || Math.max(-offsets[0], offsets[1]) > STRIDE_LIMIT;
  const lost =
    (open && far) ||
    (minimum === undefined && pointer.minimum !== undefined) ||
    (maximum === undefined && pointer.maximum !== undefined);
  return make(
    pointer.region,
    pointer.nullable,
    lost ? undefined : minimum,
    lost ? undefined : maximum,
    pointer.regionAlignment,
    alignment,
  );
}

/** An integer view of any value, for operations that make an integer of it. */
export function asScalar(value: ValueType): ScalarType {
  return value.kind === 'scalar' ? value : ANY_SCALAR;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.min(a, b);
}

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}

function equalPointers(a: PointerType, b: PointerType): boolean {
  return (
    a.nullable === b.nullable &&
    a.minimum === b.minimum &&
    a.maximum === b.maximum &&
    a.alignment === b.alignment &&
    a.regionAlignment === b.regionAlignment &&
    sameRegion(a.region, b.region)
  );
}

/** Whether two values say the same. */
export function equalValues(a: ValueType, b: ValueType): boolean {
  if (a === b) return true;
  if (a.kind === 'scalar' && b.kind === 'scalar') return equalScalars(a, b);
  if (a.kind === 'pointer' && b.kind === 'pointer') return equalPointers(a, b);
  return a.kind === b.kind;
}

function joinPointers(a: PointerType, b: PointerType, lost: Lost): PointerType {
  const nullable = a.nullable || b.nullable;
  const regionAlignment = Math.min(a.regionAlignment, b.regionAlignment);
  const alignment = Math.min(a.alignment, b.alignment);
  if (!sameRegion(a.region, b.region)) {
    lost(a);
    lost(b);
    return make({ kind: 'any' }, nullable, undefined, undefined, regionAlignment, alignment);
  }
  const minimum = least(a.minimum, b.minimum);
  const maximum = greatest(a.maximum, b.maximum);
  return make(a.region, nullable, minimum, maximum, regionAlignment, alignment);
}

/** A pointer, or the number zero. */
function orNull(pointer: PointerType): PointerType {
  const atStart = pointer.minimum === 0 && pointer.maximum === 0;
  const offset = atStart ? 0 : undefined;
  return make(pointer.region, true, offset, offset, pointer.regionAlignment, pointer.alignment);
}

/** The least value that stands for both. */
export function joinValues(a: ValueType, b: ValueType, lost: Lost): ValueType {
  if (equalValues(a, b) || b.kind === 'none') return a;
  if (a.kind === 'none') return b;
  if (a.kind === 'scalar' && b.kind === 'scalar') return joinScalars(a, b);
  if (a.kind === 'pointer' && b.kind === 'pointer') {
    const joined = joinPointers(a, b, lost);
    return equalPointers(joined, a) ? a : joined;
  }
  if (a.kind === 'pointer' && b.kind === 'scalar' && b.range === ZERO) {
    const joined = orNull(a);
    return equalPointers(joined, a) ? a : joined;
  }
  if (b.kind === 'pointer' && a.kind === 'scalar' && a.range === ZERO) return orNull(b);
  if (a.kind === 'pointer') lost(a);
  if (b.kind === 'pointer') lost(b);
  return UNKNOWN;
}

function widenPointer(old: PointerType, joined: PointerType): PointerType {
  const falls = (joined.minimum ?? -Infinity) < (old.minimum ?? -Infinity);
  const grows = (joined.maximum ?? Infinity) > (old.maximum ?? Infinity);
  const jump = Math.max(
    falls ? (old.minimum ?? 0) - (joined.minimum ?? old.minimum ?? 0) : 0,
    grows ? (joined.maximum ?? old.maximum ?? 0) - (old.maximum ?? 0) : 0,
  );
  const wild = jump > STRIDE_LIMIT || (falls && grows);
  return make(
    joined.region,
    joined.nullable,
    falls || wild ? undefined : joined.minimum,
    grows || wild ? undefined : joined.maximum,
    joined.regionAlignment,
    joined.alignment,
  );
}

/** An upper bound of both that is reached in few steps; `joined` is the join of `old` and what is new. */
export function widenValues(old: ValueType, joined: ValueType, thresholds: Thresholds): ValueType {
  if (old === joined) return old;
  if (old.kind === 'scalar' && joined.kind === 'scalar') {
    return widenScalar(old, joined, thresholds);
  }
  if (old.kind === 'pointer' && joined.kind === 'pointer') return widenPointer(old, joined);
  return joined;
}

/** Proved alignment of the address `offset` bytes after the value. */
export function accessAlignment(value: ValueType, offset: number): number {
  let known = 1;
  if (value.kind === 'pointer') known = value.alignment;
  else if (value.kind === 'scalar') known = alignmentOf(value.range);
  if (
    value.kind === 'pointer' &&
    !value.nullable &&
    value.minimum !== undefined &&
    value.minimum === value.maximum
  ) {
    return Math.min(value.regionAlignment, lowestBit(value.minimum + offset));
  }
  return Math.min(known, lowestBit(offset));
}
