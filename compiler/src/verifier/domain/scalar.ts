/** Scalars, the values of this domain, and how they are made. */
import { Failure } from '../../diag/index.ts';
import { type Bounds, type Draft, draft } from './draft.ts';
import { synchronise } from './synchronise.ts';
import {
  below,
  highOf,
  INT32_MAXIMUM,
  INT32_MINIMUM,
  less,
  lowOf,
  signedDown,
  signedUp,
  unsignedBig,
  unsignedDown,
  unsignedUp,
} from './word.ts';

/**
 * What is known of a 64-bit value that is no pointer. Immutable; equal knowledge is often the same
 * object. The parts agree (see `synchronise`), and the set of values is not known to be empty.
 */
export class Scalar implements Bounds {
  readonly valueLow: number;
  readonly valueHigh: number;
  readonly maskLow: number;
  readonly maskHigh: number;
  readonly uminLow: number;
  readonly uminHigh: number;
  readonly umaxLow: number;
  readonly umaxHigh: number;
  readonly sminLow: number;
  readonly sminHigh: number;
  readonly smaxLow: number;
  readonly smaxHigh: number;
  readonly umin32: number;
  readonly umax32: number;
  readonly smin32: number;
  readonly smax32: number;

  /** Only this room's own files make scalars, by `finish` and `settle`. */
  constructor(from: Bounds) {
    this.valueLow = from.valueLow;
    this.valueHigh = from.valueHigh;
    this.maskLow = from.maskLow;
    this.maskHigh = from.maskHigh;
    this.uminLow = from.uminLow;
    this.uminHigh = from.uminHigh;
    this.umaxLow = from.umaxLow;
    this.umaxHigh = from.umaxHigh;
    this.sminLow = from.sminLow;
    this.sminHigh = from.sminHigh;
    this.smaxLow = from.smaxLow;
    this.smaxHigh = from.smaxHigh;
    this.umin32 = from.umin32;
    this.umax32 = from.umax32;
    this.smin32 = from.smin32;
    this.smax32 = from.smax32;
  }

  /** Bounds as numbers: exact up to 2^53 in magnitude, beyond that rounded outwards. */
  get unsignedMinimum(): number {
    return unsignedDown(this.uminLow, this.uminHigh);
  }

  get unsignedMaximum(): number {
    return unsignedUp(this.umaxLow, this.umaxHigh);
  }

  get signedMinimum(): number {
    return signedDown(this.sminLow, this.sminHigh);
  }

  get signedMaximum(): number {
    return signedUp(this.smaxLow, this.smaxHigh);
  }

  /** Bounds of bits 0 to 31, exact. */
  get unsigned32Minimum(): number {
    return this.umin32 >>> 0;
  }

  get unsigned32Maximum(): number {
    return this.umax32 >>> 0;
  }

  get signed32Minimum(): number {
    return this.smin32;
  }

  get signed32Maximum(): number {
    return this.smax32;
  }

  get isConstant(): boolean {
    return (this.maskLow | this.maskHigh) === 0;
  }

  /** The one value, unsigned; undefined when there may be several. */
  get constantValue(): bigint | undefined {
    return this.isConstant ? unsignedBig(this.valueLow, this.valueHigh) : undefined;
  }

  /** The one value, signed, when it is a safe integer. */
  get constantNumber(): number | undefined {
    if (!this.isConstant) return undefined;
    const value = signedDown(this.valueLow, this.valueHigh);
    return Number.isSafeInteger(value) ? value : undefined;
  }

  /** Whether nothing at all is known. */
  get isUnknown(): boolean {
    return this === UNKNOWN;
  }
}

/** Constants from -LEAST to MOST are made once. */
const LEAST_SHARED = -512;
const MOST_SHARED = 4096;

draft.clear();
/** Any value. The only scalar of which nothing is known. */
export const UNKNOWN: Scalar = new Scalar(draft);
const shared: (Scalar | undefined)[] = Array.from(
  { length: MOST_SHARED - LEAST_SHARED + 1 },
  () => undefined,
);
export const ZERO: Scalar = constantWord(0, 0);

/** Writes the one value with these halves to the draft. */
function draftConstant(d: Draft, low: number, high: number): void {
  d.valueLow = low;
  d.valueHigh = high;
  d.maskLow = 0;
  d.maskHigh = 0;
  d.uminLow = low;
  d.uminHigh = high;
  d.umaxLow = low;
  d.umaxHigh = high;
  d.sminLow = low;
  d.sminHigh = high;
  d.smaxLow = low;
  d.smaxHigh = high;
  d.umin32 = low;
  d.umax32 = low;
  d.smin32 = low;
  d.smax32 = low;
}

/** The scalar with the one value that has these halves. */
export function constantWord(low: number, high: number): Scalar {
  if (high !== low >> 31 || low < LEAST_SHARED || low > MOST_SHARED) {
    draftConstant(draft, low, high);
    return new Scalar(draft);
  }
  const index = low - LEAST_SHARED;
  const known = shared[index];
  if (known !== undefined) return known;
  draftConstant(draft, low, high);
  const made = new Scalar(draft);
  shared[index] = made;
  return made;
}

/** The scalar of the draft, or undefined when no value is left. */
export function settle(): Scalar | undefined {
  return synchronise(draft) ? freeze(draft) : undefined;
}

/**
 * The scalar of the draft where it comes from an operation on values that exist. That no value is left
 * then means that the operands contradict themselves in a way not seen before: nothing runs here, and
 * any answer is sound.
 */
export function finish(): Scalar {
  return synchronise(draft) ? freeze(draft) : UNKNOWN;
}

function freeze(d: Draft): Scalar {
  if ((d.maskLow | d.maskHigh) === 0) return constantWord(d.valueLow, d.valueHigh);
  if (
    (d.maskLow & d.maskHigh & d.umaxLow & d.umaxHigh) === -1 &&
    (d.uminLow | d.uminHigh | d.umin32 | d.sminLow) === 0 &&
    (d.umax32 & d.smaxLow) === -1 &&
    d.sminHigh === INT32_MINIMUM &&
    d.smaxHigh === INT32_MAXIMUM &&
    d.smin32 === INT32_MINIMUM &&
    d.smax32 === INT32_MAXIMUM
  ) {
    return UNKNOWN;
  }
  return new Scalar(d);
}

/** The one value, modulo 2^64. A number must be a safe integer. */
export function constantScalar(value: number | bigint): Scalar {
  return constantWord(lowOf(value), highOf(value));
}

function inverted(minimum: number | bigint, maximum: number | bigint): Failure {
  return new Failure({ code: 'BPF-V099', message: `the range ${minimum} to ${maximum} is empty` });
}

/** Every value from `minimum` to `maximum`, as unsigned values; each is taken modulo 2^64. */
export function rangeScalar(minimum: number | bigint, maximum: number | bigint): Scalar {
  draft.clear();
  draft.uminLow = lowOf(minimum);
  draft.uminHigh = highOf(minimum);
  draft.umaxLow = lowOf(maximum);
  draft.umaxHigh = highOf(maximum);
  if (below(draft.umaxLow, draft.umaxHigh, draft.uminLow, draft.uminHigh)) {
    throw inverted(minimum, maximum);
  }
  return finish();
}

/** Every value from `minimum` to `maximum`, as signed 64-bit values. */
export function signedRange(minimum: number | bigint, maximum: number | bigint): Scalar {
  draft.clear();
  draft.sminLow = lowOf(minimum);
  draft.sminHigh = highOf(minimum);
  draft.smaxLow = lowOf(maximum);
  draft.smaxHigh = highOf(maximum);
  if (less(draft.smaxLow, draft.smaxHigh, draft.sminLow, draft.sminHigh)) {
    throw inverted(minimum, maximum);
  }
  return finish();
}

const UNSIGNED_BYTE = rangeScalar(0, 0xff);
const UNSIGNED_HALF = rangeScalar(0, 0xffff);
const UNSIGNED_WORD = rangeScalar(0, 0xffff_ffff);
const SIGNED_BYTE = signedRange(-0x80, 0x7f);
const SIGNED_HALF = signedRange(-0x8000, 0x7fff);
const SIGNED_WORD = signedRange(INT32_MINIMUM, INT32_MAXIMUM);

/** What a load of `bytes` bytes gives: zero-extended. */
export function unsignedOfSize(bytes: 1 | 2 | 4 | 8): Scalar {
  if (bytes === 8) return UNKNOWN;
  return bytes === 4 ? UNSIGNED_WORD : bytes === 2 ? UNSIGNED_HALF : UNSIGNED_BYTE;
}

/** What a sign-extending load of `bytes` bytes gives. */
export function signedOfSize(bytes: 1 | 2 | 4 | 8): Scalar {
  if (bytes === 8) return UNKNOWN;
  return bytes === 4 ? SIGNED_WORD : bytes === 2 ? SIGNED_HALF : SIGNED_BYTE;
}
