/**
 * 64-bit words as two int32 halves.
 *
 * V8 keeps an int32 in a field or a local without allocating; a BigInt or a number from 2^31 on costs
 * an allocation for each operation. So a word is a pair (low, high) of int32 whose bits are the word's,
 * and 32-bit unsigned values are int32 too, compared through `>>> 0`. A function has one result, so each
 * operation is two functions, one for each half: the low half of a sum is `(a + b) | 0`, its high half
 * `addHigh`. That costs an addition twice and keeps everything pure.
 */

export const INT32_MINIMUM = -0x8000_0000;
export const INT32_MAXIMUM = 0x7fff_ffff;
const TWO_32 = 0x1_0000_0000;
/** A double has 53 bits: words whose high half lies in -2^21 to 2^21 - 1 are exact. */
const EXACT_HIGH = 0x20_0000;
/** The bits of a word that a double may lose. */
const LOST_BITS = 0x7ff;

/** Whether a < b, both unsigned 32-bit. */
export function below32(a: number, b: number): boolean {
  return a >>> 0 < b >>> 0;
}

/** The smaller of two unsigned 32-bit values. */
export function smaller32(a: number, b: number): number {
  return a >>> 0 < b >>> 0 ? a : b;
}

/** The larger of two unsigned 32-bit values. */
export function larger32(a: number, b: number): number {
  return a >>> 0 > b >>> 0 ? a : b;
}

/** Whether a < b, both unsigned. */
export function below(aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  return aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh >>> 0 < bHigh >>> 0;
}

/** Whether a < b, both signed. */
export function less(aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  return aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh < bHigh;
}

/** High half of a + b. */
export function addHigh(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const low = (aLow + bLow) | 0;
  return (aHigh + bHigh + (low >>> 0 < aLow >>> 0 ? 1 : 0)) | 0;
}

/** High half of a - b. */
export function subtractHigh(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  return (aHigh - bHigh - (aLow >>> 0 < bLow >>> 0 ? 1 : 0)) | 0;
}

/** High half of the 64-bit product of two unsigned 32-bit values. */
function productHigh32(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return (aHigh * bHigh + (first >>> 16) + (second >>> 16)) | 0;
}

/** High half of a * b; the low half is `Math.imul(aLow, bLow)`. */
export function multiplyHigh(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  return (productHigh32(aLow, bLow) + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0;
}

/** Whether the unsigned product does not fit 64 bits. */
export function productOverflows(
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
): boolean {
  if (aHigh === 0 && bHigh === 0) return false;
  if (aHigh !== 0 && bHigh !== 0) return true;
  // One cross product is zero. A double rounds the other only far above the limit.
  const cross = (aLow >>> 0) * (bHigh >>> 0) + (aHigh >>> 0) * (bLow >>> 0);
  return cross + (productHigh32(aLow, bLow) >>> 0) >= TWO_32;
}

/** Low half of a << amount, 0 <= amount < 64. */
export function shiftLeftLow(low: number, amount: number): number {
  return amount < 32 ? low << amount : 0;
}

/** High half of a << amount. */
export function shiftLeftHigh(low: number, high: number, amount: number): number {
  if (amount === 0) return high;
  return amount < 32 ? (high << amount) | (low >>> (32 - amount)) : low << (amount - 32);
}

/** Low half of a >>> amount. */
export function shiftRightLow(low: number, high: number, amount: number): number {
  if (amount === 0) return low;
  return amount < 32 ? (low >>> amount) | (high << (32 - amount)) : (high >>> (amount - 32)) | 0;
}

/** High half of a >>> amount. */
export function shiftRightHigh(high: number, amount: number): number {
  return amount < 32 ? (high >>> amount) | 0 : 0;
}

/** Low half of a >> amount. */
export function shiftSignedLow(low: number, high: number, amount: number): number {
  if (amount === 0) return low;
  return amount < 32 ? (low >>> amount) | (high << (32 - amount)) : high >> (amount - 32);
}

/** High half of a >> amount. */
export function shiftSignedHigh(high: number, amount: number): number {
  return amount < 32 ? high >> amount : high >> 31;
}

/** All bits from the highest set bit of `bits` downwards. */
export function spread(bits: number): number {
  // A shift by 32 would be one by 0.
  return bits === 0 ? 0 : (-1 >>> Math.clz32(bits)) | 0;
}

/** The bytes of a 32-bit value in the other order. */
export function reverseBytes32(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | ((word >>> 24) & 0xff);
}

/** Low half of an integer modulo 2^64; a number must be a safe integer. */
export function lowOf(value: number | bigint): number {
  return typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value));
}

/** High half of an integer modulo 2^64; a number must be a safe integer. */
export function highOf(value: number | bigint): number {
  return typeof value === 'number'
    ? Math.floor(value / TWO_32) | 0
    : Number(BigInt.asIntN(32, value >> 32n));
}

/** The word as an unsigned BigInt. */
export function unsignedBig(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** The word as a signed BigInt. */
export function signedBig(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** `high`, as a number of either sign, and `low` as one number that is not above the word. */
function downwards(low: number, high: number): number {
  const exact = high >= -EXACT_HIGH && high < EXACT_HIGH;
  return high * TWO_32 + ((exact ? low : low & ~LOST_BITS) >>> 0);
}

function upwards(low: number, high: number): number {
  const floor = downwards(low, high);
  const exact = high >= -EXACT_HIGH && high < EXACT_HIGH;
  return exact || (low & LOST_BITS) === 0 ? floor : floor + LOST_BITS + 1;
}

/** The unsigned word as a number, rounded down where it must be. */
export function unsignedDown(low: number, high: number): number {
  return downwards(low, high >>> 0);
}

/** The unsigned word as a number, rounded up where it must be. */
export function unsignedUp(low: number, high: number): number {
  return upwards(low, high >>> 0);
}

/** The signed word as a number, rounded down where it must be. */
export function signedDown(low: number, high: number): number {
  return downwards(low, high);
}

/** The signed word as a number, rounded up where it must be. */
export function signedUp(low: number, high: number): number {
  return upwards(low, high);
}
