/** What a value may be, in words that need no knowledge of the proof: predicates of a sentence. */
import type { BpfObject } from '../../../object/index.ts';
import { bounds, type Scalar, trailingZeroes } from '../../domain/index.ts';
import type { ContextLayout } from '../../types.ts';
import type { PointerValue, Value } from '../value.ts';
import { memberPath } from './variables.ts';

const LONG_MAXIMUM = (1n << 63n) - 1n;
const LONG_MINIMUM = -(1n << 63n);
const UNSIGNED_MAXIMUM = (1n << 64n) - 1n;
const INT_MAXIMUM = (1n << 31n) - 1n;
const INT_MINIMUM = -(1n << 31n);
const UNSIGNED_INT_MAXIMUM = (1n << 32n) - 1n;

/** Words for numbers that people know by another notation. */
const LARGE = 1n << 16n;

/** A number; large ones next to a power of two get that, too: `4294967295 (2^32 - 1)`. */
export function numberWords(value: bigint): string {
  const size = value < 0n ? -value : value;
  if (size <= LARGE) return `${value}`;
  const sign = value < 0n ? '-' : '';
  for (const [distance, text] of [
    [0n, ''],
    [1n, ' - 1'],
    [-1n, ' + 1'],
  ] as const) {
    const power = size + distance;
    if ((power & (power - 1n)) !== 0n) continue;
    const exponent = power.toString(2).length - 1;
    return sign !== '' && text !== '' ? `${value}` : `${value} (${sign}2^${exponent}${text})`;
  }
  return `${value}`;
}

/** What a value is: "is between 0 and 255", "points to offset 4 of a value of map `m` (8 bytes)". */
export function valueWords(
  object: BpfObject,
  layout: ContextLayout | undefined,
  value: Value,
): string {
  switch (value.kind) {
    case 'uninitialised':
      return 'holds nothing on this path';
    case 'scalar':
      return scalarWords(value.range);
    case 'pointer': {
      const words = pointerWords(object, layout, value);
      return value.nullable ? `may be null, and otherwise ${words}` : words;
    }
  }
}

/** What an integer may be. */
export function scalarWords(range: Scalar): string {
  if (range.isConstant) {
    const constant = BigInt.asIntN(64, range.constantValue!);
    return `is ${numberWords(constant)}`;
  }
  const words = rangeWords(range);
  const zeroes = trailingZeroes(range);
  const multiple = zeroes > 0 && zeroes < 32 ? `a multiple of ${2 ** zeroes}` : '';
  if (words === '')
    return multiple === '' ? 'can be any number' : `can be any number that is ${multiple}`;
  return multiple === '' ? words : `${words}, and ${multiple}`;
}

/** The narrower of what is known as signed and as unsigned; empty when nothing is known. */
function rangeWords(range: Scalar): string {
  const { smin, smax, umin, umax, smin32, smax32, umin32, umax32 } = bounds(range);
  const isSigned = smin !== LONG_MINIMUM || smax !== LONG_MAXIMUM;
  const isUnsigned = umin !== 0n || umax !== UNSIGNED_MAXIMUM;
  if (isSigned && (!isUnsigned || smax - smin < umax - umin)) {
    if (smin === LONG_MINIMUM) {
      return `is at most ${numberWords(smax)} and may be negative, since nothing bounds it below`;
    }
    if (smax === LONG_MAXIMUM) {
      return `is at least ${numberWords(smin)}, and has no upper bound`;
    }
    return between(smin, smax);
  }
  if (isUnsigned) {
    // An int in 64 bits: what is known of it as an int may say more.
    const fits = umax <= UNSIGNED_INT_MAXIMUM && umax > INT_MAXIMUM;
    if (fits && smax32 - smin32 < umax - umin && smin32 < 0n) {
      return smin32 === INT_MINIMUM
        ? `is an int that is at most ${numberWords(smax32)} and may be negative`
        : `is an int between ${numberWords(smin32)} and ${numberWords(smax32)}`;
    }
    if (umax === LONG_MAXIMUM) {
      return umin === 0n
        ? 'is not negative, and has no upper bound'
        : `is at least ${numberWords(umin)}, and has no upper bound`;
    }
    const suffix = umax > LONG_MAXIMUM ? ' as an unsigned number' : '';
    if (umax === UNSIGNED_MAXIMUM) {
      return umin === 1n
        ? 'is any number but 0'
        : `is at least ${numberWords(umin)}${suffix}, and has no upper bound`;
    }
    return `${between(umin, umax)}${suffix}`;
  }
  if (smin32 !== INT_MINIMUM || smax32 !== INT_MAXIMUM) {
    return `has low 32 bits that are, as an int, ${boundsOf(smin32, smax32)}, and any upper bits`;
  }
  if (umin32 !== 0n || umax32 !== UNSIGNED_INT_MAXIMUM) {
    return `has low 32 bits that are ${boundsOf(umin32, umax32)}, and any upper bits`;
  }
  return '';
}

function between(least: bigint, most: bigint): string {
  if (least === INT_MINIMUM && most === INT_MAXIMUM) return 'can be any int';
  if (least === 0n && most === UNSIGNED_INT_MAXIMUM) return 'can be any 32-bit unsigned number';
  return `is ${boundsOf(least, most)}`;
}

function boundsOf(least: bigint, most: bigint): string {
  if (most - least === 1n) return `${numberWords(least)} or ${numberWords(most)}`;
  return `between ${numberWords(least)} and ${numberWords(most)}`;
}

/** Offsets that a pointer may have from its target's start; undefined when they are not bounded. */
function offsetsOf({
  offset,
  variable,
}: PointerValue): { readonly least: number; readonly most: number } | undefined {
  const least = variable.signedMinimum;
  const most = variable.signedMaximum;
  const limit = 2 ** 32;
  if (least < -limit || most > limit) return undefined;
  return { least: offset + least, most: offset + most };
}

function pointerWords(
  object: BpfObject,
  layout: ContextLayout | undefined,
  pointer: PointerValue,
): string {
  const { target } = pointer;
  switch (target.kind) {
    case 'stack':
      return stackWords(pointer);
    case 'context': {
      const name = layout === undefined ? 'the context' : `the context (${layout.name})`;
      return `points to ${placeIn(pointer, name)}`;
    }
    case 'map':
      return `is the map \`${target.map.name}\``;
    case 'map_value': {
      const { name, valueSize, valueType } = target.map;
      const member = memberAt(object, pointer, valueType);
      return `points to ${member}${placeIn(pointer, `a value of map \`${name}\` (${bytes(valueSize)})`)}`;
    }
    case 'map_key':
      return `points to ${placeIn(pointer, `a key of map \`${target.map.name}\` (${bytes(target.map.keySize)})`)}`;
    case 'packet':
    case 'packet_meta':
      return packetWords(layout, pointer);
    case 'packet_end':
      return layout?.memoryWithLength
        ? "is the end of the program's memory"
        : 'is the end of the packet (data_end)';
    case 'data':
      return `points to ${dataWords(object, pointer, target.section)}`;
    case 'memory': {
      const article = /^[aeiou]/.test(target.name) ? 'an' : 'a';
      const what = `${article} ${target.name} of ${bytes(target.size)}`;
      return `points to ${placeIn(pointer, what)}${target.writable ? '' : ', which is read-only'}`;
    }
    case 'function':
      return `is the function \`${object.functions[target.function]?.name ?? ''}\``;
    case 'dynptr':
      return `is a dynptr (${target.name})`;
  }
}

/** "offset 4 of WHAT", "WHAT" for its start, "offsets 0 to 28 of WHAT". */
function placeIn(pointer: PointerValue, what: string): string {
  const offsets = offsetsOf(pointer);
  if (offsets === undefined) {
    return `some offset of ${what} that nothing bounds (it ${scalarWords(pointer.variable)})`;
  }
  const { least, most } = offsets;
  if (least === most) return least === 0 ? what : `offset ${least} of ${what}`;
  return `any of the offsets ${least} to ${most} of ${what}`;
}

function stackWords(pointer: PointerValue): string {
  const offsets = offsetsOf(pointer);
  if (offsets === undefined) return 'points into the stack, at an offset that nothing bounds';
  const { least, most } = offsets;
  return least === most
    ? `points to offset ${least} from the top of the stack frame`
    : `points to any of the offsets ${least} to ${most} from the top of the stack frame`;
}

function packetWords(layout: ContextLayout | undefined, pointer: PointerValue): string {
  const what = layout?.memoryWithLength
    ? "the program's memory"
    : pointer.target.kind === 'packet_meta'
      ? "the packet's metadata"
      : 'the packet';
  const place = `points to ${placeIn(pointer, what)}`;
  if (pointer.range < 0) return `${place}, which is at or beyond the end`;
  const known = Math.max(0, pointer.range - pointer.offset);
  if (known === 0) return `${place}, and no byte from there on is proved to be inside`;
  return `${place}, and ${bytes(known)} from there on ${known === 1 ? 'is' : 'are'} proved to be inside`;
}

function dataWords(object: BpfObject, pointer: PointerValue, section: number): string {
  const data = object.data[section];
  const offsets = offsetsOf(pointer);
  // The constant part says which variable is meant.
  const variable = data?.variables.findLast(({ offset }) => offset <= pointer.offset);
  if (data === undefined) return 'global data';
  if (variable === undefined || pointer.offset >= variable.offset + variable.size) {
    return placeIn(pointer, `the section ${data.name} (${bytes(data.size)})`);
  }
  const what = `\`${variable.name}\` (${bytes(variable.size)})`;
  if (offsets === undefined) return placeIn(pointer, what);
  return placeIn(pointer.with({ offset: pointer.offset - variable.offset }), what);
}

/** "`count`, at " when the pointer points to the start of one member. */
function memberAt(object: BpfObject, pointer: PointerValue, type: number | undefined): string {
  const { btf } = object;
  const offsets = offsetsOf(pointer);
  if (btf === undefined || type === undefined || offsets === undefined) return '';
  if (offsets.least !== offsets.most || offsets.least <= 0) return '';
  for (const size of [8, 4, 2, 1]) {
    const path = memberPath(btf, type, offsets.least, size);
    if (path !== undefined) return `\`${path}\`, `;
  }
  return '';
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}
