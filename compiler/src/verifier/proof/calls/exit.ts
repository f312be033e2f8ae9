/** Exits: of functions to their callers, of callbacks to their helpers, of programs. */
import type { Path } from '../path.ts';
import type { State } from '../state.ts';
import { checkCallbackResult, leaveCallback } from './callbacks.ts';
import { describeRange } from './describe.ts';
import { refuseUnderLock } from './locks.ts';
import { refuseHeld } from './references.ts';

/** An exit. True when the path goes on, at `state.pc`; false when it has ended, as it may. */
export function exitFunction(path: Path): boolean {
  const { state } = path;
  const { frame } = state;
  if (state.frames.length === 1) {
    leaveProgram(path);
    return false;
  }
  refuseStackAddress(path);
  if (frame.callback !== undefined) {
    const number = state.frames.length - 1;
    const own = state.references.filter((reference) => reference.frame >= number);
    refuseHeld(path, own, 'when this callback returns');
    refuseUnderLock(path, 'this callback returns', 'unlock before the callback returns');
    leaveCallback(path, frame.callback);
    return true;
  }
  const result = frame.registers[0]!;
  handUp(state);
  state.frame.registers[0] = result;
  state.pc = frame.callSite + 1;
  return true;
}

/** The running function's frame ends; what it holds is its caller's from now on. */
function handUp(state: State): void {
  state.frames.pop();
  const caller = state.frames.length - 1;
  if (!state.references.some(({ frame }) => frame > caller)) return;
  state.references = state.references.map((reference) =>
    reference.frame > caller ? { ...reference, frame: caller } : reference,
  );
}

/** The frame is gone when the caller goes on. */
function refuseStackAddress(path: Path): void {
  const result = path.state.frame.registers[0]!;
  if (result.kind !== 'pointer' || result.target.kind !== 'stack') return;
  path.reject('BPF-V044', 'this function returns the address of a local variable', {
    help: 'let the caller pass the address of a variable of its own',
    registers: [0],
  });
}

/** The end of a program, of a global function that is verified apart, or of a timer's callback. */
function leaveProgram(path: Path): void {
  const { state, program, layout } = path;
  const { frame } = state;
  refuseHeld(path, state.references, 'when the program ends');
  refuseUnderLock(path, 'the program ends', 'unlock on every path before return');
  if (frame.callback !== undefined) {
    checkCallbackResult(path, frame.callback);
    return;
  }
  const result = frame.registers[0]!;
  const registers = [0];
  if (result.kind === 'uninitialised') {
    path.reject('BPF-V044', 'r0, the return value, was never set on this path', {
      help: 'return a value on every path',
    });
  }
  if (frame.function !== program.entry) {
    if (result.kind === 'scalar') return;
    path.reject(
      'BPF-V049',
      'this global function returns a pointer: callers take it for a number',
      {
        help: 'declare the function static, or return a number',
        registers,
      },
    );
  }
  if (layout.returns === undefined) return;
  const { minimum, maximum } = layout.returns;
  const allowed = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
  if (result.kind !== 'scalar') {
    path.reject(
      'BPF-V044',
      `the program returns a pointer; programs of this type must return ${allowed}`,
      { registers },
    );
  }
  path.markPrecise(0);
  const { signedMinimum, signedMaximum } = result.range;
  if (signedMinimum >= minimum && signedMaximum <= maximum) return;
  path.reject(
    'BPF-V044',
    `programs of this type must return ${allowed}, but this may return ${describeRange(result.range)}`,
    { help: `return ${allowed}`, registers },
  );
}
