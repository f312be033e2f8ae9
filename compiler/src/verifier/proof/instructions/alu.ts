/** Arithmetic of scalars, moves and constants. */
import type { BpfInstruction, Reference } from '../../../object/index.ts';
import {
  arithmetic,
  constantScalar,
  negate,
  type Scalar,
  signExtend,
  swap,
  truncate,
  UNKNOWN,
  unsignedOfSize,
  ZERO,
  zeroOrAllOnes,
} from '../../domain/index.ts';
import type { Path } from '../path.ts';
import { PointerValue, ScalarValue, type Value } from '../value.ts';
import { pointerArithmetic } from './pointers.ts';

type Of<K extends BpfInstruction['kind']> = Extract<BpfInstruction, { kind: K }>;

/** Links further apart than this are given up. */
const MAXIMUM_DELTA = 2 ** 31;

/** The value of a register that the instruction reads. */
export function readable(path: Path, register: number): Value {
  const value = path.state.frame.registers[register]!;
  if (value.kind === 'uninitialised') {
    const argument = register >= 1 && register <= 5;
    path.reject('BPF-V020', `r${register} is read, but on this path nothing was stored in it`, {
      help: argument
        ? 'give the variable a value on every path; arguments are gone after a call'
        : 'give the variable a value on every path before it is used',
    });
  }
  return value;
}

/** Refuses to write the frame pointer, and gives the registers to write. */
function writable(path: Path, destination: number): Value[] {
  if (destination === 10) {
    path.reject('BPF-V012', 'r10, the address of the stack frame, must not be changed', {
      help: 'this is not what a C compiler makes: check how the object was produced',
    });
  }
  return path.state.frame.registers;
}

/** The scalar in a register, tied to a link, so that what is learned of a copy is learned of it too. */
function linked(path: Path, register: number, value: ScalarValue): ScalarValue {
  if (value.id !== 0 || value.range.isConstant) return value;
  const tied = new ScalarValue(value.range, path.newId());
  path.state.frame.registers[register] = tied;
  return tied;
}

function move(path: Path, i: Of<'alu'>): Value {
  if (i.source.kind === 'immediate') {
    const range = constantScalar(i.source.value);
    return new ScalarValue(i.width === 32 ? truncate(range, 4) : range);
  }
  const value = readable(path, i.source.register);
  if (value.kind === 'pointer') {
    // Half an address is just a number.
    return i.width === 64 ? value : new ScalarValue(unsignedOfSize(4));
  }
  const scalar = value as ScalarValue;
  if (i.width === 64) return linked(path, i.source.register, scalar);
  const range = truncate(scalar.range, 4);
  // Cutting off zeroes changes nothing: it is still the same number.
  if (scalar.range.unsignedMaximum > 0xffff_ffff) return new ScalarValue(range);
  return linked(path, i.source.register, scalar);
}

/** Sums with a constant stay tied to what they were made of. */
function sum(left: ScalarValue, right: Scalar, subtract: boolean, range: Scalar): ScalarValue {
  const amount = right.constantNumber;
  if (left.id === 0 || amount === undefined) return new ScalarValue(range);
  const delta = subtract ? left.delta - amount : left.delta + amount;
  if (Math.abs(delta) > MAXIMUM_DELTA) return new ScalarValue(range);
  return new ScalarValue(range, left.id, delta);
}

/** Refuses constants that no sensible code contains, as the kernel does: in a register they have a meaning. */
function checkConstant(path: Path, i: Of<'alu'>, value: number): void {
  switch (i.operator) {
    case 'lsh':
    case 'rsh':
    case 'arsh':
      if (value >= 0 && value < i.width) return;
      path.reject('BPF-V056', `a ${i.width}-bit number is shifted by ${value}`, {
        help: `shift by 0 to ${i.width - 1}; in C anything else is undefined`,
      });
      break;
    case 'div':
    case 'sdiv':
    case 'mod':
    case 'smod':
      if (value !== 0) return;
      path.reject('BPF-V056', 'a number is divided by the constant 0', {
        help: 'in C this is undefined: check the constant that the divisor is made of',
      });
      break;
    default:
  }
}

/**
 * A mask that is 0 or all ones, as a sign shifted down is: what `and` and `or` with a constant make of it are
 * two numbers, which no range holds alone. They are looked at one by one; 0 waits.
 */
function oneByOne(path: Path, i: Of<'alu'>, left: ScalarValue, right: Scalar): ScalarValue {
  if ((i.operator !== 'and' && i.operator !== 'or') || !right.isConstant) return left;
  const ones = zeroOrAllOnes(left.range);
  if (ones === undefined) return left;
  const zero = path.state.copy();
  const result = arithmetic(i.operator, i.width, ZERO, right);
  zero.frame.registers[i.destination] = new ScalarValue(result);
  path.fork(zero);
  return new ScalarValue(ones);
}

/** All of class ALU and ALU64 with two operands. */
export function alu(path: Path, i: Of<'alu'>): void {
  const registers = writable(path, i.destination);
  if (i.operator === 'mov') {
    registers[i.destination] = move(path, i);
    return;
  }
  const left = readable(path, i.destination);
  let right: Scalar;
  if (i.source.kind === 'immediate') {
    checkConstant(path, i, i.source.value);
    right = constantScalar(i.source.value);
  } else {
    const value = readable(path, i.source.register);
    if (value.kind === 'pointer') {
      registers[i.destination] = pointerArithmetic(path, i);
      return;
    }
    right = (value as ScalarValue).range;
  }
  if (left.kind === 'pointer') {
    registers[i.destination] = pointerArithmetic(path, i);
    return;
  }
  const scalar = oneByOne(path, i, left as ScalarValue, right);
  const range = arithmetic(i.operator, i.width, scalar.range, right);
  const sums = i.width === 64 && (i.operator === 'add' || i.operator === 'sub');
  registers[i.destination] = sums
    ? sum(scalar, right, i.operator === 'sub', range)
    : new ScalarValue(range);
}

/** Instructions with one operand: what they make of an address is just a number. */
function unary(path: Path, destination: number, source: number, by: (of: Scalar) => Scalar): void {
  const registers = writable(path, destination);
  const value = readable(path, source);
  registers[destination] = new ScalarValue(by(value.kind === 'scalar' ? value.range : UNKNOWN));
}

export function negation(path: Path, i: Of<'negate'>): void {
  unary(path, i.destination, i.destination, (range) => negate(i.width, range));
}

export function byteSwap(path: Path, i: Of<'swap'>): void {
  unary(path, i.destination, i.destination, (range) => swap(i.to, i.bits, range));
}

export function signExtension(path: Path, i: Of<'move_sign_extend'>): void {
  const value = readable(path, i.source);
  const limit = 2 ** (i.bits - 1);
  if (i.width === 64 && value.kind === 'scalar' && value.range.unsignedMaximum < limit) {
    writable(path, i.destination)[i.destination] = linked(path, i.source, value);
    return;
  }
  unary(path, i.destination, i.source, (range) => signExtend(i.width, i.bits, range));
}

function referenced(path: Path, reference: Reference): Value {
  switch (reference.kind) {
    case 'value':
      return new ScalarValue(constantScalar(reference.value));
    case 'map':
      return new PointerValue({ kind: 'map', map: path.object.maps[reference.map]!, unique: 0 });
    case 'map_value': {
      const map = path.object.maps[reference.map]!;
      const { offset } = reference;
      if (map.typeName !== 'array') {
        path.reject(
          'BPF-V052',
          `the address of a value of ${map.name} is taken, a map of type BPF_MAP_TYPE_${map.typeName.toUpperCase()}: only in arrays values have a place that is known`,
          { help: 'look the element up with bpf_map_lookup_elem()' },
        );
      }
      return new PointerValue({ kind: 'map_value', map, unique: 0 }, { offset });
    }
    case 'data':
      return new PointerValue(
        { kind: 'data', section: reference.section },
        { offset: reference.offset },
      );
    case 'function':
      return new PointerValue({ kind: 'function', function: reference.function });
  }
}

export function reference(path: Path, i: Of<'reference'>): void {
  writable(path, i.destination)[i.destination] = referenced(path, i.reference);
}
