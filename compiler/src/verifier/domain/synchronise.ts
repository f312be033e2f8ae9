/**
 * Makes the parts of a draft agree: known bits, and the four ranges, each deduced from the others.
 *
 * Soundness. A draft stands for the set of 64-bit words that are in every one of its parts: the word
 * matches the known bits, lies in the unsigned and in the signed range, and its low half lies in the
 * two 32-bit ranges. Every step here replaces one part by a smaller one and must keep that set as it
 * is: the step may only drop words that another part excludes. Each comment below is the reason for
 * its step. When a part becomes empty the set is empty: no value is possible here.
 */
import type { Draft } from './draft.ts';
import { ceiling, ceilingHigh } from './tnum.ts';
import {
  below,
  below32,
  INT32_MAXIMUM,
  INT32_MINIMUM,
  larger32,
  less,
  smaller32,
  spread,
} from './word.ts';

/** Each round that changes anything narrows a part; more rounds than this gain nothing seen yet. */
const MOST_ROUNDS = 8;

/** Returns false when no value is left; the draft is then of no use. */
export function synchronise(d: Draft): boolean {
  raiseUnsigned(d, d.valueLow, d.valueHigh);
  lowerUnsigned(d, d.valueLow | d.maskLow, d.valueHigh | d.maskHigh);
  if (d.sminHigh >= 0) {
    // Not negative: signed and unsigned order are one.
    raiseUnsigned(d, d.sminLow, d.sminHigh);
    lowerUnsigned(d, d.smaxLow, d.smaxHigh);
  }
  if (d.umaxHigh === 0) return synchroniseLow(d);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    // Each of the first two steps is complete in itself: done again, it finds nothing. So when the others
    // find nothing, all are done.
    deduceWhole(d);
    deduceLow(d);
    d.changed = false;
    deduceWholeFromLow(d);
    if (isEmpty(d) || !deduceBits(d)) return false;
    if (d.changed) continue;
    if (!findSingle(d)) return false;
    if (!d.changed) break;
  }
  return true;
}

function raiseUnsigned(d: Draft, low: number, high: number): void {
  if (!below(d.uminLow, d.uminHigh, low, high)) return;
  d.uminLow = low;
  d.uminHigh = high;
  d.changed = true;
}

function lowerUnsigned(d: Draft, low: number, high: number): void {
  if (!below(low, high, d.umaxLow, d.umaxHigh)) return;
  d.umaxLow = low;
  d.umaxHigh = high;
  d.changed = true;
}

function raiseSigned(d: Draft, low: number, high: number): void {
  if (!less(d.sminLow, d.sminHigh, low, high)) return;
  d.sminLow = low;
  d.sminHigh = high;
  d.changed = true;
}

function lowerSigned(d: Draft, low: number, high: number): void {
  if (!less(low, high, d.smaxLow, d.smaxHigh)) return;
  d.smaxLow = low;
  d.smaxHigh = high;
  d.changed = true;
}

function isEmpty(d: Draft): boolean {
  return (
    below32(d.umax32, d.umin32) ||
    d.smax32 < d.smin32 ||
    below(d.umaxLow, d.umaxHigh, d.uminLow, d.uminHigh) ||
    less(d.smaxLow, d.smaxHigh, d.sminLow, d.sminHigh)
  );
}

/** The 32-bit ranges, from the known bits, the whole ranges, and each other. */
function deduceLow(d: Draft): void {
  const least = d.valueLow;
  const most = d.valueLow | d.maskLow;
  let umin = larger32(d.umin32, least);
  let umax = smaller32(d.umax32, most);
  // An unknown sign bit is 1 in the least and 0 in the most signed value.
  let smin = Math.max(d.smin32, least | (d.maskLow & INT32_MINIMUM));
  let smax = Math.min(d.smax32, most & ~(d.maskLow & INT32_MINIMUM));
  if (d.uminHigh === d.umaxHigh) {
    // The high half is fixed, so the low half runs through the range.
    umin = larger32(umin, d.uminLow);
    umax = smaller32(umax, d.umaxLow);
  } else if (d.umaxHigh === ((d.uminHigh + 1) | 0) && d.uminLow < 0 && d.umaxLow >= 0) {
    // From a negative low half up through -1 and 0 to a positive one.
    smin = Math.max(smin, d.uminLow);
    smax = Math.min(smax, d.umaxLow);
  }
  if (d.sminHigh === d.smaxHigh) {
    umin = larger32(umin, d.sminLow);
    umax = smaller32(umax, d.smaxLow);
  } else if (d.smaxHigh === d.sminHigh + 1 && d.sminLow < 0 && d.smaxLow >= 0) {
    smin = Math.max(smin, d.sminLow);
    smax = Math.min(smax, d.smaxLow);
  }
  if ((smin ^ smax) >= 0) {
    // One sign throughout: signed and unsigned order agree.
    umin = larger32(umin, smin);
    umax = smaller32(umax, smax);
  } else if (below32(umax, smin)) {
    // As unsigned values the signed range is 0..smax and smin..2^32-1; the second is out of reach.
    umax = smaller32(umax, smax);
    smin = 0;
  } else if (below32(smax, umin)) {
    umin = larger32(umin, smin);
    smax = -1;
  }
  if ((umin ^ umax) >= 0) {
    smin = Math.max(smin, umin);
    smax = Math.min(smax, umax);
  }
  d.umin32 = umin;
  d.umax32 = umax;
  d.smin32 = smin;
  d.smax32 = smax;
}

/** The 64-bit ranges, from the known bits and each other. */
function deduceWhole(d: Draft): void {
  const leastHigh = d.valueHigh;
  const mostLow = d.valueLow | d.maskLow;
  const mostHigh = d.valueHigh | d.maskHigh;
  raiseUnsigned(d, d.valueLow, leastHigh);
  lowerUnsigned(d, mostLow, mostHigh);
  raiseSigned(d, d.valueLow, leastHigh | (d.maskHigh & INT32_MINIMUM));
  lowerSigned(d, mostLow, mostHigh & ~(d.maskHigh & INT32_MINIMUM));
  if ((d.sminHigh ^ d.smaxHigh) >= 0) {
    raiseUnsigned(d, d.sminLow, d.sminHigh);
    lowerUnsigned(d, d.smaxLow, d.smaxHigh);
  } else if (below(d.umaxLow, d.umaxHigh, d.sminLow, d.sminHigh)) {
    // As for 32 bits: the negative part of the signed range is out of reach.
    lowerUnsigned(d, d.smaxLow, d.smaxHigh);
    raiseSigned(d, 0, 0);
  } else if (below(d.smaxLow, d.smaxHigh, d.uminLow, d.uminHigh)) {
    raiseUnsigned(d, d.sminLow, d.sminHigh);
    lowerSigned(d, -1, -1);
  }
  if ((d.uminHigh ^ d.umaxHigh) >= 0) {
    raiseSigned(d, d.uminLow, d.uminHigh);
    lowerSigned(d, d.umaxLow, d.umaxHigh);
  }
}

/** The 64-bit ranges, from the 32-bit ranges. */
function deduceWholeFromLow(d: Draft): void {
  const { umin32, umax32 } = d;
  // A bound whose low half is out of the unsigned 32-bit range moves to the next word that is in it. When
  // there is none, the bound stays: the set is empty, and another step finds that out.
  if (below32(d.uminLow, umin32)) raiseUnsigned(d, umin32, d.uminHigh);
  else if (below32(umax32, d.uminLow) && d.uminHigh !== -1) {
    raiseUnsigned(d, umin32, (d.uminHigh + 1) | 0);
  }
  if (below32(umax32, d.umaxLow)) lowerUnsigned(d, umax32, d.umaxHigh);
  else if (below32(d.umaxLow, umin32) && d.umaxHigh !== 0) {
    lowerUnsigned(d, umax32, (d.umaxHigh - 1) | 0);
  }
  if (below32(d.sminLow, umin32)) raiseSigned(d, umin32, d.sminHigh);
  else if (below32(umax32, d.sminLow) && d.sminHigh !== INT32_MAXIMUM) {
    raiseSigned(d, umin32, d.sminHigh + 1);
  }
  if (below32(umax32, d.smaxLow)) lowerSigned(d, umax32, d.smaxHigh);
  else if (below32(d.smaxLow, umin32) && d.smaxHigh !== INT32_MINIMUM) {
    lowerSigned(d, umax32, d.smaxHigh - 1);
  }
  if (d.sminHigh === d.sminLow >> 31 && d.smaxHigh === d.smaxLow >> 31) {
    // Every word is its own low half, sign-extended.
    raiseSigned(d, d.smin32, d.smin32 >> 31);
    lowerSigned(d, d.smax32, d.smax32 >> 31);
  }
}

/** The known bits, from the unsigned ranges. False when they contradict what is known. */
function deduceBits(d: Draft): boolean {
  // Bits above the highest one in which the two ends of a range differ are fixed.
  const highDiffers = d.uminHigh ^ d.umaxHigh;
  const highFree = spread(highDiffers);
  const lowFree = highDiffers === 0 ? spread(d.uminLow ^ d.umaxLow) : -1;
  const lowFree32 = spread(d.umin32 ^ d.umax32);
  if (
    ((d.valueHigh ^ d.uminHigh) & ~d.maskHigh & ~highFree) !== 0 ||
    ((d.valueLow ^ d.uminLow) & ~d.maskLow & ~lowFree) !== 0 ||
    ((d.valueLow ^ d.umin32) & ~d.maskLow & ~lowFree32) !== 0 ||
    ((d.uminLow ^ d.umin32) & ~lowFree & ~lowFree32) !== 0
  ) {
    return false;
  }
  const maskHigh = d.maskHigh & highFree;
  const maskLow = d.maskLow & lowFree & lowFree32;
  if (maskHigh === d.maskHigh && maskLow === d.maskLow) return true;
  d.valueHigh |= d.uminHigh & ~highFree;
  d.valueLow |= (d.uminLow & ~lowFree) | (d.umin32 & ~lowFree32);
  d.maskHigh = maskHigh;
  d.maskLow = maskLow;
  d.changed = true;
  return true;
}

/**
 * The known bits leave gaps in the unsigned range. When one value of the range matches them, it is the one;
 * when none does, false.
 */
function findSingle(d: Draft): boolean {
  const { valueLow, valueHigh, maskLow, maskHigh } = d;
  // Unknown bits below known ones only: no gaps.
  const downmost = maskHigh === 0 ? maskLow : maskLow === -1 ? maskHigh : 1 << 31;
  if ((downmost & (downmost + 1)) === 0) return true;
  const { uminLow, uminHigh, umaxLow, umaxHigh } = d;
  const firstHigh = ceilingHigh(valueLow, valueHigh, maskLow, maskHigh, uminLow, uminHigh);
  const firstLow = firstHigh === uminHigh ? ceiling(valueLow, maskLow, uminLow) : valueLow;
  // The last is the first in the reverse order: that of the complements.
  const aLow = ~(valueLow | maskLow);
  const aHigh = ~(valueHigh | maskHigh);
  const lastHigh = ~ceilingHigh(aLow, aHigh, maskLow, maskHigh, ~umaxLow, ~umaxHigh);
  const lastLow = lastHigh === umaxHigh ? ~ceiling(aLow, maskLow, ~umaxLow) : valueLow | maskLow;
  if (firstHigh !== lastHigh || firstLow !== lastLow) {
    return below(firstLow, firstHigh, lastLow, lastHigh);
  }
  d.valueLow = firstLow;
  d.valueHigh = firstHigh;
  d.maskLow = 0;
  d.maskHigh = 0;
  d.changed = true;
  return true;
}

/**
 * The same for values below 2^32, which are most values of most programs: the four ranges are then
 * two, as the 64-bit ones and the unsigned 32-bit one are the same.
 */
function synchroniseLow(d: Draft): boolean {
  if (d.uminHigh !== 0 || d.smaxHigh < 0 || d.sminHigh > 0) return false;
  let value = d.valueLow;
  let mask = d.maskLow;
  let minimum = larger32(d.uminLow, d.umin32) >>> 0;
  let maximum = smaller32(d.umaxLow, d.umax32) >>> 0;
  if (d.smaxHigh === 0) maximum = Math.min(maximum, d.smaxLow >>> 0);
  if (d.sminHigh === 0) minimum = Math.max(minimum, d.sminLow >>> 0);
  let { smin32, smax32 } = d;
  for (;;) {
    if (minimum > maximum || smin32 > smax32) return false;
    const from = minimum | 0;
    const to = maximum | 0;
    if ((from ^ to) >= 0) {
      if (from > smin32) smin32 = from;
      if (to < smax32) smax32 = to;
    }
    if ((smin32 ^ smax32) >= 0) {
      if (smin32 >>> 0 > minimum) minimum = smin32 >>> 0;
      if (smax32 >>> 0 < maximum) maximum = smax32 >>> 0;
    } else if (maximum < smin32 >>> 0) {
      maximum = Math.min(maximum, smax32);
      smin32 = 0;
    } else if (minimum > smax32) {
      minimum = Math.max(minimum, smin32 >>> 0);
      smax32 = -1;
    }
    if (minimum > maximum) return false;

    const free = spread((minimum ^ maximum) | 0);
    if (((value ^ minimum) & ~mask & ~free) !== 0) return false;
    mask &= free;
    value = (value | (minimum & ~free)) & ~mask;

    const least = value >>> 0;
    const most = (value | mask) >>> 0;
    const signedLeast = value | (mask & INT32_MINIMUM);
    const signedMost = (value | mask) & ~(mask & INT32_MINIMUM);
    let changed = minimum !== from >>> 0 || maximum !== to >>> 0;
    if (least > minimum) {
      minimum = least;
      changed = true;
    }
    if (most < maximum) {
      maximum = most;
      changed = true;
    }
    if (signedLeast > smin32) {
      smin32 = signedLeast;
      changed = true;
    }
    if (signedMost < smax32) {
      smax32 = signedMost;
      changed = true;
    }
    if (minimum > maximum) return false;
    if ((mask & (mask + 1)) !== 0) {
      // As in `findSingle`.
      const first = ceiling(value, mask, minimum | 0);
      const last = ~ceiling(~(value | mask), mask, ~maximum);
      if (below32(last, first)) return false;
      if (first === last) {
        minimum = first >>> 0;
        maximum = minimum;
        changed = true;
      }
    }
    if (!changed) break;
  }
  d.valueLow = value;
  d.maskLow = mask;
  d.smin32 = smin32;
  d.smax32 = smax32;
  d.umin32 = minimum | 0;
  d.umax32 = maximum | 0;
  d.zeroExtend();
  return true;
}
