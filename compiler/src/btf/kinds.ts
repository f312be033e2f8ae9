import type { BtfKind } from './types.ts';

/** Kind numbers of the format are positions here. */
export const KIND_NAMES: readonly BtfKind[] = [
  'void',
  'int',
  'pointer',
  'array',
  'struct',
  'union',
  'enum',
  'forward',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'function',
  'function_prototype',
  'variable',
  'data_section',
  'float',
  'declaration_tag',
  'type_tag',
  'enum64',
];

export const KIND_VOID = 0;
export const KIND_INT = 1;
export const KIND_POINTER = 2;
export const KIND_ARRAY = 3;
export const KIND_STRUCT = 4;
export const KIND_UNION = 5;
export const KIND_ENUM = 6;
export const KIND_FORWARD = 7;
export const KIND_TYPEDEF = 8;
export const KIND_VOLATILE = 9;
export const KIND_CONST = 10;
export const KIND_RESTRICT = 11;
export const KIND_FUNCTION = 12;
export const KIND_FUNCTION_PROTOTYPE = 13;
export const KIND_VARIABLE = 14;
export const KIND_DATA_SECTION = 15;
export const KIND_FLOAT = 16;
export const KIND_DECLARATION_TAG = 17;
export const KIND_TYPE_TAG = 18;
export const KIND_ENUM64 = 19;

/** Bytes of the part that every type record begins with: name, info, size or type. */
export const RECORD_SIZE = 12;

/** Bytes that follow the common part once (int, array, variable, declaration tag), by kind. */
const FIXED_EXTRA: readonly number[] = [
  0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0,
];

/** Bytes of each of the `vlen` entries that follow the common part, by kind; 0 when it has none. */
const ENTRY_SIZE: readonly number[] = [
  0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12,
];

/** Bytes of a whole type record. */
export function recordLength(kind: number, entries: number): number {
  return RECORD_SIZE + FIXED_EXTRA[kind]! + ENTRY_SIZE[kind]! * entries;
}

/** Whether `vlen` counts entries of the kind. */
export function hasEntries(kind: number): boolean {
  return ENTRY_SIZE[kind]! !== 0;
}

/** const, volatile, restrict and type tags: they change how a type may be used, not its layout. */
export function isModifier(kind: number): boolean {
  return (
    kind === KIND_VOLATILE ||
    kind === KIND_CONST ||
    kind === KIND_RESTRICT ||
    kind === KIND_TYPE_TAG
  );
}

/** Kinds that are only names for another type's layout. */
export function isAlias(kind: number): boolean {
  return kind === KIND_TYPEDEF || isModifier(kind);
}
