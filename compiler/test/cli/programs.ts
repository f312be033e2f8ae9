import { writeElf } from '../object/write-elf.ts';

/** Instructions by hand: what no compiler writes. */
export const asm = {
  /** `goto -1` */
  jumpToSelf: [0x05, 0, 0xff, 0xff, 0, 0, 0, 0],
  /** `r1 = 16`, `r0 = *(u64 *)(r1 + 0)`: no process has anything there. */
  loadFromNull: [0xb7, 1, 0, 0, 16, 0, 0, 0, 0x79, 0x10, 0, 0, 0, 0, 0, 0],
  exit: [0x95, 0, 0, 0, 0, 0, 0, 0],
} as const;

const PROGBITS = 1;
const ALLOCATED_CODE = 6;

/** An object with one program of these bytes, in SEC("raw"). */
export function bytecode(code: readonly number[]): Uint8Array {
  const data = Uint8Array.from(code);
  return writeElf(
    [{ name: 'raw', type: PROGBITS, flags: ALLOCATED_CODE, data }],
    [{ name: 'entry', section: 0, value: 0, size: data.length, type: 2, binding: 1 }],
  );
}
