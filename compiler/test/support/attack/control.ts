/** Branches whose arms differ in what only later matters, and loops. */
import type { BranchOperator } from '../../../src/isa/index.ts';
import { asm } from '../object.ts';
import { access, pointer } from './areas.ts';
import { freeSlot, number } from './scalars.ts';
import type { Value } from './state.ts';
import { Target, type Writer } from './writer.ts';

const OPERATORS: readonly BranchOperator[] = [
  ...(['eq', 'ne', 'set', 'gt', 'ge', 'lt', 'le', 'sgt', 'sge', 'slt', 'sle'] as const),
];

type Body = (out: Target) => void;

/** Branches on some number to a target. */
export function decide(writer: Writer, target: Target): boolean {
  const { random } = writer;
  const register = number(writer);
  if (register < 0) return false;
  const width = random.pick([32, 64] as const);
  const right = { immediate: random.pick([0, 1, 7, 100, -1, 0x7fffffff, random.below(64)]) };
  writer.branch(random.pick(OPERATORS), register, right, target, width);
  return true;
}

/** Both arms put something into the same register or slot; afterwards it is used. */
export function fork(writer: Writer, out: Target): void {
  const { random } = writer;
  const to = writer.free(random.chance(0.7));
  if (to < 0) return;
  const other = new Target();
  const end = new Target();
  writer.pinning([to], () => {
    if (!decide(writer, other)) return;
    const slot = random.chance(0.3) ? freeSlot(writer) : undefined;
    const same = random.chance(0.35) ? pointer(writer, out) : -1;
    const base = same < 0 ? undefined : writer.value(same);
    const arm = () => {
      if (base?.kind === 'pointer' && writer.value(same) === base) {
        const room = base.area.variable ? base.area.size - 1 - base.high : 0;
        const moved = random.below(Math.max(1, room + 1));
        writer.alu('mov', to, { register: same });
        if (moved > 0) writer.alu('add', to, { immediate: moved });
        writer.set(to, { ...base, low: base.low + moved, high: base.high + moved });
      } else {
        const width = random.chance(0.3) ? 32 : 64;
        const value = random.below(random.pick([4, 16, 64]));
        writer.alu('mov', to, { immediate: value }, width);
        writer.set(to, { kind: 'bounded', low: value, high: value });
      }
      if (slot !== undefined) {
        writer.emit(asm.storeR(8, 10, slot, to));
        writer.state.slots.set(slot, writer.value(to)!);
      }
    };
    arm();
    writer.jump(end);
    writer.place(other);
    arm();
    writer.place(end);
    if (slot !== undefined) {
      const value = writer.state.slots.get(slot);
      writer.set(to, value);
      if (value !== undefined) writer.load(to, 8, 10, slot);
    }
  });
  if (writer.value(to)?.kind === 'pointer') access(writer, to, out);
}

/**
 * Two paths meet with different things in one register, and with a flag that says which. Only where
 * the flag is right may the register be used: who takes the two states for one goes wrong.
 */
export function correlated(writer: Writer, out: Target): void {
  const { random } = writer;
  const base = pointer(writer, out);
  const area = base < 0 ? undefined : writer.value(base);
  if (area?.kind !== 'pointer' || !area.area.variable || area.low < 0) return;
  const room = area.area.size - 1 - area.high;
  if (room < 0) return;
  writer.pinning([base], () => {
    const subject = writer.free(random.chance(0.6));
    if (subject < 0) return;
    writer.pinning([subject], () => {
      const flag = writer.free(random.chance(0.6));
      if (flag >= 0)
        writer.pinning([flag], () => meet(writer, { base, subject, flag, room }, area));
    });
  });
}

function meet(
  writer: Writer,
  registers: { base: number; subject: number; flag: number; room: number },
  value: Value & { kind: 'pointer' },
): void {
  const { random } = writer;
  const { base, subject, flag, room } = registers;
  const wrong = new Target();
  const joined = new Target();
  const end = new Target();
  const slot = random.chance(0.35) ? freeSlot(writer) : undefined;
  const pointers = random.chance(0.3);
  writer.set(subject, undefined);
  writer.set(flag, undefined);
  if (random.chance(0.3)) writer.alu('mov', flag, { immediate: 0 });
  if (!decide(writer, wrong)) return;
  const marks = random.chance(0.5) ? [1, 0] : [0, 7];
  const put = (right: boolean) => {
    if (pointers) {
      writer.alu('mov', subject, { register: right ? base : 10 });
      if (right) writer.alu('add', subject, { immediate: random.below(room + 1) });
    } else if (right || random.chance(0.8)) {
      const edge = random.pick([room + 1, room + 8, 0x7fffffff, -1]);
      const value = right ? (random.chance(0.6) ? room : random.below(room + 1)) : edge;
      writer.alu('mov', subject, { immediate: value });
    }
    if (slot !== undefined && (right || random.chance(0.7))) {
      writer.emit(asm.storeR(8, 10, slot, pointers || right ? subject : base));
    }
    writer.alu('mov', flag, { immediate: right ? marks[0]! : marks[1]! });
  };
  // The order decides which of the two states is walked first, and remembered.
  const first = random.chance(0.5);
  put(first);
  writer.jump(joined);
  writer.place(wrong);
  put(!first);
  writer.place(joined);
  writer.set(subject, undefined);
  writer.set(flag, undefined);
  if (slot !== undefined) writer.state.slots.delete(slot);
  // Something in between, so that states are kept here.
  const between = new Target();
  if (random.chance(0.6)) {
    decide(writer, between);
    number(writer);
    writer.place(between);
  }
  const width = random.chance(0.3) ? 32 : 64;
  if (random.chance(0.6)) writer.branch('ne', flag, { immediate: marks[0]! }, end, width);
  else writer.branch('eq', flag, { immediate: marks[1]! }, end, width);
  if (slot !== undefined && random.chance(0.8)) writer.load(subject, 8, 10, slot);
  const byte = asm.storeI(1, subject, 0, 1);
  const load = writer.free(false, [subject, base]);
  const through = value.area.writable && random.chance(0.5) ? byte : asm.load(load, 1, subject, 0);
  if (load < 0) return;
  if (!pointers) writer.alu('add', subject, { register: base });
  writer.emit(through);
  if (through !== byte) writer.set(load, undefined);
  writer.place(end);
  writer.set(load, undefined);
}

/** Loops: counted up or down, by a constant or a number, left early, or by may_goto. */
export function loop(writer: Writer, body: Body): void {
  const { random } = writer;
  const counter = writer.free(true);
  if (counter < 0) return;
  const accumulator = random.chance(0.5) ? writer.free(true, [counter]) : -1;
  const rounds = 1 + random.below(random.pick([4, 8, 20]));
  const top = new Target();
  const end = new Target();
  const endless = random.chance(0.25);
  const down = random.chance(0.35);
  const kept = accumulator < 0 ? [counter] : [counter, accumulator];
  writer.constant(counter, down ? rounds : 0);
  if (accumulator >= 0) writer.constant(accumulator, random.below(3));
  writer.pinning(kept, () => {
    // What holds in the first round only must not be used in the others.
    for (const one of kept) writer.set(one, { kind: 'number' });
    pinWhatStays(writer, () => {
      writer.place(top);
      if (endless) writer.emitTo({ kind: 'may_goto', target: 0 }, end);
      const early = !down && random.chance(0.7);
      if (early) writer.branch('ge', counter, { immediate: rounds }, end, random.pick([32, 64]));
      writer.set(
        counter,
        endless && !early
          ? { kind: 'number' }
          : { kind: 'bounded', low: down ? 1 : 0, high: down ? rounds : rounds - 1 },
      );
      const out = random.chance(0.3) ? end : new Target();
      body(out);
      if (accumulator >= 0) accumulate(writer, accumulator, out);
      if (out !== end) writer.place(out);
      writer.alu('add', counter, { immediate: down ? -1 : 1 }, random.chance(0.3) ? 32 : 64);
      writer.set(counter, { kind: 'number' });
      if (early) writer.jump(top);
      else if (down) writer.branch('ne', counter, { immediate: 0 }, top);
      else writer.branch('lt', counter, { immediate: rounds }, top, random.pick([32, 64]));
      writer.place(end);
    });
  });
}

/** Pointers in saved registers and the context stay for every round; the rest is forgotten. */
function pinWhatStays(writer: Writer, work: () => void): void {
  const stay = [6, 7, 8, 9].filter((register) => {
    const value = writer.value(register);
    return value?.kind === 'pointer' || value?.kind === 'context';
  });
  writer.pinning(stay, () => {
    writer.state.keepPinned();
    const slots = writer.state.pinnedSlots.size;
    work();
    if (slots === 0) writer.state.keepPinned();
  });
}

/** Adds to a number in every round, and uses it as an offset after a comparison. */
function accumulate(writer: Writer, accumulator: number, out: Target): void {
  const { random } = writer;
  const step = random.pick([1, 1, 2, 3, 8]);
  writer.alu('add', accumulator, { immediate: step }, random.chance(0.25) ? 32 : 64);
  const base = pointer(writer, out);
  const value = base < 0 ? undefined : writer.value(base);
  if (value?.kind !== 'pointer' || !value.area.variable || value.low < 0) return;
  const room = value.area.size - 1 - value.high;
  if (room < 0) return;
  writer.branch('gt', accumulator, { immediate: room }, out);
  const to = writer.free(false, [base, accumulator]);
  if (to < 0) return;
  writer.alu('mov', to, { register: base });
  writer.alu('add', to, { register: accumulator });
  writer.set(to, undefined);
  if (value.area.writable) writer.emit(asm.storeI(1, to, 0, 1));
  else writer.load(to, 1, to, 0);
}
