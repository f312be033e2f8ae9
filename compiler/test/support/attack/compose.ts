/**
 * Programs that are right, put together from what programs do, each as near to the edge of what a
 * verifier lets pass as the composer can: the last byte, the largest number, the widest copy.
 */

import { asm, type Draft } from '../object.ts';
import { Random } from '../random.ts';
import { access, pointer } from './areas.ts';
import { correlated, decide, fork, loop } from './control.ts';
import { call, callBack } from './functions.ts';
import { dynptr, memoryCall, record, smallCall } from './helpers.ts';
import { loopTrap } from './loop-traps.ts';
import { hasPacket, packet } from './packets.ts';
import type { AttackKind, AttackProgram } from './program.ts';
import { freeSlot, index, mangle, number } from './scalars.ts';
import { trap } from './traps.ts';
import { type Setting, Target, Writer } from './writer.ts';

const KINDS: readonly AttackKind[] = [
  ...(['xdp', 'xdp', 'tc', 'tc', 'kprobe', 'kprobe'] as const),
  ...(['tracepoint', 'socket_filter', 'raw'] as const),
];

/** More statements than this make a function too long to be looked at. */
const LENGTH = 60;
const NESTING = 3;

/** One statement; `level` counts what is around it. */
function statement(writer: Writer, level: number, out: Target): void {
  const { random } = writer;
  const inner = (target: Target) => {
    if (level < NESTING) statement(writer, level + 1, target);
  };
  const draw = random.below(100);
  if (draw < 26) {
    const register = pointer(writer, out);
    if (register >= 0) access(writer, register, out);
  } else if (draw < 40 && hasPacket(writer)) {
    packet(writer, out);
  } else if (draw < 43) {
    correlated(writer, out);
  } else if (draw < 52 && level === 0) {
    trap(writer, out, (target) =>
      call(writer, (other, count) => statements(other, count, level + 1), target),
    );
  } else if (draw < 56) {
    fork(writer, out);
  } else if (draw < 61) {
    loop(writer, inner);
  } else if (draw < 64) {
    loopTrap(writer);
  } else if (draw < 68) {
    memoryCall(writer, out);
  } else if (draw < 73) {
    call(writer, (other, count) => statements(other, count, level + 1), out);
  } else if (draw < 76) {
    callBack(writer, (other, count) => statements(other, count, level + 1));
  } else if (draw < 80) {
    record(writer, inner);
  } else if (draw < 83) {
    dynptr(writer, out);
  } else if (draw < 86) {
    smallCall(writer);
  } else {
    numbers(writer, level, out);
  }
}

/** Statements about numbers alone. */
function numbers(writer: Writer, level: number, out: Target): void {
  const { random } = writer;
  const register = number(writer);
  if (register < 0) return;
  const draw = random.below(5);
  if (draw === 0 && !writer.state.pinned.has(register)) {
    mangle(writer, register);
  } else if (draw === 1) {
    const slot = freeSlot(writer);
    if (slot === undefined) return;
    const size = random.pick([8, 8, 4, 2, 1] as const);
    if (size < 8) writer.emit(asm.storeI(8, 10, slot, 0));
    writer.emit(asm.storeR(size, 10, slot, register));
    writer.state.slots.set(slot, { kind: 'number' });
  } else if (draw === 2) {
    const skip = new Target();
    if (decide(writer, skip) && level < NESTING) statement(writer, level + 1, skip);
    writer.place(skip);
  } else if (draw === 3) {
    index(writer, random.pick([1, 3, 7, 15, 31, 60]), out);
  } else {
    const to = writer.free();
    if (to >= 0) writer.copy(to, register);
  }
}

/** Some statements; what fails in one goes on behind it, or behind all. */
function statements(writer: Writer, count: number, level: number): void {
  const last = new Target();
  for (let left = count; left > 0 && writer.length < LENGTH; left--) {
    const skip = writer.random.chance(0.5) ? new Target() : last;
    statement(writer, level, skip);
    if (skip !== last) writer.place(skip);
  }
  writer.place(last);
}

/** The program of a seed. */
export function compose(seed: number): AttackProgram {
  const random = new Random(seed);
  const kind = random.pick(KINDS);
  const sizes = {
    array: random.pick([8, 16, 17, 32, 48, 64, 100]),
    hash: random.pick([8, 16, 24, 40]),
    perCpu: random.pick([8, 16]),
  };
  const functions: (readonly Draft[])[] = [[]];
  const setting: Setting = { random, kind, sizes, functions };
  const writer = new Writer(setting, 0);
  if (kind !== 'raw') {
    writer.set(1, { kind: 'context' });
    writer.copy(6, 1);
    writer.state.pinned.add(6);
  }
  statements(writer, 2 + random.below(4), 0);
  const result = writer.holdingSuch((value) => value.kind === 'bounded' && value.low >= 0);
  if (result.length > 0 && random.chance(0.3)) writer.copy(0, random.pick(result));
  else writer.alu('mov', 0, { immediate: random.below(3) });
  writer.emit(asm.exit);
  functions[0] = writer.finish();
  return { kind, sizes, functions };
}
