/** What each instruction does to the state. */
import type { AccessSize } from '../../isa/index.ts';
import type { BpfInstruction, Reference } from '../../object/index.ts';
import { contextLayout, fieldAt } from '../contexts/index.ts';
import {
  arithmetic,
  negate,
  type Scalar,
  signExtend,
  signedOfSize,
  swap as swapBytes,
  truncate,
  unsignedOfSize,
} from '../domain/index.ts';
import type { PointerType, ScalarType, ValueType } from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import { callFunction, callHelper, registerCallee } from './calls.ts';
import { loadData } from './data.ts';
import { type Cursor, clobberArguments, loadFrame, storeFrame, touch } from './frame.ts';
import { ANY_SCALAR, constant, scalarType } from './integer.ts';
import { readShared } from './shared.ts';
import { addToPointer, asScalar, pointerTo, UNKNOWN } from './value.ts';

type Of<K extends BpfInstruction['kind']> = Extract<BpfInstruction, { kind: K }>;
type Operand = Of<'alu'>['source'];

const CALL_KERNEL_LOSES = [1, 2, 3, 4, 5];
const MOST_32 = 2 ** 32 - 1;

/** Value of a second operand; an immediate is sign-extended to 64 bits. */
export function operandValue(registers: readonly ValueType[], operand: Operand): ValueType {
  return operand.kind === 'register' ? registers[operand.register]! : constant(operand.value);
}

/** Integers that a load of so many bytes can give. */
function loadedScalar(size: AccessSize, signed: boolean): ScalarType {
  return scalarType(signed ? signedOfSize(size) : unsignedOfSize(size));
}

/** An integer made of operands of which one may be an address: still an address, perhaps. */
function mixedResult(value: Scalar): ValueType {
  const isShort = value.signedMaximum <= MOST_32 && value.signedMinimum >= -MOST_32;
  return isShort ? scalarType(value) : UNKNOWN;
}

function sameFrame(a: PointerType, b: PointerType): boolean {
  return (
    a.region.kind === 'stack' &&
    b.region.kind === 'stack' &&
    a.region.function === b.region.function
  );
}

/** 64-bit sums and differences with pointers; undefined when the result is no pointer. */
function pointerArithmetic(
  operator: 'add' | 'sub',
  left: ValueType,
  right: ValueType,
): ValueType | undefined {
  if (left.kind === 'pointer' && right.kind !== 'pointer') {
    const amount = asScalar(right).range;
    return addToPointer(left, operator === 'add' ? amount : negate(64, amount));
  }
  if (operator === 'add' && right.kind === 'pointer' && left.kind !== 'pointer') {
    return addToPointer(right, asScalar(left).range);
  }
  return undefined;
}

function alu(analysis: Analysis, cursor: Cursor, instruction: Of<'alu'>): ValueType {
  const { operator, width, destination } = instruction;
  const right = operandValue(cursor.registers, instruction.source);
  if (operator === 'mov') {
    if (width === 64) return right.kind === 'none' ? UNKNOWN : right;
    if (right.kind === 'pointer') analysis.lost(right);
    return scalarType(truncate(asScalar(right).range, 4));
  }
  const left = cursor.registers[destination]!;
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return scalarType(arithmetic(operator, width, left.range, right.range));
  }
  if (width === 64 && (operator === 'add' || operator === 'sub')) {
    const pointer = pointerArithmetic(operator, left, right);
    if (pointer !== undefined) {
      // Something unknown may itself be an address, and the difference then tells where this one is.
      if (operator === 'sub' && left.kind === 'pointer' && right.kind !== 'scalar') {
        analysis.lost(left);
      }
      return pointer;
    }
    if (operator === 'sub' && left.kind === 'pointer' && right.kind === 'pointer') {
      if (!sameFrame(left, right)) {
        analysis.lost(left);
        analysis.lost(right);
      }
      return ANY_SCALAR;
    }
  }
  if (left.kind === 'pointer') analysis.lost(left);
  if (right.kind === 'pointer') analysis.lost(right);
  const value = arithmetic(operator, width, asScalar(left).range, asScalar(right).range);
  return width === 32 ? scalarType(value) : mixedResult(value);
}

function referenceValue(analysis: Analysis, reference: Reference): ValueType {
  switch (reference.kind) {
    case 'value':
      return constant(reference.value);
    case 'map':
      return pointerTo({ kind: 'map', map: reference.map }, 8);
    case 'map_value':
      return pointerTo({ kind: 'map_value', map: reference.map }, 8, { offset: reference.offset });
    case 'data': {
      const section = analysis.object.data[reference.section]!;
      const region = { kind: 'data', section: section.index } as const;
      const alignment = section.alignment & -section.alignment;
      return pointerTo(region, Math.max(1, alignment), { offset: reference.offset });
    }
    case 'function':
      return pointerTo({ kind: 'function', function: reference.function }, 1);
  }
}

/** What a load from a known field of the context gives. */
function loadContext(
  analysis: Analysis,
  base: PointerType,
  instruction: Of<'load'>,
): ValueType | undefined {
  if (base.region.kind !== 'context' || base.minimum === undefined) return undefined;
  if (base.minimum !== base.maximum || base.nullable) return undefined;
  const layout = contextLayout(base.region.program, analysis.object.ptRegs);
  const offset = base.minimum + instruction.offset;
  const field = layout && fieldAt(layout, offset, instruction.size);
  if (field === undefined || field.yields === 'scalar') return undefined;
  if (field.offset !== offset || field.size !== instruction.size) return undefined;
  return pointerTo({ kind: field.yields }, 1);
}

function load(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  index: number,
  instruction: Of<'load'>,
): ValueType {
  const { base, offset, size, signed } = instruction;
  const address = cursor.registers[base]!;
  const shared = readShared(analysis, work, index, address, offset, size);
  if (shared !== undefined) return shared;
  const spilled = loadFrame(analysis, work, cursor, address, offset, size);
  if (spilled !== undefined) return spilled;
  if (address.kind === 'pointer') {
    const known =
      loadContext(analysis, address, instruction) ??
      loadData(analysis.object, address, instruction);
    if (known !== undefined) return known;
    // Context fields are numbers; memory may hold anything that was stored there.
    if (size === 8 && address.region.kind === 'context') return ANY_SCALAR;
  }
  return size === 8 ? UNKNOWN : loadedScalar(size, signed);
}

function atomic(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  instruction: Of<'atomic'>,
): void {
  const { operator, base, offset, size, source } = instruction;
  const { registers } = cursor;
  const address = registers[base]!;
  const fetched = size === 8 ? UNKNOWN : loadedScalar(size, false);
  if (operator === 'load_acquire') {
    registers[source] = loadFrame(analysis, work, cursor, address, offset, size) ?? fetched;
    return;
  }
  const value = registers[source]!;
  if (operator === 'store_release') {
    storeFrame(analysis, work, cursor, address, offset, size, value);
    return;
  }
  // What was there comes back in a register, changed memory holds a mixture: neither is tracked.
  if (value.kind === 'pointer') analysis.lost(value);
  if (operator === 'cmpxchg' && registers[0]!.kind === 'pointer') analysis.lost(registers[0]!);
  const how = { read: true, write: true };
  touch(analysis, work, cursor, address, offset, offset + size, how);
  if (operator === 'cmpxchg') registers[0] = fetched;
  else if (instruction.fetch) registers[source] = fetched;
}

function swap(analysis: Analysis, value: ValueType, instruction: Of<'swap'>): ValueType {
  if (value.kind === 'pointer') {
    // A 64-bit `le` leaves a little-endian number as it is.
    if (instruction.to === 'le' && instruction.bits === 64) return value;
    analysis.lost(value);
  }
  if (instruction.to === 'le' && instruction.bits === 64) return value;
  return scalarType(swapBytes(instruction.to, instruction.bits, asScalar(value).range));
}

/** The value an instruction puts into its destination register, for those that do just that. */
function unary(
  analysis: Analysis,
  value: ValueType,
  compute: (range: Scalar) => Scalar,
): ValueType {
  if (value.kind === 'pointer') analysis.lost(value);
  const result = compute(asScalar(value).range);
  return value.kind === 'scalar' ? scalarType(result) : mixedResult(result);
}

/** Carries the state over one instruction; false when control does not go on to the next. */
export function step(
  analysis: Analysis,
  work: FunctionWork,
  cursor: Cursor,
  index: number,
): boolean {
  const instruction = work.instructions[index]!;
  const { registers } = cursor;
  switch (instruction.kind) {
    case 'alu':
      registers[instruction.destination] = alu(analysis, cursor, instruction);
      return true;
    case 'negate':
      registers[instruction.destination] = unary(
        analysis,
        registers[instruction.destination]!,
        (range) => negate(instruction.width, range),
      );
      return true;
    case 'move_sign_extend':
      registers[instruction.destination] = unary(
        analysis,
        registers[instruction.source]!,
        (range) => signExtend(instruction.width, instruction.bits, range),
      );
      return true;
    case 'address_space_cast':
      registers[instruction.destination] = UNKNOWN;
      return true;
    case 'swap': {
      const value = swap(analysis, registers[instruction.destination]!, instruction);
      registers[instruction.destination] = value.kind === 'none' ? UNKNOWN : value;
      return true;
    }
    case 'reference':
      registers[instruction.destination] = referenceValue(analysis, instruction.reference);
      return true;
    case 'load': {
      const value = load(analysis, work, cursor, index, instruction);
      registers[instruction.destination] = value;
      // Nobody has been seen to call this with something there: it goes on once that is seen.
      return value.kind !== 'none';
    }
    case 'store': {
      const { base, offset, size, source } = instruction;
      const value = operandValue(registers, source);
      storeFrame(analysis, work, cursor, registers[base]!, offset, size, value);
      return true;
    }
    case 'atomic':
      atomic(analysis, work, cursor, instruction);
      return true;
    case 'legacy_load':
      // Out of range, the function ends here with 0.
      analysis.leave(work, constant(0));
      clobberArguments(cursor);
      registers[0] = loadedScalar(instruction.size, false);
      return true;
    case 'call_helper':
      callHelper(analysis, work, cursor, index, instruction.helper);
      return true;
    case 'call_function':
      return callFunction(analysis, work, cursor, index, instruction.function);
    case 'call_register': {
      const callee = registerCallee(registers[instruction.register]!);
      if (callee?.kind === 'function') {
        return callFunction(analysis, work, cursor, index, callee.function);
      }
      // Refused when it is reached and the callee is not known; number 0 is no helper.
      callHelper(analysis, work, cursor, index, callee?.helper ?? 0);
      return true;
    }
    case 'call_kernel':
      for (const register of CALL_KERNEL_LOSES) {
        const value = registers[register]!;
        if (value.kind === 'pointer') analysis.lost(value);
      }
      clobberArguments(cursor);
      registers[0] = UNKNOWN;
      return true;
    case 'exit':
      analysis.leave(work, registers[0]!);
      return false;
    case 'poison':
      return false;
    case 'jump':
    case 'branch':
    case 'may_goto':
      return true;
  }
}
