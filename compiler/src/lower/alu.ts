import type { BpfInstruction } from '../object/index.ts';
import { constantScalar, decide, type ValueType } from '../verifier/index.ts';
import { integer, type Value } from './registers.ts';
import type { FunctionState } from './state.ts';
import { constant32 } from './text.ts';

type Alu = Extract<BpfInstruction, { kind: 'alu' }>;

const PLAIN: Readonly<Partial<Record<Alu['operator'], string>>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  or: 'or',
  and: 'and',
  xor: 'xor',
};
const SHIFTS: Readonly<Partial<Record<Alu['operator'], string>>> = {
  lsh: 'shl',
  rsh: 'lshr',
  arsh: 'ashr',
};
const DIVISIONS: Readonly<Partial<Record<Alu['operator'], string>>> = {
  div: 'udiv',
  sdiv: 'sdiv',
  mod: 'urem',
  smod: 'srem',
};

/** Arithmetic and moves. */
export function lowerAlu(state: FunctionState, instruction: Alu): void {
  const { operator, width, destination, source } = instruction;
  const { registers } = state;
  if (operator === 'mov') {
    if (width === 64) registers.set(destination, state.operandValue(source));
    else registers.set(destination, integer(widened(state, narrowOperand(state, source))));
    return;
  }
  if (width === 64 && (operator === 'add' || operator === 'sub')) {
    if (lowerPointerArithmetic(state, instruction)) return;
  }
  if (width === 64) {
    const left = registers.integer(destination);
    const right = state.operand(source);
    const nonZero = source.kind === 'register' && excludesZero(state.type(source.register), 64);
    registers.set(
      destination,
      integer(
        arithmetic(state, operator, 'i64', left, right, source.kind === 'immediate', nonZero),
      ),
    );
  } else {
    const left = truncated(state, registers.integer(destination), 32);
    const right = narrowOperand(state, source);
    const nonZero = source.kind === 'register' && excludesZero(state.type(source.register), 32);
    const immediate = source.kind === 'immediate';
    const result = arithmetic(state, operator, 'i32', left, right, immediate, nonZero);
    registers.set(destination, integer(widened(state, result)));
  }
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
  if (base.kind === 'frame' && /^-?\d+$/.test(distance)) {
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
  return /^-?\d+$/.test(text)
    ? BigInt.asIntN(64, -BigInt(text)).toString()
    : state.writer.define(`sub i64 0, ${text}`);
}

/** True when the low `width` bits of a scalar cannot be zero. */
function excludesZero(type: ValueType | undefined, width: 32 | 64): boolean {
  return type?.kind === 'scalar' && decide('ne', width, type.range, constantScalar(0)) === true;
}

function arithmetic(
  state: FunctionState,
  operator: Alu['operator'],
  type: 'i32' | 'i64',
  left: string,
  right: string,
  immediate: boolean,
  nonZero: boolean,
): string {
  const { writer } = state;
  const plain = PLAIN[operator];
  if (plain !== undefined) return writer.define(`${plain} ${type} ${left}, ${right}`);
  const shift = SHIFTS[operator];
  if (shift !== undefined) {
    const mask = type === 'i64' ? 63 : 31;
    const count = immediate
      ? (Number(right) & mask).toString()
      : writer.define(`and ${type} ${right}, ${mask}`);
    return writer.define(`${shift} ${type} ${left}, ${count}`);
  }
  const division = DIVISIONS[operator]!;
  return immediate
    ? divideByConstant(state, division, type, left, right)
    : divide(state, division, type, left, right, nonZero);
}

function divideByConstant(
  state: FunctionState,
  division: string,
  type: string,
  left: string,
  right: string,
): string {
  const remainder = division.endsWith('rem');
  if (right === '0') return remainder ? left : '0';
  // The overflowing quotient INT_MIN / -1 has no meaning in LLVM; BPF's wraps.
  if (right === '-1' && division === 'sdiv') return state.writer.define(`sub ${type} 0, ${left}`);
  if (right === '-1' && division === 'srem') return '0';
  return state.writer.define(`${division} ${type} ${left}, ${right}`);
}

/**
 * Division by zero gives 0, modulo by zero the dividend, INT_MIN / -1 wraps. None of these may reach
 * LLVM's division: it gets a harmless divisor instead, and the result is chosen after it.
 */
function divide(
  state: FunctionState,
  division: string,
  type: string,
  left: string,
  right: string,
  nonZero: boolean,
): string {
  const { writer } = state;
  const remainder = division.endsWith('rem');
  const signed = division.startsWith('s');
  if (nonZero && !signed) return writer.define(`${division} ${type} ${left}, ${right}`);
  const isZero = writer.define(`icmp eq ${type} ${right}, 0`);
  if (!signed) {
    const divisor = writer.define(`select i1 ${isZero}, ${type} 1, ${type} ${right}`);
    const result = writer.define(`${division} ${type} ${left}, ${divisor}`);
    const otherwise = remainder ? left : '0';
    return writer.define(`select i1 ${isZero}, ${type} ${otherwise}, ${type} ${result}`);
  }
  const isMinusOne = writer.define(`icmp eq ${type} ${right}, -1`);
  const special = writer.define(`or i1 ${isZero}, ${isMinusOne}`);
  const divisor = writer.define(`select i1 ${special}, ${type} 1, ${type} ${right}`);
  const result = writer.define(`${division} ${type} ${left}, ${divisor}`);
  if (remainder) return writer.define(`select i1 ${isZero}, ${type} ${left}, ${type} ${result}`);
  const negative = writer.define(`sub ${type} 0, ${left}`);
  const some = writer.define(`select i1 ${isMinusOne}, ${type} ${negative}, ${type} ${result}`);
  return writer.define(`select i1 ${isZero}, ${type} 0, ${type} ${some}`);
}

/** The low bits of an i64. */
export function truncated(state: FunctionState, text: string, bits: number): string {
  if (bits === 64) return text;
  return /^-?\d+$/.test(text)
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
  if (/^-?\d+$/.test(text)) {
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
  const narrow = truncated(state, registers.integer(source), bits);
  if (width === 64 || bits === 32) {
    const how = width === 64 ? 'sext' : 'zext';
    registers.set(destination, integer(extended(state, how, bits, narrow)));
    return;
  }
  const signed = /^-?\d+$/.test(narrow) ? narrow : writer.define(`sext i${bits} ${narrow} to i32`);
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
