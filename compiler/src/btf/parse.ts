import { readRecords } from './records.ts';
import { checkReferences, measure } from './references.ts';
import { BtfTable } from './table.ts';
import type { Btf } from './types.ts';

/**
 * Parses and checks the bytes of a .BTF section or of a raw BTF file. Throws a `Failure` that says
 * which type is wrong. The result keeps a view of `bytes`, which must not change afterwards.
 */
export function parseBtf(bytes: Uint8Array, file: string): Btf {
  const records = readRecords(bytes, file);
  checkReferences(records);
  return new BtfTable(records, measure(records));
}
