/**
 * Known bits (a "tristate number"): a bit is unknown where `mask` is 1, else it is that of `value`;
 * `value` is 0 where `mask` is 1. Stands for the words w with (w & ~mask) = value.
 *
 * Soundness, by operation:
 * - and, or, xor work bit by bit: a result bit is known when every choice of the unknown operand bits
 *   gives the same.
 * - add: all sums lie between the sum of the least words and the sum of the greatest, and a bit (its
 *   carry included) can differ between two sums only where those two sums differ, or where an operand
 *   is unknown: carries grow with the operands, so a carry that is 0 in the greatest or 1 in the least
 *   sum is so in all. Subtract is the same with borrows.
 * - multiply is the school method: the sum of the shifted right operand over the bits of the left one,
 *   where an unknown bit joins the sums with and without. Addition is sound, so each partial sum is.
 * - shifts move `value` and `mask` alike; the signed one copies the state of the sign bit.
 *
 * Results are written to the draft's known bits.
 */
import type { Draft } from './draft.ts';
import {
  addHigh,
  shiftLeftHigh,
  shiftLeftLow,
  shiftRightHigh,
  shiftRightLow,
  shiftSignedHigh,
  shiftSignedLow,
  subtractHigh,
} from './word.ts';

export interface KnownBits {
  readonly valueLow: number;
  readonly valueHigh: number;
  readonly maskLow: number;
  readonly maskHigh: number;
}

function setBits(
  to: Draft,
  valueLow: number,
  valueHigh: number,
  maskLow: number,
  maskHigh: number,
): void {
  to.valueLow = valueLow & ~maskLow;
  to.valueHigh = valueHigh & ~maskHigh;
  to.maskLow = maskLow;
  to.maskHigh = maskHigh;
}

export function addBits(to: Draft, a: KnownBits, b: KnownBits): void {
  const leastLow = (a.valueLow + b.valueLow) | 0;
  const leastHigh = addHigh(a.valueLow, a.valueHigh, b.valueLow, b.valueHigh);
  const freeLow = (a.maskLow + b.maskLow) | 0;
  const freeHigh = addHigh(a.maskLow, a.maskHigh, b.maskLow, b.maskHigh);
  const mostLow = (leastLow + freeLow) | 0;
  const mostHigh = addHigh(leastLow, leastHigh, freeLow, freeHigh);
  setBits(
    to,
    leastLow,
    leastHigh,
    (mostLow ^ leastLow) | a.maskLow | b.maskLow,
    (mostHigh ^ leastHigh) | a.maskHigh | b.maskHigh,
  );
}

export function subtractBits(to: Draft, a: KnownBits, b: KnownBits): void {
  const low = (a.valueLow - b.valueLow) | 0;
  const high = subtractHigh(a.valueLow, a.valueHigh, b.valueLow, b.valueHigh);
  const mostLow = (low + a.maskLow) | 0;
  const mostHigh = addHigh(low, high, a.maskLow, a.maskHigh);
  const leastLow = (low - b.maskLow) | 0;
  const leastHigh = subtractHigh(low, high, b.maskLow, b.maskHigh);
  setBits(
    to,
    low,
    high,
    (mostLow ^ leastLow) | a.maskLow | b.maskLow,
    (mostHigh ^ leastHigh) | a.maskHigh | b.maskHigh,
  );
}

export function andBits(to: Draft, a: KnownBits, b: KnownBits): void {
  const low = a.valueLow & b.valueLow;
  const high = a.valueHigh & b.valueHigh;
  setBits(
    to,
    low,
    high,
    (a.valueLow | a.maskLow) & (b.valueLow | b.maskLow) & ~low,
    (a.valueHigh | a.maskHigh) & (b.valueHigh | b.maskHigh) & ~high,
  );
}

export function orBits(to: Draft, a: KnownBits, b: KnownBits): void {
  const low = a.valueLow | b.valueLow;
  const high = a.valueHigh | b.valueHigh;
  setBits(to, low, high, (a.maskLow | b.maskLow) & ~low, (a.maskHigh | b.maskHigh) & ~high);
}

export function xorBits(to: Draft, a: KnownBits, b: KnownBits): void {
  setBits(
    to,
    a.valueLow ^ b.valueLow,
    a.valueHigh ^ b.valueHigh,
    a.maskLow | b.maskLow,
    a.maskHigh | b.maskHigh,
  );
}

/** `a` and `b` both hold. A contradiction is for the ranges to find: no bit of the result is wrong then. */
export function meetBits(to: Draft, a: KnownBits, b: KnownBits): void {
  setBits(
    to,
    a.valueLow | b.valueLow,
    a.valueHigh | b.valueHigh,
    a.maskLow & b.maskLow,
    a.maskHigh & b.maskHigh,
  );
}

/** `a` or `b` holds. */
export function joinBits(to: Draft, a: KnownBits, b: KnownBits): void {
  setBits(
    to,
    a.valueLow,
    a.valueHigh,
    a.maskLow | b.maskLow | (a.valueLow ^ b.valueLow),
    a.maskHigh | b.maskHigh | (a.valueHigh ^ b.valueHigh),
  );
}

/** Whether no word matches both. */
export function bitsDisjoint(a: KnownBits, b: KnownBits): boolean {
  return bitsDisjoint32(a, b) || ((a.valueHigh ^ b.valueHigh) & ~a.maskHigh & ~b.maskHigh) !== 0;
}

/** Whether no two words that match have the same low half. */
export function bitsDisjoint32(a: KnownBits, b: KnownBits): boolean {
  return ((a.valueLow ^ b.valueLow) & ~a.maskLow & ~b.maskLow) !== 0;
}

/** Whether every word that matches `inner` matches `outer`. */
export function bitsContain(outer: KnownBits, inner: KnownBits): boolean {
  return (
    (inner.maskLow & ~outer.maskLow) === 0 &&
    (inner.maskHigh & ~outer.maskHigh) === 0 &&
    (inner.valueLow & ~outer.maskLow) === outer.valueLow &&
    (inner.valueHigh & ~outer.maskHigh) === outer.valueHigh
  );
}

/**
 * The least 32-bit word, unsigned, that matches the known bits and is not below `word`. There must be one.
 */
export function ceiling(value: number, mask: number, word: number): number {
  const wrong = (word ^ value) & ~mask;
  if (wrong === 0) return word;
  const top = 31 - Math.clz32(wrong);
  const below = (2 << top) - 1;
  // The known bit is 1 where the word has 0: that alone puts it above; the rest below may be least.
  if (((value >>> top) & 1) === 1) return (word & ~below) | (value & below);
  // The known bit is 0: an unknown bit further up must be raised. Ones elsewhere let the carry through.
  const raised = ((word | ~mask | below) + 1) | 0;
  return (raised & mask & ~below) | value;
}

/** The high half of the least such word of 64 bits; the low half is that of `ceiling` when this one is the word's. */
export function ceilingHigh(
  valueLow: number,
  valueHigh: number,
  maskLow: number,
  maskHigh: number,
  low: number,
  high: number,
): number {
  const isFull = ((high ^ valueHigh) & ~maskHigh) === 0 && low >>> 0 > (valueLow | maskLow) >>> 0;
  return ceiling(valueHigh, maskHigh, isFull ? (high + 1) | 0 : high);
}

export function shiftBitsLeft(to: Draft, a: KnownBits, amount: number): void {
  setBits(
    to,
    shiftLeftLow(a.valueLow, amount),
    shiftLeftHigh(a.valueLow, a.valueHigh, amount),
    shiftLeftLow(a.maskLow, amount),
    shiftLeftHigh(a.maskLow, a.maskHigh, amount),
  );
}

export function shiftBitsRight(to: Draft, a: KnownBits, amount: number): void {
  setBits(
    to,
    shiftRightLow(a.valueLow, a.valueHigh, amount),
    shiftRightHigh(a.valueHigh, amount),
    shiftRightLow(a.maskLow, a.maskHigh, amount),
    shiftRightHigh(a.maskHigh, amount),
  );
}

export function shiftBitsSigned(to: Draft, a: KnownBits, amount: number): void {
  setBits(
    to,
    shiftSignedLow(a.valueLow, a.valueHigh, amount),
    shiftSignedHigh(a.valueHigh, amount),
    shiftSignedLow(a.maskLow, a.maskHigh, amount),
    shiftSignedHigh(a.maskHigh, amount),
  );
}

/**
 * Multiplies in the order given, then the other way round, and keeps what both know: neither order is
 * always the better one.
 */
export function multiplyBits(to: Draft, a: KnownBits, b: KnownBits): void {
  multiplyInOrder(to, a, b);
  const { valueLow, valueHigh, maskLow, maskHigh } = to;
  multiplyInOrder(to, b, a);
  meetBits(to, to, { valueLow, valueHigh, maskLow, maskHigh });
}

function multiplyInOrder(to: Draft, a: KnownBits, b: KnownBits): void {
  let { valueLow: aLow, valueHigh: aHigh, maskLow: aFreeLow, maskHigh: aFreeHigh } = a;
  let { valueLow: bLow, valueHigh: bHigh, maskLow: bFreeLow, maskHigh: bFreeHigh } = b;
  let low = 0;
  let high = 0;
  let freeLow = 0;
  let freeHigh = 0;
  while ((aLow | aHigh | aFreeLow | aFreeHigh) !== 0) {
    if (((aLow | aFreeLow) & 1) !== 0) {
      const sumLow = (low + bLow) | 0;
      const sumHigh = addHigh(low, high, bLow, bHigh);
      const masksLow = (freeLow + bFreeLow) | 0;
      const masksHigh = addHigh(freeLow, freeHigh, bFreeLow, bFreeHigh);
      const mostLow = (sumLow + masksLow) | 0;
      const mostHigh = addHigh(sumLow, sumHigh, masksLow, masksHigh);
      // An unknown bit: also the sum as it was.
      const joined = aFreeLow & 1 ? -1 : 0;
      const newLow = freeLow | bFreeLow | (mostLow ^ sumLow) | ((sumLow ^ low) & joined);
      const newHigh = freeHigh | bFreeHigh | (mostHigh ^ sumHigh) | ((sumHigh ^ high) & joined);
      freeLow = newLow;
      freeHigh = newHigh;
      low = sumLow & ~newLow;
      high = sumHigh & ~newHigh;
    }
    aLow = (aLow >>> 1) | (aHigh << 31);
    aHigh = (aHigh >>> 1) | 0;
    aFreeLow = (aFreeLow >>> 1) | (aFreeHigh << 31);
    aFreeHigh = (aFreeHigh >>> 1) | 0;
    bHigh = (bHigh << 1) | (bLow >>> 31);
    bLow <<= 1;
    bFreeHigh = (bFreeHigh << 1) | (bFreeLow >>> 31);
    bFreeLow <<= 1;
  }
  setBits(to, low, high, freeLow, freeHigh);
}
