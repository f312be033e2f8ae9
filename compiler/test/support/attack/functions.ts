/** Functions of the program's own, called directly or by helpers. */
import { asm } from '../object.ts';
import { BUFFER, BUFFER_SIZE, initialiseBuffer, sizedArea } from './areas.ts';
import { MAP } from './program.ts';
import { index } from './scalars.ts';
import type { Value } from './state.ts';
import { type Argument, Target, Writer } from './writer.ts';

/** Writes statements of a function. */
export type Compose = (writer: Writer, statements: number) => void;

const NUMBER: Value = { kind: 'number' };

/** Writes a function whose arguments are known; gives its index. */
function define(
  caller: Writer,
  parameters: readonly (Value | undefined)[],
  result: { readonly low: number; readonly high: number } | undefined,
  compose: Compose,
): number {
  const { setting, random } = caller;
  const place = setting.functions.length;
  setting.functions.push([]);
  const writer = new Writer(setting, caller.depth + 1);
  parameters.forEach((value, at) => {
    const saved = 6 + at;
    if (value === undefined || saved > 8) return;
    writer.set(at + 1, value);
    if (random.chance(0.8)) writer.copy(saved, at + 1);
  });
  compose(writer, 1 + random.below(2));
  if (result === undefined) {
    writer.alu('mov', 0, { immediate: random.below(4) });
  } else {
    const end = new Target();
    const none = new Target();
    const register = index(writer, result.high - result.low, none);
    if (register >= 0) writer.copy(0, register);
    if (register >= 0 && result.low > 0) writer.alu('add', 0, { immediate: result.low });
    if (register < 0) writer.alu('mov', 0, { immediate: result.low });
    if (none.state !== undefined) {
      writer.jump(end);
      writer.place(none);
      writer.alu('mov', 0, { immediate: random.chance(0.5) ? result.high : result.low });
      writer.place(end);
    }
  }
  writer.emit(asm.exit);
  setting.functions[place] = writer.finish();
  return place;
}

/** A call with the caller's memory and a number; the result is a number between bounds. */
export function call(writer: Writer, compose: Compose, out: Target): void {
  const { random } = writer;
  if (writer.depth >= 2) return;
  const list: Argument[] = [];
  const parameters: (Value | undefined)[] = [];
  if (random.chance(0.6)) {
    initialiseBuffer(writer);
    list.push({ frame: BUFFER });
    const area = { ...sizedArea('frame of the caller', BUFFER_SIZE), stack: true as const };
    parameters.push({ kind: 'pointer', area, low: 0, high: 0 });
  } else {
    const pointers = writer.holdingSuch((value) => value.kind === 'pointer');
    if (pointers.length > 0) {
      const register = random.pick(pointers);
      list.push({ register });
      parameters.push(writer.value(register));
    }
  }
  if (random.chance(0.6)) {
    const kept = list.flatMap((one) => ('register' in one ? [one.register] : []));
    const limit = random.pick([1, 7, 15, 31, 63]);
    const register = writer.pinning(kept, () => index(writer, limit, out));
    if (register >= 0) {
      list.push({ register });
      parameters.push(writer.value(register));
    }
  }
  const context = writer.holdingSuch(({ kind }) => kind === 'context')[0];
  if (context !== undefined && random.chance(0.5)) {
    list.push({ register: context });
    parameters.push({ kind: 'context' });
  }
  const low = random.chance(0.5) ? 0 : random.below(4);
  const result = { low, high: low + random.pick([0, 1, 7, 15, 31]) };
  const target = define(writer, parameters, result, compose);
  writer.arguments(list);
  writer.emit(asm.call(target));
  writer.clobber({ kind: 'bounded', ...result });
}

/** bpf_loop or bpf_for_each_map_elem: what the callback changes is as unknown afterwards. */
export function callBack(writer: Writer, compose: Compose): void {
  const { random } = writer;
  if (writer.depth >= 2) return;
  const shared = random.chance(0.7);
  if (shared) initialiseBuffer(writer);
  const area = { ...sizedArea('frame of the caller', BUFFER_SIZE), stack: true as const };
  const memory: Value | undefined = shared ? { kind: 'pointer', area, low: 0, high: 0 } : undefined;
  const context: Argument = shared ? { frame: BUFFER } : { immediate: 0 };
  const result = { low: 0, high: 1 };
  if (random.chance(0.6)) {
    const target = define(writer, [NUMBER, memory], result, compose);
    const make = (to: number) => writer.emit(asm.refer(to, { kind: 'function', function: target }));
    const rounds = random.pick([0, 1, 3, 10]);
    writer.helper(181, [{ immediate: rounds }, { make }, context, { immediate: 0 }], NUMBER);
    return;
  }
  const { sizes } = writer.setting;
  const [map, size] = random.pick([
    [MAP.array, sizes.array],
    [MAP.hash, sizes.hash],
  ] as const);
  const name = map === MAP.array ? 'array' : 'hash';
  const value: Value = { kind: 'pointer', area: sizedArea(name, size), low: 0, high: 0 };
  const target = define(writer, [undefined, undefined, value, memory], result, compose);
  const make = (to: number) => writer.emit(asm.refer(to, { kind: 'function', function: target }));
  writer.helper(164, [{ map }, { make }, context, { immediate: 0 }], NUMBER);
}
