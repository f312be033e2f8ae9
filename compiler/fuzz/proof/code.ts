/** Random bytecode that mostly decodes: registers hold something at first, and targets are near. */
import { decode, SLOT_SIZE } from '../../src/isa/index.ts';
import type { Random } from '../mutate.ts';

const MOVE_IMMEDIATE = 0xb7;
const MOVE_REGISTER = 0xbf;
const EXIT = 0x95;
const LONG_CONSTANT = 0x18;
const CALL = 0x85;
const LOCAL = 1;

/** Opcodes of which some instruction decodes, but for those that take two slots. */
function findOpcodes(): number[] {
  const found: number[] = [];
  const bytes = new Uint8Array(2 * SLOT_SIZE);
  const view = new DataView(bytes.buffer);
  bytes[SLOT_SIZE] = EXIT;
  for (let opcode = 0; opcode < 256; opcode++) {
    if (opcode === LONG_CONSTANT) continue;
    bytes[0] = opcode;
    const decodes = [0x00, 0x01, 0x10].some((registers) =>
      [0, 1, 16].some((immediate) => {
        bytes[1] = registers;
        view.setInt32(4, immediate, true);
        try {
          decode(bytes, { file: '', section: '' });
          return true;
        } catch {
          return false;
        }
      }),
    );
    if (decodes) found.push(opcode);
  }
  return found;
}

const OPCODES = findOpcodes();

const IMMEDIATES = [0, 1, -1, 2, 3, 4, 7, 8, 16, 31, 32, 63, 64, 255, 0x7fffffff, -0x80000000];
const OFFSETS = [0, 0, 1, 2, 3, 4, 5, -1, -2, -3, -8, -16, -24, -512, 8];

type Slot = readonly [opcode: number, registers: number, offset: number, immediate: number];

const NUMBERS = [0, 3, 4, 5, 7, 8, 9];
const STORE_IMMEDIATE = 0x7a;
const LOAD = 0x79;
/** Arithmetic with an immediate, and conditional jumps, of both widths. */
const ARITHMETIC = [0x07, 0x17, 0x27, 0x37, 0x47, 0x57, 0x97, 0xa7, 0x04, 0x24, 0x54, 0xa4];
const BRANCHES = [0x15, 0x25, 0x35, 0x45, 0x55, 0x65, 0xa5, 0xc5, 0x16, 0x26, 0xa6];

/** Something that is right in itself: most programs of any other instructions are rejected at once. */
function tame(random: Random): Slot {
  const register = random.pick(NUMBERS);
  const immediate = random.pick(IMMEDIATES);
  switch (random.below(4)) {
    case 0:
      return [STORE_IMMEDIATE, 10, -8 * (1 + random.below(4)), immediate];
    case 1:
      return [LOAD, register | (10 << 4), -8 * (1 + random.below(4)), 0];
    case 2:
      return [random.pick(BRANCHES), register, random.below(3), immediate];
    default:
      return [random.pick(ARITHMETIC), register, 0, immediate === 0 ? 1 : immediate];
  }
}

/** Bytecode of up to about sixty instructions; about one instruction in a hundred is any bytes. */
export function randomCode(random: Random): Uint8Array {
  const slots: Slot[] = [];
  // r1 and r2 stay what a program is given; r6 points to the memory, too.
  for (const register of NUMBERS) {
    slots.push([MOVE_IMMEDIATE, register, 0, random.pick(IMMEDIATES)]);
  }
  slots.push([MOVE_REGISTER, 6 | (1 << 4), 0, 0]);
  const count = 1 + random.below(random.below(4) === 0 ? 50 : 12);
  const wildness = 1 + random.below(6);
  for (let index = 0; index < count; index++) {
    if (random.below(6) >= wildness) {
      slots.push(tame(random));
      continue;
    }
    const opcode = random.below(100) === 0 ? random.below(256) : random.pick(OPCODES);
    if (opcode === LONG_CONSTANT || opcode === CALL) {
      const call = random.below(3) === 0 ? LOCAL : 0;
      const immediate = call === LOCAL ? random.below(count) - index : random.below(220);
      slots.push([CALL, call << 4, 0, immediate]);
      continue;
    }
    // Accesses of the frame are the likeliest to be right.
    const base = random.below(3) === 0 ? 10 : random.below(10);
    const registers = random.below(2) === 0 ? base : random.below(11) | (random.below(11) << 4);
    const immediate = random.below(4) === 0 ? random.next() | 0 : random.pick(IMMEDIATES);
    const unused = opcode % 8 === 4 || opcode % 8 === 7;
    const field = random.below(2) === 0 ? 0 : immediate;
    slots.push([opcode, registers, unused ? 0 : random.pick(OFFSETS), field]);
  }
  slots.push([MOVE_IMMEDIATE, 0, 0, 0], [EXIT, 0, 0, 0]);
  const bytes = new Uint8Array(slots.length * SLOT_SIZE);
  const view = new DataView(bytes.buffer);
  slots.forEach(([opcode, registers, offset, immediate], index) => {
    const at = index * SLOT_SIZE;
    bytes[at] = opcode;
    bytes[at + 1] = registers;
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, immediate, true);
  });
  if (random.below(20) === 0) bytes[random.below(bytes.length)] = random.next();
  return bytes;
}
