/**
 * Scalars in the notation of the kernel's verifier log, so that the two can be compared line by line:
 * bounds that say nothing are left out, equal ones are written as one (`smax=umax=255`), numbers of more
 * than 16 bits are hexadecimal.
 */
import type { Bounds } from './draft.ts';
import { signedBig, unsignedBig } from './word.ts';

/** The parts of a scalar as integers. */
export interface IntegerBounds {
  readonly value: bigint;
  readonly mask: bigint;
  readonly smin: bigint;
  readonly smax: bigint;
  readonly umin: bigint;
  readonly umax: bigint;
  readonly smin32: bigint;
  readonly smax32: bigint;
  readonly umin32: bigint;
  readonly umax32: bigint;
}

/** The bounds as integers, for messages. */
export function bounds(s: Bounds): IntegerBounds {
  return {
    value: unsignedBig(s.valueLow, s.valueHigh),
    mask: unsignedBig(s.maskLow, s.maskHigh),
    smin: signedBig(s.sminLow, s.sminHigh),
    smax: signedBig(s.smaxLow, s.smaxHigh),
    umin: unsignedBig(s.uminLow, s.uminHigh),
    umax: unsignedBig(s.umaxLow, s.umaxHigh),
    smin32: BigInt(s.smin32),
    smax32: BigInt(s.smax32),
    umin32: BigInt(s.umin32 >>> 0),
    umax32: BigInt(s.umax32 >>> 0),
  };
}

const INT16_MINIMUM = -0x8000n;
const INT16_MAXIMUM = 0x7fffn;
const UINT16_MAXIMUM = 0xffffn;

function hexadecimal(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

function isShortSigned(value: bigint): boolean {
  return value >= INT16_MINIMUM && value <= INT16_MAXIMUM;
}

function formatSigned(value: bigint): string {
  return isShortSigned(value) ? value.toString() : hexadecimal(value);
}

function formatUnsigned(value: bigint): string {
  return value <= UINT16_MAXIMUM ? value.toString() : hexadecimal(value);
}

interface Named {
  readonly name: string;
  readonly isSigned: boolean;
  readonly value: bigint;
  /** Says nothing. */
  readonly omit: boolean;
}

function namedBounds(s: Bounds): readonly Named[] {
  const b = bounds(s);
  // A 32-bit bound written in hexadecimal shows its own 32 bits.
  const low = (value: bigint) => (isShortSigned(value) ? value : BigInt.asUintN(32, value));
  const signed = (name: string, value: bigint, omit: boolean): Named => ({
    name,
    isSigned: true,
    value,
    omit,
  });
  const unsigned = (name: string, value: bigint, omit: boolean): Named => ({
    name,
    isSigned: false,
    value,
    omit,
  });
  return [
    signed('smin', b.smin, b.smin === -(2n ** 63n)),
    signed('smax', b.smax, b.smax === 2n ** 63n - 1n),
    unsigned('umin', b.umin, b.umin === 0n),
    unsigned('umax', b.umax, b.umax === 2n ** 64n - 1n),
    signed('smin32', low(b.smin32), b.smin32 === -(2n ** 31n)),
    signed('smax32', low(b.smax32), b.smax32 === 2n ** 31n - 1n),
    unsigned('umin32', b.umin32, b.umin32 === 0n),
    unsigned('umax32', b.umax32, b.umax32 === 2n ** 32n - 1n),
  ];
}

/** `smin=0,smax=umax=255`: minima with minima, maxima with maxima, where value and sign are equal. */
function formatBounds(s: Bounds): string[] {
  const all = namedBounds(s);
  const written = new Set<Named>();
  const parts: string[] = [];
  all.forEach((first, index) => {
    if (first.omit || written.has(first)) return;
    const group = all.filter(
      (other, position) =>
        position >= index &&
        (position - index) % 2 === 0 &&
        !other.omit &&
        !written.has(other) &&
        BigInt.asUintN(64, other.value) === BigInt.asUintN(64, first.value) &&
        isNegative(other) === isNegative(first),
    );
    for (const member of group) written.add(member);
    const names = group.map((member) => `${member.name}=`).join('');
    parts.push(names + (first.isSigned ? formatSigned(first.value) : formatUnsigned(first.value)));
  });
  return parts;
}

function isNegative(bound: Named): boolean {
  return bound.isSigned && bound.value < 0n;
}

/**
 * The comma list of bounds and known bits; empty when nothing is known. A constant is `imm=8`, as pointers
 * show one, and nothing when it is 0.
 */
export function formatRanges(s: Bounds): string {
  const { value, mask } = bounds(s);
  if (mask === 0n) return value === 0n ? '' : `imm=${formatSigned(BigInt.asIntN(64, value))}`;
  const parts = formatBounds(s);
  if (mask !== 2n ** 64n - 1n) {
    parts.push(`var_off=(${hexadecimal(value)}; ${hexadecimal(mask)})`);
  }
  return parts.join(',');
}

/** A scalar register: `42`, `scalar()`, `scalar(smin=0,...)`. */
export function formatScalar(s: Bounds): string {
  const { value, mask } = bounds(s);
  return mask === 0n ? formatSigned(BigInt.asIntN(64, value)) : `scalar(${formatRanges(s)})`;
}
