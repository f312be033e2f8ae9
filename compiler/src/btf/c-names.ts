import type { BtfInt, BtfType } from './types.ts';

/** Words that C or its usual headers keep for themselves. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline ' +
    'int long register restrict return short signed sizeof static struct switch typedef union ' +
    'unsigned void volatile while asm typeof bool true false nullptr constexpr static_assert ' +
    'alignas alignof thread_local linux unix __builtin_va_list'
  ).split(' '),
);

/** A name as C can spell it: other characters become underscores, words of the language get one. */
export function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return RESERVED.has(name) ? `${name}_` : name;
  const clean = name.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[0-9]/.test(clean) || clean === '' ? `_${clean}` : clean;
}

/** Spellings of the integer types with their sizes on 64-bit Linux. */
const INTEGERS: ReadonlyMap<string, number> = new Map([
  ['char', 1],
  ['signed char', 1],
  ['unsigned char', 1],
  ['short', 2],
  ['short int', 2],
  ['unsigned short', 2],
  ['short unsigned int', 2],
  ['int', 4],
  ['unsigned int', 4],
  ['long', 8],
  ['long int', 8],
  ['unsigned long', 8],
  ['long unsigned int', 8],
  ['long long', 8],
  ['long long int', 8],
  ['unsigned long long', 8],
  ['long long unsigned int', 8],
  ['__int128', 16],
  ['unsigned __int128', 16],
]);

/** An integer type of a size: what stands for integers that C does not know by name. */
export function integerOfSize(size: number, signed: boolean): string {
  const names: Readonly<Record<number, string>> = {
    1: 'char',
    2: 'short',
    4: 'int',
    8: 'long long',
    16: '__int128',
  };
  const name = names[size] ?? 'int';
  if (size === 1 && signed) return 'signed char';
  return signed ? name : `unsigned ${name}`;
}

/** C spelling of an integer type; what its name says counts only when C agrees on the size. */
export function integerToC(type: BtfInt): string {
  if (type.boolean && type.size === 1) return '_Bool';
  const isKnown = INTEGERS.get(type.name) === type.size;
  return isKnown ? type.name : integerOfSize(type.size, type.signed);
}

/** C spelling of a floating-point type. */
export function floatToC(type: Extract<BtfType, { kind: 'float' }>): string {
  const names: Readonly<Record<number, string>> = {
    2: '_Float16',
    4: 'float',
    8: 'double',
    16: 'long double',
  };
  // The x87 format of 32-bit CPUs has no name elsewhere; its bytes have.
  return names[type.size] ?? 'struct { unsigned int word[3]; }';
}

/** An enumerator's value as a constant expression of the right type. */
export function constantToC(value: bigint): string {
  if (value > 0x7fffffffffffffffn) return `${value}ULL`;
  if (value > 0xffffffffn) return `${value}LL`;
  if (value > 0x7fffffffn) return `${value}U`;
  if (value === -0x8000000000000000n) return '(-9223372036854775807LL - 1)';
  if (value === -0x80000000n) return '(-2147483647 - 1)';
  return value < -0x80000000n ? `${value}LL` : `${value}`;
}
