/**
 * Calls of the program's own functions, and where walks begin. A static function is walked at each call with
 * what its caller gives it; a global one once, with what BTF says it gets.
 */
import type { BpfInstruction, BpfObject, BpfProgram } from '../../../object/index.ts';
import { rangeScalar, UNKNOWN } from '../../domain/index.ts';
import type { ContextLayout } from '../../types.ts';
import { readable } from '../instructions/alu.ts';
import { LENGTH_ID } from '../instructions/packet-range.ts';
import type { Code, Path } from '../path.ts';
import { Frame, State } from '../state.ts';
import { PointerValue, ScalarValue, UNINITIALISED, type Value } from '../value.ts';
import { MAXIMUM_FRAMES } from './callbacks.ts';
import { describeValue } from './describe.ts';
import { checkGlobalArguments } from './global-call.ts';
import { callHelper } from './helper-call.ts';
import { refuseUnderLock } from './locks.ts';
import { functionChangesPacket } from './packet-changes.ts';
import { forgetPackets } from './references.ts';
import { type Parameter, type Signature, signatureOf } from './signature.ts';

const LARGEST_HELPER = 0xffff;
const UNKNOWN_NUMBER = new ScalarValue(UNKNOWN);

/** The signature by which a function is verified apart from its callers; undefined for static ones. */
function globalSignature(
  object: BpfObject,
  program: BpfProgram,
  fn: number,
): Signature | undefined {
  const callee = object.functions[fn]!;
  // Without BTF nothing is known of what its callers must give it: it is then walked at each call.
  return callee.linkage === 'global' && fn !== program.entry
    ? signatureOf(object, fn, program.kind)
    : undefined;
}

/** Whether calls of the function trust that it was verified by itself. */
export function isVerifiedApart(object: BpfObject, program: BpfProgram, fn: number): boolean {
  return globalSignature(object, program, fn) !== undefined;
}

/** A call of a function of the object. */
export function callFunction(path: Path, fn: number): boolean {
  const signature = globalSignature(path.object, path.program, fn);
  if (signature !== undefined) {
    callGlobal(path, fn, signature);
    return true;
  }
  enter(path, fn);
  return true;
}

function callGlobal(path: Path, fn: number, signature: Signature): void {
  const { name } = path.object.functions[fn]!;
  refuseUnderLock(
    path,
    `the global function ${name} is called`,
    'declare the function static, or call it before the lock is taken',
  );
  checkGlobalArguments(path, fn, signature);
  if (functionChangesPacket(path.object, fn)) forgetPackets(path.state);
  const { registers } = path.state.frame;
  for (let register = 1; register <= 5; register++) registers[register] = UNINITIALISED;
  registers[0] = UNKNOWN_NUMBER;
}

/** Goes on in the function, in a frame of its own. */
function enter(path: Path, fn: number): void {
  const { state } = path;
  if (state.frames.length >= MAXIMUM_FRAMES) {
    path.reject(
      'BPF-V042',
      `this call would be the ${MAXIMUM_FRAMES + 1}th function on the call stack; ${MAXIMUM_FRAMES} are allowed`,
      { help: 'call fewer functions inside each other, or let the compiler inline some' },
    );
  }
  const { registers } = state.frame;
  const frame = new Frame(fn, path.pc);
  for (let register = 1; register <= 5; register++) {
    frame.registers[register] = registers[register]!;
    registers[register] = UNINITIALISED;
  }
  registers[0] = UNINITIALISED;
  frame.registers[10] = new PointerValue({ kind: 'stack', frame: state.frames.length });
  state.frames.push(frame);
  state.pc = path.code.startOf(fn);
}

/**
 * A call through a register: of a function whose address it holds, or, for embedded users, of the helper
 * whose number it holds. The kernel has no such calls.
 */
export function callRegister(path: Path, register: number): boolean {
  const value = readable(path, register);
  const registers = [register];
  if (value.kind === 'scalar') {
    const { constantNumber } = value.range;
    if (constantNumber !== undefined && constantNumber >= 0 && constantNumber <= LARGEST_HELPER) {
      path.markPrecise(register);
      return callHelper(path, constantNumber);
    }
  } else if (
    value.kind === 'pointer' &&
    value.target.kind === 'function' &&
    !value.nullable &&
    value.offset === 0 &&
    value.variable.constantNumber === 0
  ) {
    return callFunction(path, value.target.function);
  }
  return path.reject(
    'BPF-V007',
    `a call through r${register}, which holds ${describeValue(path, value)}`,
    { help: 'call a function by its name', registers },
  );
}

/** A call of a kernel function: there are none outside the kernel. */
export function callKernel(path: Path, i: Extract<BpfInstruction, { kind: 'call_kernel' }>): never {
  return path.reject(
    'BPF-V006',
    `kernel functions cannot be called outside the kernel (BTF id ${i.btfId})`,
    { help: 'use a helper instead, or leave this part out with bpf_ksym_exists()' },
  );
}

function stateAt(code: Code, fn: number, values: readonly Value[]): State {
  const state = new State(code.startOf(fn));
  const frame = new Frame(fn, -1);
  values.forEach((value, index) => {
    frame.registers[index + 1] = value;
  });
  frame.registers[10] = new PointerValue({ kind: 'stack', frame: 0 });
  state.frames.push(frame);
  return state;
}

/** The state in which a program starts: the context, or memory and its length. */
export function entryState(
  _object: BpfObject,
  program: BpfProgram,
  layout: ContextLayout,
  code: Code,
  _newId: () => number,
): State {
  if (!layout.memoryWithLength) {
    return stateAt(code, program.entry, [new PointerValue({ kind: 'context' })]);
  }
  return stateAt(code, program.entry, [
    new PointerValue({ kind: 'packet' }),
    new ScalarValue(rangeScalar(0, 0x7fff_ffff), LENGTH_ID),
  ]);
}

function parameterValue(parameter: Parameter, newId: () => number): Value {
  switch (parameter.kind) {
    case 'scalar':
      return UNKNOWN_NUMBER;
    case 'context':
      return new PointerValue({ kind: 'context' });
    case 'memory': {
      const { name, size, nullable } = parameter;
      return new PointerValue(
        {
          kind: 'memory',
          size,
          writable: true,
          alignment: 1,
          name: `memory of parameter ${name}`,
        },
        nullable ? { nullable, id: newId() } : {},
      );
    }
    case 'dynptr':
      return new PointerValue({ kind: 'dynptr', name: `parameter ${parameter.name}` });
  }
}

/** The state in which a global function starts: any arguments that its signature allows. */
export function globalEntryState(
  object: BpfObject,
  program: BpfProgram,
  _layout: ContextLayout,
  code: Code,
  newId: () => number,
  fn: number,
): State {
  const signature = signatureOf(object, fn, program.kind);
  // Calls of what has no usable signature were refused.
  const parameters = signature?.kind === 'known' ? signature.parameters : [];
  return stateAt(
    code,
    fn,
    parameters.map((parameter) => parameterValue(parameter, newId)),
  );
}
