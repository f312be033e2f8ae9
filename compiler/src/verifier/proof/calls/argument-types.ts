/** What kinds of arguments have in common. */
import type { Path } from '../path.ts';
import type { PointerValue, Target, Value } from '../value.ts';
import type { Call } from './call.ts';
import { argumentName, describeValue } from './describe.ts';

/** Whether a value is the constant 0, which stands for null. */
export function isNull(value: Value): boolean {
  return value.kind === 'scalar' && value.range.constantNumber === 0;
}

/**
 * Whether an argument that may be null is null. That it is 0 is then relied upon: a state that comes here
 * later with another number in its place must not be taken for this one.
 */
export function isNullArgument(path: Path, register: number, value: Value): boolean {
  if (!isNull(value)) return false;
  path.markPrecise(register);
  return true;
}

const EXPECTED = {
  context: {
    what: 'the context of the program',
    help: 'pass the argument of the program (ctx), unchanged',
  },
  map: {
    what: 'a map',
    help: 'pass the address of a map: define it in SEC(".maps"), and check what a map of maps returned',
  },
} as const;

/** Checks that an argument is an unmoved pointer to one kind of target. */
export function pointerTo<K extends 'context' | 'map'>(
  path: Path,
  call: Call,
  register: number,
  kind: K,
): PointerValue & { readonly target: Extract<Target, { kind: K }> } {
  const value = path.state.frame.registers[register]!;
  const name = argumentName(call.helper, register);
  const { what, help } = EXPECTED[kind];
  if (value.kind !== 'pointer' || value.target.kind !== kind) {
    return path.reject(
      'BPF-V033',
      `${name} must be ${what}, but is ${describeValue(path, value)}`,
      { help, registers: [register] },
    );
  }
  if (value.nullable) {
    path.reject('BPF-V028', `${name} may be null`, {
      help: 'compare the pointer with NULL first',
      registers: [register],
    });
  }
  if (value.offset !== 0 || value.variable.constantNumber !== 0) {
    const code = kind === 'context' ? 'BPF-V023' : 'BPF-V033';
    path.reject(code, `${name} must be ${what} itself, but something was added to it`, {
      help: 'pass the pointer as it was got',
      registers: [register],
    });
  }
  return value as PointerValue & { readonly target: Extract<Target, { kind: K }> };
}
