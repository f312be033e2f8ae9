import type { AluOperator, AtomicOperator, BranchOperator } from '../isa/index.ts';
import { Fault } from './fault.ts';

/** `value` as an unsigned number of `bits` bits. */
export function unsigned(value: bigint, bits: number): bigint {
  return BigInt.asUintN(bits, value);
}

/** `value` as a two's complement number of `bits` bits. */
export function signed(value: bigint, bits: number): bigint {
  return BigInt.asIntN(bits, value);
}

/** One arithmetic operation on registers; the 32-bit form clears the upper half of the result. */
export function arithmetic(
  operator: AluOperator,
  width: 32 | 64,
  destination: bigint,
  source: bigint,
): bigint {
  const left = unsigned(destination, width);
  const right = unsigned(source, width);
  return unsigned(exact(operator, width, left, right), width);
}

/** The operation on numbers without bound; only its low `width` bits count. */
function exact(operator: AluOperator, width: 32 | 64, left: bigint, right: bigint): bigint {
  switch (operator) {
    case 'add':
      return left + right;
    case 'sub':
      return left - right;
    case 'mul':
      return left * right;
    case 'div':
      return right === 0n ? 0n : left / right;
    case 'sdiv':
      return right === 0n ? 0n : signed(left, width) / signed(right, width);
    case 'mod':
      return right === 0n ? left : left % right;
    case 'smod':
      return right === 0n ? left : signed(left, width) % signed(right, width);
    case 'or':
      return left | right;
    case 'and':
      return left & right;
    case 'xor':
      return left ^ right;
    case 'lsh':
      return left << (right & BigInt(width - 1));
    case 'rsh':
      return left >> (right & BigInt(width - 1));
    case 'arsh':
      return signed(left, width) >> (right & BigInt(width - 1));
    case 'mov':
      return right;
  }
}

/** Whether a branch is taken. */
export function holds(
  operator: BranchOperator,
  width: 32 | 64,
  first: bigint,
  second: bigint,
): boolean {
  const left = unsigned(first, width);
  const right = unsigned(second, width);
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'set':
      return (left & right) !== 0n;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    case 'sgt':
      return signed(left, width) > signed(right, width);
    case 'sge':
      return signed(left, width) >= signed(right, width);
    case 'slt':
      return signed(left, width) < signed(right, width);
    case 'sle':
      return signed(left, width) <= signed(right, width);
  }
}

/** The low `bits` bits of `value` with their bytes reversed. */
export function swapBytes(value: bigint, bits: 16 | 32 | 64): bigint {
  let rest = value;
  let swapped = 0n;
  for (let byte = 0; byte < bits / 8; byte++) {
    swapped = (swapped << 8n) | (rest & 0xffn);
    rest >>= 8n;
  }
  return swapped;
}

/**
 * What memory holds after an atomic update whose operands are cut to `size` bytes; undefined when a
 * compare-and-exchange does not match.
 */
export function atomicResult(
  operator: AtomicOperator,
  size: 1 | 2 | 4 | 8,
  old: bigint,
  operand: bigint,
  expected: bigint,
): bigint | undefined {
  const bits = size * 8;
  const value = unsigned(operand, bits);
  switch (operator) {
    case 'add':
      return unsigned(old + value, bits);
    case 'or':
      return old | value;
    case 'and':
      return old & value;
    case 'xor':
      return old ^ value;
    case 'xchg':
      return value;
    case 'cmpxchg':
      return old === unsigned(expected, bits) ? value : undefined;
    default:
      throw new Fault('not_interpreted', `${operator} is no update`);
  }
}
