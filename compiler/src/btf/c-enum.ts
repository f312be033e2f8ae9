import type { BtfEnum } from './types.ts';

/** Size that a C compiler chooses for an enum on its own. */
function naturalEnumSize(type: BtfEnum): number {
  const isNegative = type.values.some((each) => each.value < 0n);
  const most = isNegative ? 0x7fffffffn : 0xffffffffn;
  return type.values.every((each) => each.value >= -0x80000000n && each.value <= most) ? 4 : 8;
}

/** Enums without values or with values that do not fit their size are no C enums. */
export function isWritableEnum(type: BtfEnum): boolean {
  const bits = type.size * 8;
  return (
    type.values.length > 0 &&
    type.values.every((each) => each.name !== '') &&
    type.values.every(
      ({ value }) => BigInt.asIntN(bits, value) === value || BigInt.asUintN(bits, value) === value,
    )
  );
}

/** The machine mode that gives an enum its size, when C would choose another. */
export function enumMode(type: BtfEnum): string | undefined {
  if (naturalEnumSize(type) === type.size) return undefined;
  const modes: Readonly<Record<number, string>> = { 1: 'QI', 2: 'HI', 4: 'SI', 8: 'DI' };
  return modes[type.size];
}
