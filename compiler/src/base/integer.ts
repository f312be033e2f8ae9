/** The value modulo 2^64, 0 to 2^64 - 1. */
export function unsigned64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** The value modulo 2^64, -2^63 to 2^63 - 1. */
export function signed64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** Bits 0 to 31 as an unsigned number. */
export function lowHalf(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

/** Bits 32 to 63 as an unsigned number. */
export function highHalf(value: bigint): number {
  return Number(BigInt.asUintN(32, value >> 32n));
}

/** The unsigned 64-bit value of two 32-bit halves, whose signs do not matter. */
export function fromHalves(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
