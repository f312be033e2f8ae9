import { describe, refuseRelocation } from './core-spec.ts';
import type { Btf, CorePatch, CoreRelocation, CoreResolution } from './types.ts';

const CLASS_MASK = 0x07;
const CLASS_LD = 0x00;
const CLASS_LDX = 0x01;
const CLASS_ST = 0x02;
const CLASS_STX = 0x03;
const CLASS_ALU = 0x04;
const CLASS_ALU64 = 0x07;
const SOURCE_REGISTER = 0x08;
const SIZE_MASK = 0x18;
const MODE_MASK = 0xe0;
const MODE_MEMORY = 0x60;
const LOAD_CONSTANT = 0x18;
/** Code of the size field by bytes. */
const SIZE_CODES: ReadonlyMap<number, number> = new Map([
  [4, 0x00],
  [2, 0x08],
  [1, 0x10],
  [8, 0x18],
]);

type Value = Extract<CoreResolution, { kind: 'value' }>;

/**
 * Applies a resolved relocation to its instruction. `instruction` holds at least the 8 bytes of the
 * instruction, 16 where it loads a 64-bit constant; the result has as many as the instruction. Throws
 * a `Failure` when the instruction is none that such a relocation can be on, or holds another value
 * than the object's own BTF says.
 */
export function patchCoreInstruction(
  instruction: Uint8Array,
  resolution: Extract<CoreResolution, { kind: 'value' | 'poison' }>,
  local: Btf,
  relocation: CoreRelocation,
): CorePatch {
  const refuse = (message: string, code = 'BPF-B022'): never =>
    refuseRelocation(local, relocation, message, code);
  if (instruction.length < 8) return refuse('it is on no whole instruction');
  if (resolution.kind === 'poison') return { kind: 'poison', reason: resolution.reason };
  const code = instruction[0]!;
  switch (code & CLASS_MASK) {
    case CLASS_ALU:
    case CLASS_ALU64:
      return patchImmediate(instruction, resolution, refuse);
    case CLASS_LDX:
    case CLASS_ST:
    case CLASS_STX:
      return patchOffset(instruction, resolution, refuse, describe(local, relocation));
    case CLASS_LD:
      if (code === LOAD_CONSTANT) return patchConstant(instruction, resolution, refuse);
      break;
  }
  return refuse(`it is on an instruction that it cannot patch (opcode 0x${code.toString(16)})`);
}

type Refuse = (message: string, code?: string) => never;

/** Compares what the instruction holds with what the compiler should have put there. */
function checkHeld(held: bigint, resolution: Value, refuse: Refuse): void {
  if (resolution.check === 'none') return;
  const bits = resolution.check === 'low' ? 32 : 64;
  const expected = BigInt.asUintN(bits, resolution.localValue);
  if (BigInt.asUintN(bits, held) !== expected) {
    refuse(`the instruction holds ${held} where the object's BTF says ${resolution.localValue}`);
  }
}

function copyOf(instruction: Uint8Array, length: number): { bytes: Uint8Array; view: DataView } {
  const bytes = instruction.slice(0, length);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, length) };
}

function patchImmediate(instruction: Uint8Array, resolution: Value, refuse: Refuse): CorePatch {
  const { bytes, view } = copyOf(instruction, 8);
  if ((instruction[0]! & SOURCE_REGISTER) !== 0)
    refuse('it is on an instruction without immediate');
  checkHeld(BigInt(view.getInt32(4, true)), resolution, refuse);
  const value = BigInt.asIntN(64, resolution.value);
  if (BigInt.asIntN(32, value) !== value) {
    refuse(`the value ${value} does not fit the instruction's 32 bits`, 'BPF-B023');
  }
  view.setInt32(4, Number(value), true);
  return { kind: 'bytes', bytes };
}

function patchOffset(
  instruction: Uint8Array,
  resolution: Value,
  refuse: Refuse,
  what: string,
): CorePatch {
  const { bytes, view } = copyOf(instruction, 8);
  checkHeld(BigInt(view.getInt16(2, true)), resolution, refuse);
  if (resolution.value > 0x7fffn) {
    refuse(`the offset ${resolution.value} does not fit the instruction's 16 bits`, 'BPF-B023');
  }
  if (resolution.resizeRefusal !== undefined) {
    return { kind: 'poison', reason: resolution.resizeRefusal };
  }
  view.setInt16(2, Number(resolution.value), true);
  const { resize } = resolution;
  if (resize !== undefined) {
    const code = instruction[0]!;
    const sizeCode = SIZE_CODES.get(resize.to);
    if (SIZE_CODES.get(resize.from) !== (code & SIZE_MASK)) {
      refuse(`the instruction does not access the ${resize.from} bytes of the field`);
    }
    if (sizeCode === undefined) return refuse(`the target's field has ${resize.to} bytes`);
    if ((code & MODE_MASK) !== MODE_MEMORY) {
      return { kind: 'poison', reason: `the width of the access cannot change: ${what}` };
    }
    bytes[0] = (code & ~SIZE_MASK) | sizeCode;
  }
  return { kind: 'bytes', bytes };
}

function patchConstant(instruction: Uint8Array, resolution: Value, refuse: Refuse): CorePatch {
  if (instruction.length < 16) return refuse('it is on no whole instruction');
  const { bytes, view } = copyOf(instruction, 16);
  const isPlain =
    (bytes[1]! & 0xf0) === 0 && view.getInt16(2, true) === 0 && view.getUint32(8, true) === 0;
  if (!isPlain) refuse('it is on a constant that is no plain value');
  const low = BigInt(view.getUint32(4, true));
  checkHeld(low | (BigInt(view.getUint32(12, true)) << 32n), resolution, refuse);
  view.setUint32(4, Number(BigInt.asUintN(32, resolution.value)), true);
  view.setUint32(12, Number(BigInt.asUintN(64, resolution.value) >> 32n), true);
  return { kind: 'bytes', bytes };
}
