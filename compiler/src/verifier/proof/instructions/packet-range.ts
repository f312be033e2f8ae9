/**
 * What comparisons tell of packets: of two pointers of which one is the end, and of the length of a raw
 * program's memory.
 *
 * Where `data + n <= data_end` holds, bytes [0, n) from every pointer with the same variable part may be
 * accessed. The proof is kept in the pointers (`range`), so that it goes where they go.
 */
import type { BranchOperator } from '../../../isa/index.ts';
import type { State } from '../state.ts';
import type { PointerValue, Value } from '../value.ts';
import { replaceValues } from './links.ts';

/** Packets are no longer than this. */
const MAXIMUM_PACKET = 0xffff;

/** `range` of a pointer that was found to be at or beyond the end: nothing may be accessed. */
const AT_END = -1;
const BEYOND_END = -2;

/** Id that the length of a raw program's memory has, and its copies. No other value ever has it. */
export const LENGTH_ID = 1;

/** Which side of a comparison is the pointer into the packet, which its end. */
export interface PacketTest {
  /** The comparison as if the pointer stood on the left. */
  readonly operator: 'gt' | 'ge' | 'lt' | 'le';
  readonly pointer: PointerValue;
  /** The pointer's register. */
  readonly register: number;
}

const MIRRORED = { gt: 'lt', ge: 'le', lt: 'gt', le: 'ge' } as const;

/** Whether `end` bounds `pointer`: data by data_end, data_meta by data itself. */
function bounds(pointer: Value, end: Value): boolean {
  if (pointer.kind !== 'pointer' || end.kind !== 'pointer') return false;
  if (pointer.target.kind === 'packet') return end.target.kind === 'packet_end';
  return (
    pointer.target.kind === 'packet_meta' &&
    end.target.kind === 'packet' &&
    end.offset === 0 &&
    end.variable.constantNumber === 0
  );
}

/** The test of a packet that a comparison of two registers is, when it is one. */
export function packetTest(
  operator: BranchOperator,
  leftRegister: number,
  left: Value,
  rightRegister: number,
  right: Value,
): PacketTest | undefined {
  if (operator !== 'gt' && operator !== 'ge' && operator !== 'lt' && operator !== 'le') {
    return undefined;
  }
  if (bounds(left, right)) {
    return { operator, pointer: left as PointerValue, register: leftRegister };
  }
  if (bounds(right, left)) {
    return {
      operator: MIRRORED[operator],
      pointer: right as PointerValue,
      register: rightRegister,
    };
  }
  return undefined;
}

/** Whether an earlier test of the very pointer tells how this one ends. */
export function knownPacketTest({ operator, pointer }: PacketTest): boolean | undefined {
  if (pointer.range === BEYOND_END && (operator === 'le' || operator === 'gt')) {
    return operator === 'gt';
  }
  if (pointer.range < 0 && (operator === 'lt' || operator === 'ge')) return operator === 'ge';
  return undefined;
}

/** Puts what the test tells into the state of one of its edges. */
export function learnPacketTest(state: State, test: PacketTest, taken: boolean): void {
  const { pointer, register } = test;
  const upTo = test.operator === 'gt' ? !taken : test.operator === 'le' ? taken : undefined;
  const below = test.operator === 'ge' ? !taken : test.operator === 'lt' ? taken : undefined;
  if (upTo === true || below === true) {
    extendRange(state, pointer, below === true);
    return;
  }
  const { registers } = state.frame;
  if (pointer.target.kind === 'packet') {
    registers[register] = pointer.with({ range: upTo === false ? BEYOND_END : AT_END });
  }
}

/** Everything up to the pointer (its own byte too when it is `below` the end) may be accessed. */
function extendRange(state: State, pointer: PointerValue, below: boolean): void {
  if (pointer.offset < 0 || (pointer.offset === 0 && below)) return;
  const { unsignedMaximum } = pointer.variable;
  if (unsignedMaximum + pointer.offset > MAXIMUM_PACKET) return;
  const range = below ? pointer.offset + 1 : pointer.offset;
  replaceValues(state, (value) =>
    value.kind === 'pointer' &&
    value.target.kind === pointer.target.kind &&
    value.id === pointer.id &&
    value.range < range
      ? value.with({ range })
      : value,
  );
}

/** The memory of a raw program is at least `length` bytes long. */
export function learnLength(state: State, length: number): void {
  const range = Math.min(length, 2 ** 29);
  replaceValues(state, (value) =>
    value.kind === 'pointer' &&
    value.target.kind === 'packet' &&
    value.id === 0 &&
    value.range < range
      ? value.with({ range })
      : value,
  );
}
