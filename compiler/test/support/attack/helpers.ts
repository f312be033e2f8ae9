/** Calls of helpers with memory and sizes, records that must be released, dynptrs. */
import { asm } from '../object.ts';
import {
  access,
  BUFFER,
  BUFFER_SIZE,
  checkNull,
  DYNPTR,
  initialiseBuffer,
  KEY,
  OUTPUT,
  OUTPUT_SIZE,
  pointer,
  sizedArea,
} from './areas.ts';
import { HASH_KEY, MAP, QUEUE_VALUE } from './program.ts';
import { index } from './scalars.ts';
import type { Value } from './state.ts';
import type { Argument, Writer } from './writer.ts';
import { Target } from './writer.ts';

const NUMBER: Value = { kind: 'number' };

/** Memory of `size` bytes at most, and the size as an argument: a constant or a number up to it. */
interface Sized {
  readonly memory: Argument;
  readonly size: Argument;
}

/** Memory that a helper writes or reads, with a size that reaches its last byte most often. */
function sized(writer: Writer, written: boolean, zero: boolean, out: Target): Sized | undefined {
  const { random } = writer;
  if (random.chance(0.4)) {
    if (!written) initialiseBuffer(writer);
    const [at, room] = written ? [OUTPUT, OUTPUT_SIZE] : [BUFFER, BUFFER_SIZE];
    const inner = random.chance(0.6) ? 0 : random.below(room);
    const size = sizeOf(writer, room - inner, zero, out);
    return size === undefined ? undefined : { memory: { frame: at + inner }, size };
  }
  const register = pointer(writer, out);
  const value = register < 0 ? undefined : writer.value(register);
  if (value?.kind !== 'pointer' || (written && !value.area.writable)) return undefined;
  const room = value.area.size - value.high;
  if (room < 1 || value.low < 0) return undefined;
  return writer.pinning([register], () => {
    const size = sizeOf(writer, room, zero, out);
    return size === undefined ? undefined : { memory: { register }, size };
  });
}

function sizeOf(writer: Writer, room: number, zero: boolean, out: Target): Argument | undefined {
  const { random } = writer;
  if (random.chance(0.4)) {
    return { immediate: random.chance(0.7) ? room : random.below(room) + (zero ? 0 : 1) };
  }
  const register = index(writer, zero ? room : room - 1, out);
  const value = register < 0 ? undefined : writer.value(register);
  if (value?.kind !== 'bounded' || writer.state.pinned.has(register)) return undefined;
  if (!zero && value.low <= 0) {
    // One more, so that it is never zero; or what is zero goes elsewhere.
    if (value.high + 1 <= room) {
      writer.alu('add', register, { immediate: 1 });
      writer.set(register, { ...value, low: value.low + 1, high: value.high + 1 });
    } else {
      writer.branch('eq', register, { immediate: 0 }, out);
      writer.set(register, { ...value, low: 1 });
    }
  }
  return { register };
}

/** A call that reads or writes memory of some size. */
export function memoryCall(writer: Writer, out: Target): void {
  const { random } = writer;
  const tracing = writer.setting.kind === 'kprobe' || writer.setting.kind === 'tracepoint';
  const draw = random.below(tracing ? 8 : 6);
  const written = draw === 0 || draw >= 6 || (draw === 1 && random.chance(0.5));
  const part = sized(writer, written, draw !== 7 && draw !== 1, out);
  if (part === undefined) return;
  const context = writer.holdingSuch(({ kind }) => kind === 'context')[0];
  switch (draw) {
    case 0:
      // From null, which the helper answers with an error.
      writer.helper(113, [part.memory, part.size, { immediate: 0 }], NUMBER);
      break;
    case 1: {
      if (writer.setting.kind !== 'tc' && writer.setting.kind !== 'socket_filter') return;
      if (!written || context === undefined) return;
      const offset = { immediate: random.below(20) };
      writer.helper(26, [{ register: context }, offset, part.memory, part.size], NUMBER);
      break;
    }
    case 2:
      writer.helper(130, [{ map: MAP.ring }, part.memory, part.size, { immediate: 0 }], NUMBER);
      break;
    case 3: {
      if (context === undefined || writer.setting.kind === 'raw') return;
      const flags = (register: number) => writer.emit(asm.constant(register, 0xffff_ffffn));
      const list = [{ register: context }, { map: MAP.events }, { make: flags }];
      writer.helper(25, [...list, part.memory, part.size], NUMBER);
      break;
    }
    case 4: {
      if (writer.setting.kind !== 'tc') return;
      // A number of words on one side, nothing on the other.
      const none: Argument[] = [{ immediate: 0 }, { immediate: 0 }];
      const sides = random.chance(0.5)
        ? [part.memory, part.size, ...none]
        : [...none, part.memory, part.size];
      writer.helper(28, [...sides, { immediate: 0 }], NUMBER);
      break;
    }
    case 5:
      update(writer, out);
      break;
    case 6:
      writer.helper(115, [part.memory, part.size, { immediate: 0 }], NUMBER);
      break;
    default:
      writer.helper(16, [part.memory, part.size], NUMBER);
  }
  if (written && 'frame' in part.memory && part.memory.frame === OUTPUT) {
    afterOutput(writer, part);
  }
}

/** What a helper wrote into the frame is read back, as far as it certainly wrote. */
function afterOutput(writer: Writer, part: Sized): void {
  if (!('immediate' in part.size) || part.size.immediate < 8) return;
  const to = writer.free();
  if (to < 0) return;
  const last = part.size.immediate - (part.size.immediate % 8) - 8;
  writer.load(to, 8, 10, OUTPUT + last);
  writer.set(to, NUMBER);
}

/** Values of whole maps: keys and values whose sizes the map knows. */
function update(writer: Writer, out: Target): void {
  const { random } = writer;
  const { sizes } = writer.setting;
  const map = random.pick([MAP.array, MAP.hash, MAP.queue]);
  const need = map === MAP.array ? sizes.array : map === MAP.hash ? sizes.hash : QUEUE_VALUE;
  const value = pointer(writer, out);
  const found = value < 0 ? undefined : writer.value(value);
  if (found?.kind !== 'pointer' || found.low < 0 || found.high + need > found.area.size) return;
  if (map === MAP.queue) {
    writer.helper(87, [{ map }, { register: value }, { immediate: 0 }], NUMBER);
    return;
  }
  for (let offset = 0; offset < (map === MAP.hash ? HASH_KEY : 4); offset += 4) {
    writer.emit(asm.storeI(4, 10, KEY + offset, random.below(4)));
  }
  const list = [{ map }, { frame: KEY }, { register: value }, { immediate: random.below(3) }];
  writer.helper(2, list, NUMBER);
}

/** A record of the ring buffer: reserved, used, and given back on every path. */
export function record(writer: Writer, body: (out: Target) => void): void {
  const { random } = writer;
  const size = random.pick([1, 7, 8, 16, 24, 48]);
  const none = new Target();
  writer.helper(131, [{ map: MAP.ring }, { immediate: size }, { immediate: 0 }]);
  const area = sizedArea('record', size);
  const held = writer.free(true);
  if (held < 0) {
    // No register to keep it in: at once back.
    writer.branch('eq', 0, { immediate: 0 }, none);
    writer.helper(133, [{ register: 0 }, { immediate: 0 }]);
    writer.place(none);
    return;
  }
  const value: Value = { kind: 'pointer', area, low: 0, high: 0 };
  const early = random.chance(0.5);
  if (early) {
    writer.alu('mov', held, { register: 0 });
    writer.set(held, undefined);
  }
  writer.branch('eq', early && random.chance(0.5) ? held : 0, { immediate: 0 }, none);
  writer.set(0, value);
  if (!early) writer.alu('mov', held, { register: 0 });
  writer.set(held, value);
  writer.holding++;
  const skip = new Target();
  writer.pinning([held], () => {
    for (let count = 1 + random.below(2); count > 0; count--) {
      if (random.chance(0.7)) access(writer, held, skip);
      else body(skip);
    }
    writer.place(skip);
    writer.helper(random.pick([132, 133]), [{ register: held }, { immediate: 0 }]);
  });
  writer.holding--;
  // Every copy of the pointer has ended with the record.
  for (const register of writer.holdingSuch((one) => one.kind === 'pointer' && one.area === area)) {
    writer.set(register, undefined);
  }
  for (const [offset, one] of [...writer.state.slots]) {
    if (one.kind === 'pointer' && one.area === area) writer.state.slots.delete(offset);
  }
  writer.place(none);
  writer.state.registers[0] = undefined;
}

/** A dynptr, over a map's value or over a record, read and written by helpers and through slices. */
export function dynptr(writer: Writer, out: Target): void {
  const { random } = writer;
  const ring = random.chance(0.5);
  let size = 24;
  if (ring) {
    size = random.pick([8, 16, 24]);
    const list = [{ map: MAP.ring }, { immediate: size }, { immediate: 0 }, { frame: DYNPTR }];
    writer.helper(198, list, NUMBER);
    writer.holding++;
  } else {
    const register = pointer(writer, out);
    const value = register < 0 ? undefined : writer.value(register);
    if (value?.kind !== 'pointer' || !/^(array|hash|perCpu)/.test(value.area.name)) return;
    if (value.low < 0 || value.high >= value.area.size) return;
    size = value.area.size - value.high;
    const list = [{ register }, { immediate: size }, { immediate: 0 }, { frame: DYNPTR }];
    writer.helper(197, list, NUMBER);
  }
  for (let count = 1 + random.below(2); count > 0; count--) use(writer, size);
  if (!ring) return;
  writer.helper(random.pick([199, 200]), [{ frame: DYNPTR }, { immediate: 0 }]);
  writer.holding--;
  for (const register of writer.holdingSuch(
    (one) => one.kind === 'pointer' && one.area.name === 'slice',
  )) {
    writer.set(register, undefined);
  }
}

function use(writer: Writer, size: number): void {
  const { random } = writer;
  if (random.chance(0.3)) {
    const length = 8 * (1 + random.below(3));
    const list = [{ frame: OUTPUT }, { immediate: length }, { frame: DYNPTR }];
    writer.helper(201, [...list, { immediate: 0 }, { immediate: 0 }], NUMBER);
    return;
  }
  if (random.chance(0.3)) {
    initialiseBuffer(writer);
    const list = [{ frame: DYNPTR }, { immediate: random.below(size) }, { frame: BUFFER }];
    writer.helper(202, [...list, { immediate: 8 }, { immediate: 0 }], NUMBER);
    return;
  }
  const part = 1 + random.below(size);
  writer.helper(203, [{ frame: DYNPTR }, { immediate: size - part }, { immediate: part }]);
  const none = new Target();
  const found: Value = { kind: 'pointer', area: sizedArea('slice', part), low: 0, high: 0 };
  const register = checkNull(writer, none, found);
  access(writer, register, none);
  if (random.chance(0.5)) access(writer, register, none);
  for (const one of writer.holdingSuch((v) => v.kind === 'pointer' && v.area.name === 'slice')) {
    writer.set(one, undefined);
  }
  for (const [offset, one] of [...writer.state.slots]) {
    if (one.kind === 'pointer' && one.area.name === 'slice') writer.state.slots.delete(offset);
  }
  writer.place(none);
}

/** The smaller calls: queues, filters, tail calls. */
export function smallCall(writer: Writer): void {
  const { random } = writer;
  const context = writer.holdingSuch(({ kind }) => kind === 'context')[0];
  const draw = random.below(5);
  if (draw === 0) {
    writer.helper(random.pick([88, 89]), [{ map: MAP.queue }, { frame: OUTPUT }], NUMBER);
    const to = writer.free();
    if (to < 0) return;
    writer.load(to, 8, 10, OUTPUT + 8 * random.below(2));
    writer.set(to, NUMBER);
  } else if (draw === 1) {
    writer.emit(asm.storeI(8, 10, KEY, random.below(4)));
    writer.helper(
      random.pick([87, 89]),
      [{ map: MAP.bloom }, { frame: KEY }, { immediate: 0 }],
      NUMBER,
    );
  } else if (draw === 2) {
    writer.emit(asm.storeI(8, 10, KEY, random.below(4)));
    writer.helper(3, [{ map: random.pick([MAP.array, MAP.hash]) }, { frame: KEY }], NUMBER);
  } else if (draw === 3) {
    const flags = { immediate: random.below(5) };
    writer.helper(134, [{ map: MAP.ring }, flags], NUMBER);
  } else if (context !== undefined && writer.holding === 0 && writer.depth === 0) {
    if (writer.setting.kind === 'raw') return;
    const target = { immediate: random.below(5) };
    writer.helper(12, [{ register: context }, { map: MAP.programs }, target]);
  }
}
