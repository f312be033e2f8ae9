/** Loads from data that nobody writes. */
import type { BpfObject } from '../../object/index.ts';
import type { PointerType, ScalarType } from '../types.ts';
import { constant } from './integer.ts';

/** The constant at a place of read-only data; undefined when it may change before the program runs. */
export function loadData(
  object: BpfObject,
  address: PointerType,
  load: { readonly offset: number; readonly size: number; readonly signed: boolean },
): ScalarType | undefined {
  if (address.region.kind !== 'data' || address.nullable) return undefined;
  if (address.minimum === undefined || address.minimum !== address.maximum) return undefined;
  const section = object.data[address.region.section]!;
  if (section.kind !== 'rodata' && section.kind !== 'kconfig') return undefined;
  const low = address.minimum + load.offset;
  const high = low + load.size;
  if (low < 0 || high > section.bytes.length) return undefined;
  // User space may set `const volatile` variables before the program starts; without a variable
  // there, nobody promises anything.
  const constantHere =
    section.kind === 'kconfig' ||
    section.variables.some(
      (variable) =>
        !variable.volatile &&
        variable.type !== undefined &&
        low >= variable.offset &&
        high <= variable.offset + variable.size,
    );
  if (!constantHere) return undefined;
  let value = 0n;
  for (let at = high - 1; at >= low; at--) value = (value << 8n) | BigInt(section.bytes[at]!);
  return constant(load.signed ? BigInt.asIntN(8 * load.size, value) : value);
}
