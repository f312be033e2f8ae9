/**
 * Traps for state pruning. Two paths meet with different things in one place: right ones, with which what
 * follows is safe, and wrong ones, which differ in a single respect. Some traps let only the right path go
 * on to the use; in the others the wrong one arrives there too, so that whoever takes the two
 * states for one accepts a program that goes wrong.
 */
import { asm } from '../object.ts';
import { acquire, initialiseBuffer, noise } from './areas.ts';
import { decide } from './control.ts';
import { hasPacket, packetFields } from './packets.ts';
import { MAP } from './program.ts';
import { freeSlot, number } from './scalars.ts';
import type { Value } from './state.ts';
import { Target, type Writer } from './writer.ts';

/** What a trap works with: saved registers, so that calls may come between. */
interface Place {
  /** Holds a pointer with `room` bytes behind the first that it leads to; or is free. */
  readonly base: number;
  readonly subject: number;
  readonly room: number;
}

interface Trap {
  /** Before the paths part. */
  readonly before?: () => void;
  readonly arm: (right: boolean) => void;
  /** Behind the place where they meet. */
  readonly use: (out: Target) => void;
}

type MakeTrap = (writer: Writer, place: Place) => Trap | undefined;

/** One byte through a register that is known to the writer alone. */
function byteAt(writer: Writer, register: number, offset: number): void {
  const to = writer.free(false, [register]);
  if (to < 0) return;
  writer.load(to, 1, register, offset);
  writer.set(to, undefined);
}

/** The byte at `base` + `subject`, by way of a few moves that keep the number. */
function indexed(writer: Writer, { base, subject }: Place): void {
  const { random } = writer;
  let from = subject;
  for (let count = random.below(3); count > 0; count--) {
    const slot = freeSlot(writer);
    if (random.chance(0.5) && slot !== undefined) {
      writer.emit(asm.storeR(8, 10, slot, from));
      writer.state.slots.delete(slot);
      writer.load(from, 8, 10, slot);
    } else if (random.chance(0.5)) {
      const added = random.below(9);
      writer.alu('add', from, { immediate: added });
      writer.alu('sub', from, { immediate: added });
    } else {
      const to = writer.free(false, [base, from, subject]);
      if (to < 0) continue;
      writer.alu('mov', to, { register: from }, random.chance(0.3) ? 32 : 64);
      writer.set(to, undefined);
      from = to;
    }
  }
  const to = writer.free(false, [base, from]);
  if (to < 0) return;
  writer.alu('mov', to, { register: base });
  writer.alu('add', to, { register: from });
  writer.set(to, undefined);
  byteAt(writer, to, 0);
}

/** A number below `limit` + 1, which must be a power of two less 1 to be exact. */
function masked(writer: Writer, to: number, limit: number): boolean {
  const from = number(writer);
  if (from < 0) return false;
  if (from !== to) writer.alu('mov', to, { register: from });
  writer.alu('and', to, { immediate: limit });
  writer.set(to, undefined);
  return true;
}

/** A lookup whose result nobody has checked. */
function lookup(writer: Writer, map: number, to: number): void {
  writer.emit(asm.storeI(8, 10, -48, writer.random.below(6)));
  writer.helper(1, [{ map }, { frame: -48 }]);
  writer.alu('mov', to, { register: 0 });
  writer.set(to, undefined);
}

const TRAPS: readonly MakeTrap[] = [
  // Numbers: a constant, or a number with a bound.
  (writer, place) => {
    const { random } = writer;
    const beyond = place.room + 1 + random.pick([0, 0, 7, 63]);
    return {
      arm: (right) => {
        if (random.chance(0.5)) {
          const value = right ? place.room : random.pick([beyond, beyond, -1]);
          writer.alu('mov', place.subject, { immediate: value });
        } else {
          masked(writer, place.subject, right ? place.room : beyond | place.room);
        }
      },
      use: () => indexed(writer, place),
    };
  },
  // A number in a slot, of which the wrong path writes another part.
  (writer, place) => {
    const { random } = writer;
    const slot = freeSlot(writer);
    if (slot === undefined) return undefined;
    const size = random.pick([1, 2, 4, 8] as const);
    return {
      before: () => writer.emit(asm.storeI(8, 10, slot, random.below(place.room + 1))),
      arm: (right) => {
        const value = right ? place.room : place.room + 1 + random.below(3);
        const offset = right ? 0 : random.below(8 / size) * size;
        writer.emit(asm.storeI(size, 10, slot + offset, value));
      },
      use: () => {
        writer.load(place.subject, 8, 10, slot);
        indexed(writer, place);
      },
    };
  },
  // Pointers with different variable parts.
  (writer, place) => {
    const { random } = writer;
    const shape = (limit: number) => {
      if (!masked(writer, place.subject, limit)) return;
      writer.alu('add', place.subject, { register: place.base });
    };
    let low = 1;
    while (low * 2 + 1 <= place.room) low = low * 2 + 1;
    const last = random.chance(0.6) ? place.room - low : 0;
    if (place.room < 1) return undefined;
    return {
      arm: (right) => shape(right ? low : low * 2 + 1),
      use: () => byteAt(writer, place.subject, last),
    };
  },
  // Pointers that may be null, of which the right path knows better.
  (writer, place) => {
    const map = writer.random.pick([MAP.array, MAP.hash]);
    return {
      before: () => lookup(writer, map, place.subject),
      arm: (right) => {
        if (!right) return;
        const found = new Target();
        writer.branch('ne', place.subject, { immediate: 0 }, found);
        writer.alu('mov', 0, { immediate: 0 });
        writer.emit(asm.exit);
        writer.reachable = false;
        writer.place(found);
      },
      use: () => byteAt(writer, place.subject, 7),
    };
  },
  // Two lookups: the check of one says nothing of the other.
  (writer, place) => {
    const map = writer.random.pick([MAP.array, MAP.hash]);
    return {
      before: () => lookup(writer, map, place.base),
      arm: (right) => {
        if (right) writer.alu('mov', place.subject, { register: place.base });
        else lookup(writer, map, place.subject);
      },
      use: (out) => {
        writer.branch('eq', place.base, { immediate: 0 }, out);
        byteAt(writer, place.subject, 7);
      },
    };
  },
  // Values of different maps.
  (writer, place) => {
    const { array, hash } = writer.setting.sizes;
    if (array === hash) return undefined;
    const [large, small] = array > hash ? [MAP.array, MAP.hash] : [MAP.hash, MAP.array];
    return {
      arm: (right) => lookup(writer, right ? large : small, place.subject),
      use: (out) => {
        writer.branch('eq', place.subject, { immediate: 0 }, out);
        byteAt(writer, place.subject, Math.max(array, hash) - 1);
      },
    };
  },
  // Numbers that are the same, or are not: a bound of one holds for the other, or does not.
  (writer, place) => {
    const { random } = writer;
    const other = writer.free(true, [place.base, place.subject]);
    if (other < 0) return undefined;
    const known = random.below(3);
    return {
      before: () => {
        const from = number(writer);
        if (from >= 0) writer.alu('mov', other, { register: from });
        writer.set(other, undefined);
        writer.state.pinned.add(other);
      },
      arm: (right) => {
        if (right) {
          writer.alu('mov', place.subject, { register: other });
          if (known > 0) writer.alu('add', place.subject, { immediate: 0 });
          return;
        }
        const from = number(writer);
        if (from >= 0) writer.alu('mov', place.subject, { register: from });
        if (known === 2 && from >= 0) writer.alu('mov', from, { register: place.subject });
        writer.set(place.subject, undefined);
      },
      use: (out) => {
        writer.state.pinned.delete(other);
        writer.branch('gt', other, { immediate: place.room }, out);
        indexed(writer, place);
      },
    };
  },
  // A register or bytes of the frame that only the right path has written.
  (writer, place) => {
    const slot = freeSlot(writer);
    if (slot === undefined) return undefined;
    const inFrame = writer.random.chance(0.6);
    return {
      arm: (right) => {
        const size = writer.random.pick([1, 2, 4] as const);
        if (inFrame) writer.emit(asm.storeI(right ? 8 : size, 10, slot, place.room));
        else if (right) writer.alu('mov', place.subject, { immediate: place.room });
        else writer.alu('mov', 0, { immediate: place.room });
      },
      use: () => {
        if (inFrame) writer.load(place.subject, 8, 10, slot);
        indexed(writer, place);
      },
    };
  },
  // Packets of which different lengths have been shown, or which are shown for another pointer.
  (writer, place) => {
    const context = writer.holdingSuch(({ kind }) => kind === 'context')[0];
    if (context === undefined || !hasPacket(writer)) return undefined;
    const [data, end] = packetFields(writer);
    const { random } = writer;
    const size = random.pick([2, 14, 34]);
    const apart = random.chance(0.5);
    const check = (of: number, length: number, out: Target) => {
      const pointer = writer.free(false, [of]);
      if (pointer < 0) return;
      const limit = writer.free(false, [of, pointer]);
      if (limit < 0) return;
      writer.load(limit, 4, context, end);
      writer.alu('mov', pointer, { register: of });
      writer.alu('add', pointer, { immediate: length });
      writer.set(pointer, undefined);
      writer.set(limit, undefined);
      writer.branch('gt', pointer, { register: limit }, out);
    };
    return {
      before: () => {
        writer.load(place.subject, 4, context, data);
        writer.set(place.subject, undefined);
        if (!apart) return;
        if (!masked(writer, place.base, 255)) return;
        writer.alu('add', place.base, { register: place.subject });
      },
      arm: (right) => {
        if (!apart) {
          const none = new Target();
          check(place.subject, right ? size : size - 1, none);
          const go = new Target();
          writer.jump(go);
          writer.place(none);
          writer.alu('mov', 0, { immediate: 0 });
          writer.emit(asm.exit);
          writer.reachable = false;
          writer.place(go);
        } else if (right) {
          writer.alu('mov', place.subject, { register: place.base });
        } else if (masked(writer, 0, 127)) {
          writer.alu('add', place.subject, { register: 0 });
        }
      },
      use: (out) => {
        if (apart) check(place.base, size, out);
        byteAt(writer, place.subject, size - 1);
      },
    };
  },
];

/** Writes a trap; `call` puts a call of a function between the paths and the use. */
export function trap(writer: Writer, out: Target, call: (out: Target) => void): void {
  const { random } = writer;
  if (writer.holding > 0) return;
  const found = acquire(writer, out);
  const value = found < 0 ? undefined : writer.value(found);
  if (value?.kind !== 'pointer' || !value.area.variable || value.low < 0) return;
  const room = value.area.size - 1 - value.high;
  if (room < 0) return;
  const saved = [6, 7, 8, 9].filter((one) => !writer.state.pinned.has(one) && one !== found);
  const [first, second] = saved;
  if (first === undefined) return;
  const base = found >= 6 || second === undefined ? found : first;
  const subject = base === first ? second! : first;
  if (subject === undefined || base <= 5) return;
  if (base !== found) writer.copy(base, found);
  writer.set(subject, undefined);
  if (value.area.stack) initialiseBuffer(writer);
  writer.pinning([base, subject], () => {
    const made = random.pick(TRAPS)(writer, { base, subject, room });
    if (made !== undefined) spring(writer, made, out, call);
  });
  writer.set(base, undefined);
  writer.set(subject, undefined);
}

function spring(writer: Writer, made: Trap, out: Target, call: (out: Target) => void): void {
  const { random } = writer;
  const flagged = random.chance(0.5);
  const flag = flagged ? freeSlot(writer) : undefined;
  if (flag !== undefined) writer.state.pinnedSlots.add(flag);
  made.before?.();
  const other = new Target();
  const joined = new Target();
  // Whoever decides on a number of its own leaves the subject alone.
  if (!decide(writer, other)) {
    writer.alu('mov', 0, { immediate: 0 });
    writer.branch('ne', 0, { immediate: 0 }, other);
  }
  const first = random.chance(0.5);
  const arm = (right: boolean) => {
    made.arm(right);
    if (flag !== undefined) writer.emit(asm.storeI(8, 10, flag, right ? 1 : 0));
  };
  arm(first);
  writer.jump(joined);
  writer.place(other);
  arm(!first);
  writer.place(joined);
  for (let count = random.below(3); count > 0; count--) {
    const between = new Target();
    decide(writer, between);
    if (random.chance(0.5)) number(writer);
    writer.place(between);
  }
  if (random.chance(0.25)) call(out);
  const end = new Target();
  if (flag !== undefined) {
    writer.state.pinnedSlots.delete(flag);
    const mark = writer.free();
    if (mark >= 0) {
      writer.load(mark, 8, 10, flag);
      writer.set(mark, { kind: 'number' } satisfies Value);
      writer.branch('ne', mark, { immediate: 1 }, end, random.chance(0.3) ? 32 : 64);
    }
  }
  if (random.chance(0.2)) {
    const kept = writer.holdingSuch(({ kind }) => kind === 'number');
    if (kept.length > 0) noise(writer, [random.pick(kept)]);
  }
  made.use(end);
  writer.place(end);
}
