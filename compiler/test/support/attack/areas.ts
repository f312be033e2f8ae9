/** How programs come to pointers, and what they do with them. */
import type { AccessSize, AtomicOperator } from '../../../src/isa/index.ts';
import { asm } from '../object.ts';
import {
  ARRAY_ENTRIES,
  BSS,
  BSS_SIZE,
  DATA,
  DATA_SIZE,
  INNER_VALUE,
  MAP,
  PREFIX_VALUE,
  RODATA,
  RODATA_SIZE,
} from './program.ts';
import { freeSlot, index, number } from './scalars.ts';
import type { Area, Value } from './state.ts';
import { Target, type Writer } from './writer.ts';

/** Frame offsets: where keys are put, the buffer, what helpers fill, a dynptr. */
export const KEY = -48;
export const BUFFER_SIZE = 32;
export const BUFFER = KEY - BUFFER_SIZE;
export const OUTPUT_SIZE = 24;
export const OUTPUT = BUFFER - OUTPUT_SIZE;
export const DYNPTR = OUTPUT - 16;

const PLAIN = { writable: true, variable: true, atomic: true };

function areaOf(name: string, size: number): Area {
  return { name, size, ...PLAIN };
}

const AREAS = {
  frame: { name: 'frame', size: BUFFER_SIZE, ...PLAIN, stack: true },
  rodata: { name: 'rodata', size: RODATA_SIZE, ...PLAIN, writable: false, atomic: false },
  data: { name: 'data', size: DATA_SIZE, ...PLAIN },
  bss: { name: 'bss', size: BSS_SIZE, ...PLAIN },
  prefix: areaOf('value of prefixes', PREFIX_VALUE),
  inner: areaOf('value of inner', INNER_VALUE),
} as const;

const sizedAreas = new Map<string, Area>();

/** The same area every time, so that pointers from two paths can be joined. */
export function sizedArea(name: string, size: number): Area {
  const key = `${name} ${size}`;
  let area = sizedAreas.get(key);
  if (area === undefined) {
    area = areaOf(name, size);
    sizedAreas.set(key, area);
  }
  return area;
}

/** Leaves the pointer in r0 for values that are not null, written in one of many ways. */
export function checkNull(writer: Writer, out: Target, found: Value): number {
  const { random } = writer;
  let checked = 0;
  const copy = random.chance(0.4) ? writer.free(random.chance(0.7)) : -1;
  if (copy > 0) {
    writer.alu('mov', copy, { register: 0 });
    if (random.chance(0.5)) checked = copy;
  }
  const slot = random.chance(0.2) ? freeSlot(writer) : undefined;
  if (slot !== undefined) {
    writer.emit(asm.storeR(8, 10, slot, 0));
    writer.state.slots.delete(slot);
  }
  writer.set(0, undefined);
  if (copy > 0) writer.set(copy, undefined);
  if (random.chance(0.75)) {
    writer.branch('eq', checked, { immediate: 0 }, out);
  } else {
    const inside = new Target();
    writer.branch('ne', checked, { immediate: 0 }, inside);
    writer.jump(out);
    writer.place(inside);
  }
  writer.set(0, found);
  if (copy > 0) writer.set(copy, found);
  if (slot !== undefined) writer.state.slots.set(slot, found);
  return copy > 0 && random.chance(0.6) ? copy : 0;
}

function at(area: Area, offset = 0): Value {
  return { kind: 'pointer', area, low: offset, high: offset };
}

/** Writes a key below the frame's slots. */
function key(writer: Writer, size: 4 | 8, entries: number): void {
  const { random } = writer;
  const numbers = writer.holdingSuch(({ kind }) => kind !== 'pointer' && kind !== 'context');
  if (numbers.length > 0 && random.chance(0.3)) {
    writer.emit(asm.storeR(size, 10, KEY, random.pick(numbers)));
  } else {
    writer.emit(asm.storeI(size, 10, KEY, random.below(entries + 1)));
  }
}

/** A new pointer, in the register given back; `out` is where a lookup that fails leads. */
export function acquire(writer: Writer, out: Target): number {
  const { random } = writer;
  const { sizes } = writer.setting;
  const lookup = (map: number, keySize: 4 | 8, entries: number, area: Area): number => {
    key(writer, keySize, entries);
    writer.helper(1, [{ map }, { frame: KEY }]);
    return checkNull(writer, out, at(area));
  };
  const draw = writer.mayCall ? random.below(100) : 56 + random.below(44);
  if (draw < 26) return lookup(MAP.array, 4, ARRAY_ENTRIES, sizedArea('array', sizes.array));
  if (draw < 42) return lookup(MAP.hash, 8, 2, sizedArea('hash', sizes.hash));
  if (draw < 48) return lookup(MAP.perCpu, 4, 2, sizedArea('perCpu', sizes.perCpu));
  if (draw < 52) {
    writer.emit(asm.storeI(4, 10, KEY, 16));
    writer.emit(asm.storeI(4, 10, KEY + 4, 10));
    writer.helper(1, [{ map: MAP.prefixes }, { frame: KEY }]);
    return checkNull(writer, out, at(AREAS.prefix));
  }
  if (draw < 56) {
    writer.emit(asm.storeI(4, 10, KEY, random.below(2)));
    writer.helper(1, [{ map: MAP.outer }, { frame: KEY }]);
    writer.branch('eq', 0, { immediate: 0 }, out);
    writer.emit(asm.storeI(4, 10, KEY, random.below(2)));
    writer.helper(1, [{ register: 0 }, { frame: KEY }]);
    return checkNull(writer, out, at(AREAS.inner));
  }
  const to = writer.free(random.chance(0.5));
  if (to < 0) return -1;
  if (draw < 75) {
    initialiseBuffer(writer);
    const offset = random.chance(0.5) ? 0 : random.below(BUFFER_SIZE / 8) * 8;
    writer.alu('mov', to, { register: 10 });
    writer.alu('add', to, { immediate: BUFFER + offset });
    writer.set(to, at(AREAS.frame, offset));
    return to;
  }
  const [section, area] = random.pick([
    [DATA, AREAS.data],
    [DATA, AREAS.data],
    [BSS, AREAS.bss],
    [RODATA, AREAS.rodata],
  ] as const);
  const offset = random.chance(0.6) ? 0 : random.below(area.size);
  writer.emit(asm.refer(to, { kind: 'data', section, offset }));
  writer.set(to, at(area, offset));
  return to;
}

/** Makes every byte of the buffer hold something, unless it does. */
export function initialiseBuffer(writer: Writer): void {
  if (writer.state.slots.has(BUFFER)) return;
  for (let offset = 0; offset < BUFFER_SIZE; offset += 8) {
    writer.emit(asm.storeI(8, 10, BUFFER + offset, writer.random.below(3) - 1));
  }
  writer.state.slots.set(BUFFER, { kind: 'number' });
}

/** A register with a pointer that has room for something, new or known. */
export function pointer(writer: Writer, out: Target): number {
  const { random } = writer;
  const known = writer.holdingSuch(
    (value) => value.kind === 'pointer' && value.low >= 0 && value.high < value.area.size,
  );
  if (known.length > 0 && random.chance(0.6)) return random.pick(known);
  const spilled = [...writer.state.slots].filter(([, value]) => value.kind === 'pointer');
  if (spilled.length > 0 && random.chance(0.5)) {
    const to = writer.free();
    if (to >= 0) {
      const [offset, value] = random.pick(spilled);
      writer.load(to, 8, 10, offset);
      writer.set(to, value);
      return to;
    }
  }
  return acquire(writer, out);
}

const UPDATES: readonly AtomicOperator[] = ['add', 'or', 'and', 'xor', 'xchg', 'cmpxchg'];

/** One load, store or atomic update of `size` bytes at a place that is known to be right. */
export function touch(
  writer: Writer,
  base: number,
  offset: number,
  size: AccessSize,
  area: Area,
  aligned = false,
): void {
  const { random } = writer;
  const numbers = writer.holdingSuch(({ kind }) => kind === 'number' || kind === 'bounded');
  if (area.atomic && aligned && size >= 4 && random.chance(0.25) && numbers.length > 0) {
    const operator = random.pick(UPDATES);
    const source = random.pick(numbers);
    const exchanges = operator === 'xchg' || operator === 'cmpxchg';
    const fetch = (exchanges || random.chance(0.5)) && !writer.state.pinned.has(source);
    if ((exchanges && !fetch) || (operator === 'cmpxchg' && !numbers.includes(0))) {
      writer.emit(asm.storeI(size, base, offset, 1));
      return;
    }
    if (operator === 'cmpxchg' && (writer.state.pinned.has(0) || base === 0)) return;
    writer.emit({ kind: 'atomic', operator, size, fetch, base, offset, source });
    if (operator === 'cmpxchg') writer.set(0, { kind: 'number' });
    else if (fetch) writer.set(source, { kind: 'number' });
    return;
  }
  if (area.writable && random.chance(0.5)) {
    if (numbers.length > 0 && random.chance(0.6)) {
      writer.emit(asm.storeR(size, base, offset, random.pick(numbers)));
    } else {
      writer.emit(asm.storeI(size, base, offset, random.immediate()));
    }
    return;
  }
  const to = writer.free(random.chance(0.5), [base]);
  if (to < 0) return;
  writer.load(to, size, base, offset, random.chance(0.25));
  writer.set(to, { kind: 'number' });
}

/** An access through the pointer in a register, most often as far as it may go. */
export function access(writer: Writer, register: number, out: Target): void {
  const { random } = writer;
  const value = writer.value(register);
  if (value?.kind !== 'pointer') return;
  const { area, low, high } = value;
  const fixed = low === high;
  const size = random.pick(area.stack && !fixed ? ([1] as const) : ([1, 2, 4, 8] as const));
  const room = area.size - size - high;
  if (room < 0) return;
  if (!area.variable || random.chance(0.35)) {
    let offset = random.chance(0.6) ? room : random.below(room + low + 1) - low;
    if (area.stack) offset -= (((high + offset) % size) + size) % size;
    const aligned = fixed && (high + offset) % size === 0;
    if (low + offset >= 0) touch(writer, register, offset, size, area, aligned);
    return;
  }
  writer.pinning([register], () => variable(writer, register, { size, room, out }));
}

/** An access at an offset that is a number of the program's. */
function variable(
  writer: Writer,
  register: number,
  { size, room, out }: { size: AccessSize; room: number; out: Target },
): void {
  const { random } = writer;
  const base = writer.value(register);
  if (base?.kind !== 'pointer') return;
  const { area } = base;
  // What has to be a multiple of the size is multiplied by it.
  const step = area.stack ? size : 1;
  const constant = random.chance(0.5) ? 0 : random.below(Math.min(room, 12) + 1);
  const offset = constant - (constant % step);
  const limit = random.chance(0.75) ? room - offset : random.below(room - offset + 1);
  const scalar = index(writer, Math.floor(limit / step), out);
  const bounds = scalar < 0 ? undefined : writer.value(scalar);
  if (bounds?.kind !== 'bounded' || writer.value(register)?.kind !== 'pointer') return;
  if (step > 1) {
    if (writer.state.pinned.has(scalar)) return;
    writer.alu('mul', scalar, { immediate: step });
    writer.set(scalar, { kind: 'bounded', low: bounds.low * step, high: bounds.high * step });
  }
  const [low, high] = [bounds.low * step, bounds.high * step];
  if (random.chance(0.15)) noise(writer, [register, scalar]);
  const to = writer.pinning([scalar], () => writer.free());
  if (to < 0) return;
  if (random.chance(area.stack ? 0 : 0.03) && high <= room) {
    // From the far end backwards.
    writer.alu('mov', to, { register });
    writer.alu('add', to, { immediate: high });
    writer.alu('sub', to, { register: scalar });
    writer.set(to, { ...base, low: base.low, high: base.high + high - low });
    touch(writer, to, 0, size, area);
    return;
  }
  if (random.chance(0.3)) {
    writer.alu('mov', to, { register: scalar });
    writer.alu('add', to, { register });
  } else {
    writer.alu('mov', to, { register });
    writer.alu('add', to, { register: scalar });
  }
  writer.set(to, { ...base, low: base.low + low, high: base.high + high });
  if (random.chance(0.2)) noise(writer, [to, register]);
  const moved = writer.value(to);
  if (moved?.kind === 'pointer') touch(writer, to, offset, size, area);
}

/** Something between what is proved and what is done with it: copies, spills, other numbers. */
export function noise(writer: Writer, keep: readonly number[]): void {
  const { random } = writer;
  writer.pinning(keep, () => {
    for (let count = 1 + random.below(2); count > 0; count--) {
      const from = random.pick(keep);
      const value = writer.value(from);
      const slot = freeSlot(writer);
      const draw = random.below(5);
      if (draw < 2 && slot !== undefined && value !== undefined) {
        writer.emit(asm.storeR(8, 10, slot, from));
        writer.state.slots.set(slot, value);
        if (draw === 0) {
          writer.load(from, 8, 10, slot);
        } else if (random.chance(0.3)) {
          // A part of what was spilled is overwritten.
          writer.emit(
            asm.storeI(random.pick([1, 2, 4] as const), 10, slot + random.below(2) * 4, 0),
          );
          writer.state.slots.set(slot, { kind: 'number' });
        }
      } else if (draw === 2) {
        const to = writer.free();
        if (to >= 0) writer.copy(to, from);
      } else {
        number(writer);
      }
    }
  });
}
