/**
 * Arithmetic with addresses.
 *
 * Constants go to the pointer's `offset`, everything else to its `variable` part, which is a scalar like
 * any other: sums modulo 2^64, so the address is always start + offset + some value of `variable`. Limits on
 * both keep later sums of bounds far from any overflow.
 *
 * Packets. `range` says how many bytes from start + `variable` are there, and `id` names that sum. Another
 * variable part is another sum: it gets a new id, and nothing is known of it. If what was subtracted is not
 * negative, the sum moved down, and the bytes that lie behind it still lie before the same end.
 */
import type { BpfInstruction } from '../../../object/index.ts';
import { arithmetic } from '../../domain/index.ts';
import { constantScalar, type Scalar, UNKNOWN, unsignedOfSize, ZERO } from '../../domain/scalar.ts';
import { describeTarget, MAXIMUM_OFFSET } from '../memory/access.ts';
import type { Path } from '../path.ts';
import { PointerValue, ScalarValue, type Target, type Value } from '../value.ts';
import { LENGTH_ID } from './packet-range.ts';

type Alu = Extract<BpfInstruction, { kind: 'alu' }>;

const VERBS: Partial<Record<Alu['operator'], string>> = {
  add: 'adding to',
  sub: 'subtracting from',
  mul: 'multiplying',
  div: 'dividing',
  sdiv: 'dividing',
  mod: 'taking the remainder of',
  smod: 'taking the remainder of',
  and: 'masking',
  or: 'setting bits of',
  xor: 'flipping bits of',
  lsh: 'shifting',
  rsh: 'shifting',
  arsh: 'shifting',
};

function number(width: 32 | 64): ScalarValue {
  return new ScalarValue(width === 64 ? UNKNOWN : unsignedOfSize(4));
}

/** What an operation gives of which at least one operand is a pointer. Both are initialised. */
export function pointerArithmetic(path: Path, i: Alu): Value {
  const { registers } = path.state.frame;
  const left = registers[i.destination]!;
  const right =
    i.source.kind === 'register'
      ? registers[i.source.register]!
      : new ScalarValue(constantScalar(i.source.value));
  const source = i.source.kind === 'register' ? i.source.register : undefined;
  if (left.kind === 'pointer' && right.kind === 'pointer') {
    if (i.operator === 'sub') return number(i.width);
    path.reject('BPF-V031', `${verb(i)} one pointer by means of another is not allowed`, {
      help: 'only differences of two pointers make sense',
      registers: source === undefined ? [i.destination] : [i.destination, source],
    });
  }
  if (i.width === 32) {
    // Half an address is a number that means nothing; the kernel lets programs have it by subtraction.
    if (i.operator === 'sub') return number(32);
    path.reject('BPF-V031', `${verb(i)} a pointer with a 32-bit operation is not allowed`, {
      help: 'addresses have 64 bits: keep them in pointers, unsigned long or __u64',
      registers: [left.kind === 'pointer' ? i.destination : source!],
    });
  }
  const end = endOfMemory(path, i, left, right);
  if (end !== undefined) return end;
  if (left.kind === 'pointer') {
    const amount = (right as ScalarValue).range;
    if (source !== undefined) path.markPrecise(source);
    return moved(path, i, left, i.destination, amount, source);
  }
  const pointer = right as PointerValue;
  path.markPrecise(i.destination);
  if (i.operator === 'sub') {
    path.reject('BPF-V031', 'a pointer is subtracted from a number', {
      help: 'only differences of two pointers make sense',
      registers: [i.destination, source!],
    });
  }
  return moved(path, i, pointer, source!, (left as ScalarValue).range, i.destination);
}

/** The start of a raw program's memory plus its length is its end; see contexts/raw.ts. */
function endOfMemory(path: Path, i: Alu, left: Value, right: Value): PointerValue | undefined {
  if (!path.layout.memoryWithLength || i.operator !== 'add') return undefined;
  const [pointer, length] = left.kind === 'pointer' ? [left, right] : [right, left];
  if (pointer.kind !== 'pointer' || length.kind !== 'scalar') return undefined;
  const atStart =
    pointer.target.kind === 'packet' &&
    !pointer.nullable &&
    pointer.offset === 0 &&
    pointer.variable.constantNumber === 0;
  if (!atStart || length.id !== LENGTH_ID || length.delta !== 0) return undefined;
  // Another number in the register would give another address, and no end.
  if (i.source.kind === 'register') {
    path.markPrecise(left.kind === 'pointer' ? i.source.register : i.destination);
  }
  return new PointerValue({ kind: 'packet_end' });
}

function verb(i: Alu): string {
  return VERBS[i.operator] ?? i.operator;
}

/** The pointer after `amount` (in register `from`, when it is in one) was added or subtracted. */
function moved(
  path: Path,
  i: Alu,
  pointer: PointerValue,
  register: number,
  amount: Scalar,
  from: number | undefined,
): PointerValue {
  checkKind(path, i, pointer, register, amount);
  const registers = from === undefined ? [register] : [register, from];
  checkAmount(path, amount, registers);
  checkVariable(path, pointer.variable, registers);
  if (i.operator !== 'add' && i.operator !== 'sub') {
    path.reject('BPF-V031', `${verb(i)} a pointer is not allowed`, {
      help: 'addresses can only be moved, by addition and subtraction: align and mask offsets before they are added',
      registers: [register],
    });
  }
  const subtract = i.operator === 'sub';
  if (subtract && pointer.target.kind === 'stack') {
    path.reject('BPF-V031', 'something is subtracted from an address of the stack', {
      help: 'add a negative number instead, as compilers do',
      registers,
    });
  }
  // That it was found to be beyond the end says nothing of where it is after it was moved.
  const range = Math.max(0, pointer.range);
  const constant = amount.constantNumber;
  if (constant !== undefined) {
    const offset = subtract ? pointer.offset - constant : pointer.offset + constant;
    checkOffset(path, offset, registers);
    return pointer.with({ offset, range });
  }
  const variable = arithmetic(i.operator, 64, pointer.variable, amount);
  checkVariable(path, variable, registers);
  if (pointer.target.kind !== 'packet' && pointer.target.kind !== 'packet_meta') {
    return pointer.with({ variable });
  }
  const known = subtract && amount.signedMinimum >= 0 ? range : 0;
  return pointer.with({ variable, range: known, id: path.newId() });
}

/** Refuses what the kind of pointer does not allow. */
function checkKind(
  path: Path,
  i: Alu,
  pointer: PointerValue,
  register: number,
  amount: Scalar,
): void {
  const { target } = pointer;
  if (pointer.nullable) {
    path.reject(
      'BPF-V031',
      `${verb(i)} the pointer in r${register} is not allowed before it was compared with NULL`,
      {
        help: 'compare it first: null plus something would not be null any more',
        registers: [register],
      },
    );
  }
  if (movable(target)) return;
  if (target.kind === 'map' && i.operator === 'add' && amount.constantNumber === 0) return;
  path.reject('BPF-V031', `${verb(i)} ${describeTarget(path, target)} is not allowed`, {
    help:
      target.kind === 'packet_end'
        ? 'data_end is only for comparisons: add to data instead'
        : 'this address can only be passed on',
    registers: [register],
  });
}

function movable(target: Target): boolean {
  return target.kind !== 'map' && target.kind !== 'packet_end';
}

/** A function, since files here import each other: constants of others may come later. */
const limit = () => `${MAXIMUM_OFFSET} bytes`;

function checkAmount(path: Path, amount: Scalar, registers: readonly number[]): void {
  const constant = amount.constantNumber;
  if (amount.isConstant) {
    if (constant !== undefined && Math.abs(constant) < MAXIMUM_OFFSET) return;
    const text = constant ?? BigInt.asIntN(64, amount.constantValue!);
    path.reject(
      'BPF-V032',
      `a pointer is moved by ${text} bytes; no object is as large as ${limit()}`,
      {
        help: 'check how this number comes about: a missing bound, or an error value that is used as an index',
        registers,
      },
    );
  }
  checkVariable(path, amount, registers);
}

/** Upper bounds are looked at when memory is accessed; without a lower one no check could help. */
function checkVariable(path: Path, variable: Scalar, registers: readonly number[]): void {
  if (variable === ZERO || Math.abs(variable.signedMinimum) < MAXIMUM_OFFSET) return;
  if (variable.signedMinimum <= -(2 ** 63)) {
    path.reject('BPF-V032', 'a pointer is moved by a number that may be anything', {
      help: 'check the index first, both ends if it is signed: `if (index >= limit) return 0;` with an unsigned index is enough',
      registers,
    });
  }
  path.reject(
    'BPF-V032',
    `a pointer is moved by ${variable.signedMinimum} bytes or more; no object is as large as ${limit()}`,
    { help: 'check the index first', registers },
  );
}

function checkOffset(path: Path, offset: number, registers: readonly number[]): void {
  if (Math.abs(offset) < MAXIMUM_OFFSET) return;
  path.reject(
    'BPF-V032',
    `a pointer is moved ${offset} bytes from its start; no object is as large as ${limit()}`,
    { help: 'check how far loops and sums move this pointer', registers },
  );
}
