import type { BpfInstruction } from '../object/index.ts';
import type { Scalar } from '../verifier/index.ts';
import {
  constantText,
  excludes,
  fitsIn32,
  isBelow,
  isNonNegative,
  isSignExtended,
  isWithinMask,
  rangeOf,
} from './ranges.ts';
import { integer, type Value } from './registers.ts';
import type { FunctionState } from './state.ts';
import { constant32 } from './text.ts';

type Alu = Extract<BpfInstruction, { kind: 'alu' }>;

const SHIFTS = { lsh: 'shl', rsh: 'lshr', arsh: 'ashr' } as const;
const NUMBER = /^-?\d+$/;

/** Arithmetic and moves. */
export function lowerAlu(state: FunctionState, instruction: Alu): void {
  const { operator, width, destination, source } = instruction;
  const { registers } = state;
  const known = constantText(state.typeAfter(destination));
  if (known !== undefined) {
    registers.set(destination, integer(known));
    return;
  }
  if (operator === 'mov') {
    // Also where the upper half is known to be 0: LLVM learns from the extension that it is.
    if (width === 64) registers.set(destination, state.operandValue(source));
    else registers.set(destination, integer(widened(state, narrowOperand(state, source))));
    return;
  }
  if (width === 64 && (operator === 'add' || operator === 'sub')) {
    if (lowerPointerArithmetic(state, instruction)) return;
  }
  if (operator === 'and' && keepsAll(state, instruction)) return;
  if (width === 64) {
    const result = lowerWide(state, instruction);
    registers.set(destination, integer(result));
  } else {
    const operation: Operation = {
      operator,
      width,
      left: truncated(state, registers.integer(destination), 32),
      right: narrowOperand(state, source),
      leftRange: rangeOf(state, destination),
      rightRange: rangeOf(state, source),
    };
    registers.set(destination, integer(widened(state, arithmetic(state, operation))));
  }
}

/** Whether `and` with this operand leaves the register as it is. */
function keepsAll(state: FunctionState, { width, destination, source }: Alu): boolean {
  if (source.kind !== 'immediate') return false;
  if (state.registers.get(destination).kind !== 'integer') return false;
  const range = rangeOf(state, destination);
  return (width === 64 || fitsIn32(range)) && isWithinMask(range, source.value);
}

/** 64-bit arithmetic on integers; divisions of short ones are short, which most CPUs do faster. */
function lowerWide(state: FunctionState, { operator, destination, source }: Alu): string {
  const operation: Operation = {
    operator,
    width: 64,
    left: state.registers.integer(destination),
    right: state.operand(source),
    leftRange: rangeOf(state, destination),
    rightRange: rangeOf(state, source),
  };
  const { leftRange, rightRange } = operation;
  const divides = /^s?(div|mod)$/.test(operator);
  if (!divides || !fitsIn32(leftRange) || !fitsIn32(rightRange)) {
    return arithmetic(state, operation);
  }
  // Neither is negative as 64-bit number, so that the unsigned operation gives the same.
  const short = arithmetic(state, {
    ...operation,
    operator: operator.endsWith('div') ? 'div' : 'mod',
    width: 32,
    left: truncated(state, operation.left, 32),
    right: truncated(state, operation.right, 32),
  });
  return widened(state, short);
}

/** Operands of an operation as LLVM integers of its width, and what is known of the registers. */
interface Operation {
  readonly operator: Alu['operator'];
  readonly width: 32 | 64;
  readonly left: string;
  readonly right: string;
  readonly leftRange: Scalar;
  readonly rightRange: Scalar;
}

/** Additions and subtractions that keep a pointer a pointer; false when it is plain arithmetic. */
function lowerPointerArithmetic(state: FunctionState, instruction: Alu): boolean {
  const { operator, destination, source } = instruction;
  const { registers } = state;
  const left = registers.get(destination);
  const right = state.operandValue(source);
  const leftPoints = left.kind !== 'integer';
  const rightPoints = right.kind !== 'integer';
  if (!leftPoints && !rightPoints) return false;
  if (operator === 'sub') {
    if (!leftPoints) return false;
    if (rightPoints) {
      const difference = pointerDifference(state, instruction, left, right);
      registers.set(destination, integer(difference));
    } else {
      moveBy(state, destination, left, negated(state, right.text));
    }
    return true;
  }
  if (leftPoints && rightPoints) return false;
  const base = leftPoints ? left : right;
  const distance = leftPoints ? right : left;
  if (distance.kind !== 'integer') return false;
  moveBy(state, destination, base, distance.text);
  return true;
}

/** Both operands as addresses in the same object, so that their distance means something. */
function pointerDifference(
  state: FunctionState,
  { destination, source }: Alu,
  left: Value,
  right: Value,
): string {
  if (left.kind === 'frame' && right.kind === 'frame') return `${left.offset - right.offset}`;
  const rightType = source.kind === 'register' ? state.type(source.register) : undefined;
  const part = state.partOf(left.kind === 'frame' ? rightType : state.type(destination));
  const { registers, writer } = state;
  const from = writer.define(`ptrtoint i8* ${registers.toPointer(left, part)} to i64`);
  const to = writer.define(`ptrtoint i8* ${registers.toPointer(right, part)} to i64`);
  return writer.define(`sub i64 ${from}, ${to}`);
}

function moveBy(state: FunctionState, destination: number, base: Value, distance: string): void {
  const { registers, writer } = state;
  if (base.kind === 'frame' && NUMBER.test(distance)) {
    const offset = base.offset + Number(distance);
    if (Number.isSafeInteger(offset)) {
      registers.set(destination, { kind: 'frame', offset });
      return;
    }
  }
  const part = state.partOf(state.typeAfter(destination));
  const start = registers.toPointer(base, part);
  const moved = writer.define(`getelementptr i8, i8* ${start}, i64 ${distance}`);
  state.setPointer(destination, moved);
}

function negated(state: FunctionState, text: string): string {
  return NUMBER.test(text)
    ? BigInt.asIntN(64, -BigInt(text)).toString()
    : state.writer.define(`sub i64 0, ${text}`);
}

function arithmetic(state: FunctionState, operation: Operation): string {
  const { operator, width, left, right } = operation;
  const { writer } = state;
  switch (operator) {
    case 'div':
    case 'mod':
    case 'sdiv':
    case 'smod':
      return divide(state, operation);
    case 'lsh':
    case 'rsh':
    case 'arsh':
      return writer.define(
        `${SHIFTS[operator]} i${width} ${left}, ${shiftAmount(state, operation)}`,
      );
    default:
      return writer.define(`${operator} i${width} ${left}, ${right}`);
  }
}

/** BPF takes amounts modulo the width; to LLVM larger ones mean nothing. */
function shiftAmount({ writer }: FunctionState, { width, right, rightRange }: Operation): string {
  const mask = width - 1;
  if (NUMBER.test(right)) return (BigInt(right) & BigInt(mask)).toString();
  return isBelow(rightRange, width, width)
    ? right
    : writer.define(`and i${width} ${right}, ${mask}`);
}

/**
 * Division by zero gives 0, modulo by zero the dividend, INT_MIN / -1 wraps. None of these may reach
 * LLVM's division: unless they are known not to happen it gets a harmless divisor instead, and the result
 * is chosen after it.
 */
function divide(state: FunctionState, operation: Operation): string {
  const { operator, width, left, right, leftRange, rightRange } = operation;
  const { writer } = state;
  const type = `i${width}`;
  const remainder = operator.endsWith('mod');
  const bothPositive = isNonNegative(leftRange, width) && isNonNegative(rightRange, width);
  const signed = operator.startsWith('s') && !bothPositive;
  const division = `${signed ? 's' : 'u'}${remainder ? 'rem' : 'div'}`;
  const byZero = remainder ? left : '0';
  if (right === '0') return byZero;
  const mayBeZero = excludes(rightRange, width, 0) ? undefined : `icmp eq ${type} ${right}, 0`;
  const overflows =
    signed &&
    !excludes(rightRange, width, -1) &&
    !excludes(leftRange, width, -(2n ** BigInt(width - 1)));
  if (overflows && right === '-1') {
    return remainder ? '0' : writer.define(`sub ${type} 0, ${left}`);
  }
  const isZero = mayBeZero === undefined ? undefined : writer.define(mayBeZero);
  const isMinusOne = overflows ? writer.define(`icmp eq ${type} ${right}, -1`) : undefined;
  const special =
    isZero !== undefined && isMinusOne !== undefined
      ? writer.define(`or i1 ${isZero}, ${isMinusOne}`)
      : (isZero ?? isMinusOne);
  const divisor =
    special === undefined
      ? right
      : writer.define(`select i1 ${special}, ${type} 1, ${type} ${right}`);
  let result = writer.define(`${division} ${type} ${left}, ${divisor}`);
  if (isMinusOne !== undefined && !remainder) {
    const negative = writer.define(`sub ${type} 0, ${left}`);
    result = writer.define(`select i1 ${isMinusOne}, ${type} ${negative}, ${type} ${result}`);
  }
  if (isZero === undefined) return result;
  return writer.define(`select i1 ${isZero}, ${type} ${byZero}, ${type} ${result}`);
}

/** The low bits of an i64. */
export function truncated(state: FunctionState, text: string, bits: number): string {
  if (bits === 64) return text;
  return NUMBER.test(text)
    ? BigInt.asIntN(bits, BigInt(text)).toString()
    : state.writer.define(`trunc i64 ${text} to i${bits}`);
}

/** An i32 with zeros above it, as every 32-bit operation leaves its register. */
function widened(state: FunctionState, text: string): string {
  return extended(state, 'zext', 32, text);
}

/** A narrow integer extended to an i64. */
export function extended(
  state: FunctionState,
  how: 'zext' | 'sext',
  bits: number,
  text: string,
): string {
  if (bits === 64) return text;
  if (NUMBER.test(text)) {
    const value = BigInt(text);
    return (how === 'zext' ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)).toString();
  }
  return state.writer.define(`${how} i${bits} ${text} to i64`);
}

/** The second operand as an i32. */
export function narrowOperand(state: FunctionState, source: Alu['source']): string {
  return source.kind === 'immediate'
    ? constant32(source.value)
    : truncated(state, state.registers.integer(source.register), 32);
}

/** Two's complement negation. */
export function lowerNegate(
  state: FunctionState,
  { width, destination }: Extract<BpfInstruction, { kind: 'negate' }>,
): void {
  const operand = truncated(state, state.registers.integer(destination), width);
  const result = state.writer.define(`sub i${width} 0, ${operand}`);
  state.registers.set(destination, integer(extended(state, 'zext', width, result)));
}

/** Moves with sign extension. */
export function lowerSignExtend(
  state: FunctionState,
  instruction: Extract<BpfInstruction, { kind: 'move_sign_extend' }>,
): void {
  const { width, bits, destination, source } = instruction;
  const { registers, writer } = state;
  const value = registers.get(source);
  if (value.kind === 'integer' && isSignExtended(rangeOf(state, source), width, bits)) {
    registers.set(destination, value);
    return;
  }
  const narrow = truncated(state, registers.integer(source), bits);
  if (width === 64 || bits === 32) {
    const how = width === 64 ? 'sext' : 'zext';
    registers.set(destination, integer(extended(state, how, bits, narrow)));
    return;
  }
  const signed = NUMBER.test(narrow) ? narrow : writer.define(`sext i${bits} ${narrow} to i32`);
  registers.set(destination, integer(extended(state, 'zext', 32, signed)));
}

/** Byte order: targets are little-endian, so `le` only truncates. */
export function lowerSwap(
  state: FunctionState,
  { to, bits, destination }: Extract<BpfInstruction, { kind: 'swap' }>,
): void {
  const narrow = truncated(state, state.registers.integer(destination), bits);
  const result = to === 'le' ? narrow : swapped(state, bits, narrow);
  state.registers.set(destination, integer(extended(state, 'zext', bits, result)));
}

/** An integer with its bytes in the opposite order. */
export function swapped(state: FunctionState, bits: number, text: string): string {
  if (bits === 8) return text;
  const callee = `@llvm.bswap.i${bits}`;
  state.module.declare(callee, `declare i${bits} ${callee}(i${bits})`);
  return state.writer.define(`call i${bits} ${callee}(i${bits} ${text})`);
}
