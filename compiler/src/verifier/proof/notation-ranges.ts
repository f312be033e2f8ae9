/** The ranges of a scalar as the kernel's log writes them; equal bounds share one number. */
import type { Scalar } from '../domain/scalar.ts';
import { signedBig, unsignedBig } from '../domain/word.ts';

interface Bound {
  readonly name: string;
  readonly value: bigint;
  readonly signed: boolean;
  /** Nothing is known by it. */
  readonly open: boolean;
}

function boundsOf(range: Scalar): Bound[] {
  const bound = (name: string, value: bigint, open: bigint): Bound => ({
    name,
    value,
    signed: name.startsWith('s'),
    open: value === open,
  });
  return [
    bound('smin', signedBig(range.sminLow, range.sminHigh), -(1n << 63n)),
    bound('smax', signedBig(range.smaxLow, range.smaxHigh), (1n << 63n) - 1n),
    bound('umin', unsignedBig(range.uminLow, range.uminHigh), 0n),
    bound('umax', unsignedBig(range.umaxLow, range.umaxHigh), (1n << 64n) - 1n),
    bound('smin32', BigInt(range.smin32), -(1n << 31n)),
    bound('smax32', BigInt(range.smax32), (1n << 31n) - 1n),
    bound('umin32', BigInt(range.umin32 >>> 0), 0n),
    bound('umax32', BigInt(range.umax32 >>> 0), (1n << 32n) - 1n),
  ];
}

/** `smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff)`; empty when nothing is known. */
export function formatRanges(range: Scalar): string {
  const bounds = boundsOf(range);
  const written = bounds.map(({ open }) => open);
  const parts: string[] = [];
  bounds.forEach((bound, index) => {
    if (written[index]) return;
    let names = bound.name;
    // Minima stand at even places, maxima at odd ones.
    for (let other = index + 2; other < bounds.length; other += 2) {
      if (written[other] || bounds[other]!.value !== bound.value) continue;
      written[other] = true;
      names += `=${bounds[other]!.name}`;
    }
    parts.push(
      `${names}=${bound.signed ? formatSigned(bound.value) : formatUnsigned(bound.value)}`,
    );
  });
  const mask = unsignedBig(range.maskLow, range.maskHigh);
  if (mask !== (1n << 64n) - 1n) {
    const value = unsignedBig(range.valueLow, range.valueHigh);
    parts.push(`var_off=(0x${value.toString(16)}; 0x${mask.toString(16)})`);
  }
  return parts.join(',');
}

/** Small numbers in decimal, large ones in hexadecimal. */
export function formatUnsigned(value: bigint): string {
  return value <= 0xffffn ? `${value}` : `0x${value.toString(16)}`;
}

/** Small numbers in decimal, large ones as their 64 bits in hexadecimal. */
export function formatSigned(value: bigint): string {
  return value >= -0x8000n && value <= 0x7fffn
    ? `${value}`
    : `0x${BigInt.asUintN(64, value).toString(16)}`;
}
