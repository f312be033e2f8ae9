/**
 * Helpers that call a function of the program.
 *
 * A helper that calls back at once may do so any number of times. At the call there are two paths: one on
 * which the helper is done, and one into the callback; when the callback returns, control is at the call
 * again, with the caller's registers as they were. So the state before the call is compared with those of
 * earlier runs like the head of any loop, and the walk ends when another run would tell nothing new.
 * A callback that runs some time later (a timer's) has an entry state of its own.
 */
import { UNKNOWN } from '../../domain/index.ts';
import { HELPER } from '../../helper-numbers.ts';
import { hasLock } from '../memory/special-fields.ts';
import type { Path } from '../path.ts';
import { type Callback, Frame, State } from '../state.ts';
import { PointerValue, ScalarValue, type Value } from '../value.ts';
import type { Call } from './call.ts';
import { describeRange, describeValue } from './describe.ts';
import { forgetPointers } from './references.ts';

/** Frames on the call stack at most. */
export const MAXIMUM_FRAMES = 8;

/** Whether a helper calls a function of the program back before it returns. */
export function callsBack(helper: number): boolean {
  return (
    helper === HELPER.for_each_map_elem ||
    helper === HELPER.loop ||
    helper === HELPER.user_ringbuf_drain
  );
}

const UNKNOWN_NUMBER = new ScalarValue(UNKNOWN);

/**
 * Parameters r1 to r5 of the callback that the call begins. Pointers with this `reference` are good until
 * it returns.
 */
function parameters(path: Path, call: Call, reference: number): readonly Value[] {
  const { registers } = path.state.frame;
  switch (call.helper.number) {
    case HELPER.loop:
      return [UNKNOWN_NUMBER, registers[3]!];
    case HELPER.for_each_map_elem:
      return [...elementOf(path, call.map!, reference), registers[3]!];
    case HELPER.user_ringbuf_drain:
      return [
        new PointerValue(
          { kind: 'dynptr', name: 'a record of the user ring buffer' },
          { reference },
        ),
        registers[3]!,
      ];
    default:
      return [];
  }
}

type MapArgument = NonNullable<Call['map']>;

/** A map, and pointers to the key and the value of one of its elements. */
function elementOf(path: Path, { map, unique }: MapArgument, reference: number): Value[] {
  const locked = hasLock(path.object, map);
  return [
    new PointerValue({ kind: 'map', map, unique }),
    new PointerValue({ kind: 'map_key', map, unique }, { reference }),
    new PointerValue({ kind: 'map_value', map, unique }, { id: locked ? path.newId() : 0 }),
  ];
}

/** Refuses functions that cannot be called back. */
function checkFunction(path: Path, call: Call, fn: number): void {
  const callee = path.object.functions[fn]!;
  const register = call.helper.arguments.indexOf('FUNC') + 1;
  if (callee.linkage === 'static' && callee.program === undefined) return;
  const what = callee.program === undefined ? 'a global function' : 'a program';
  path.reject(
    'BPF-V046',
    `${callee.name}, which bpf_${call.helper.name}() is to call back, is ${what}: only static functions can be`,
    { help: `declare it static`, registers: [register] },
  );
}

/** The frame of a function that runs with these parameters. */
function frameWith(
  fn: number,
  callSite: number,
  frame: number,
  values: readonly Value[],
  callback?: Callback,
): Frame {
  const made = new Frame(fn, callSite, callback);
  values.forEach((value, index) => {
    made.registers[index + 1] = value;
  });
  made.registers[10] = new PointerValue({ kind: 'stack', frame });
  return made;
}

/** Begins the callbacks of a call whose arguments were checked, before the call takes effect. */
export function beginCallbacks(path: Path, call: Call): void {
  const { helper, callback } = call;
  if (callback === undefined) return;
  checkFunction(path, call, callback);
  if (helper.number === HELPER.timer_set_callback) {
    runLater(path, call, callback);
    return;
  }
  if (!callsBack(helper.number)) {
    path.reject('BPF-V046', `callbacks of bpf_${helper.name}() are not supported`);
  }
  path.callbacks.atOnce.add(callback);
  const { state } = path;
  if (helper.number === HELPER.loop && !anotherRun(path)) {
    state.frame.callbackRuns = 0;
    return;
  }
  if (state.frames.length >= MAXIMUM_FRAMES) {
    path.reject(
      'BPF-V042',
      `this callback is the ${MAXIMUM_FRAMES + 1}th function on the call stack; ${MAXIMUM_FRAMES} are allowed`,
      { help: 'call fewer functions inside each other' },
    );
  }
  const run = state.copy();
  run.callbackRuns++;
  run.frame.callbackRuns++;
  const reference = helper.number === HELPER.loop ? 0 : path.newId();
  const values = parameters(path, call, reference);
  run.frames.push(
    frameWith(callback, path.pc, run.frames.length, values, {
      helper: helper.number,
      later: false,
      minimum: 0,
      maximum: 1,
      reference,
    }),
  );
  run.pc = path.code.startOf(callback);
  path.fork(run);
  state.frame.callbackRuns = 0;
}

/** Whether bpf_loop() may run its callback once more than on this path so far. */
function anotherRun(path: Path): boolean {
  const { frame } = path.state;
  const count = frame.registers[1]!;
  if (count.kind !== 'scalar') {
    return path.reject(
      'BPF-V033',
      `argument 1 of bpf_loop() must be a number of turns, but is ${describeValue(path, count)}`,
      { help: 'pass how often the callback is to be called at most', registers: [1] },
    );
  }
  path.markPrecise(1);
  return frame.callbackRuns < count.range.unsignedMaximum;
}

/**
 * A timer's callback: it runs alone, with the map and the element of the timer. Its entry state depends on
 * nothing else, so that walking it once for each kind of map is enough, also when it starts itself again.
 */
function runLater(path: Path, call: Call, fn: number): void {
  const { map, unique } = call.timer!;
  path.callbacks.later.add(fn);
  if (map === undefined) {
    path.reject('BPF-V046', 'a timer in global data has no element to give to its callback', {
      help: 'put the timer in the value of a map',
    });
  }
  // Of inner maps it is not known which one; any stands for all.
  const key = `${fn} ${map.index} ${map.name} ${unique === 0 ? 0 : 1}`;
  if (path.begun.has(key)) return;
  path.begun.add(key);
  const entry = unique === 0 ? 0 : path.newId();
  const state = new State(path.code.startOf(fn));
  state.frames.push(
    frameWith(fn, -1, 0, elementOf(path, { map, unique: entry }, 0), {
      helper: call.helper.number,
      later: true,
      minimum: 0,
      maximum: 0,
      reference: 0,
    }),
  );
  path.fork(state);
}

/** A callback's exit: its result is checked, and control is at the call again. */
export function leaveCallback(path: Path, callback: Callback): void {
  checkCallbackResult(path, callback);
  const { state } = path;
  const { callSite } = state.frame;
  const { reference } = callback;
  if (reference !== 0) forgetPointers(state, (pointer) => pointer.reference === reference);
  state.frames.pop();
  state.pc = callSite;
  path.widen(state, callSite);
}

/** Checks what a callback returns. */
export function checkCallbackResult(path: Path, callback: Callback): void {
  const { minimum, maximum } = callback;
  const allowed = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
  const result = path.state.frame.registers[0]!;
  const registers = [0];
  const help =
    maximum === 0
      ? 'return 0 at the end of the callback'
      : 'return 0 to go on with the next element, 1 to stop';
  if (result.kind !== 'scalar') {
    path.reject(
      'BPF-V045',
      result.kind === 'pointer'
        ? `this callback returns a pointer; it must return a number (${allowed})`
        : `this callback returns nothing on this path; it must return ${allowed}`,
      { help, registers },
    );
  }
  path.markPrecise(0);
  const { signedMinimum, signedMaximum } = result.range;
  if (signedMinimum >= minimum && signedMaximum <= maximum) return;
  path.reject(
    'BPF-V045',
    `this callback must return ${allowed}, but may return ${describeRange(result.range)}`,
    { help, registers },
  );
}
