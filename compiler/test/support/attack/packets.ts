/** Packets: pointers that are good for as many bytes as a comparison with the end has shown. */
import { asm } from '../object.ts';
import { touch } from './areas.ts';
import { index } from './scalars.ts';
import type { Area } from './state.ts';
import { Target, type Writer } from './writer.ts';

/** Frame offsets of data, data_end and data_meta in the context. */
export function packetFields(writer: Writer): readonly [data: number, end: number, meta: number] {
  return writer.setting.kind === 'xdp' ? [0, 4, 8] : [76, 80, 140];
}

export function hasPacket(writer: Writer): boolean {
  const { kind } = writer.setting;
  return kind === 'xdp' || kind === 'tc';
}

function packetArea(size: number): Area {
  return { name: `packet of ${size}`, size, writable: true, variable: false, atomic: false };
}

/** Compares `pointer` with the end: goes on when it lies before it or at it. */
function compare(writer: Writer, pointer: number, end: number, out: Target, strict: boolean): void {
  const { random } = writer;
  const swap = random.chance(0.4);
  const [left, right] = swap ? [end, pointer] : [pointer, end];
  if (random.chance(0.7)) {
    const operator = swap ? (strict ? 'le' : 'lt') : strict ? 'ge' : 'gt';
    writer.branch(operator, left, { register: right }, out);
    return;
  }
  const inside = new Target();
  const operator = swap ? (strict ? 'gt' : 'ge') : strict ? 'lt' : 'le';
  writer.branch(operator, left, { register: right }, inside);
  writer.jump(out);
  writer.place(inside);
}

/** Loads the packet's bounds, compares, reads and writes; with fixed or variable offsets. */
export function packet(writer: Writer, out: Target): void {
  const { random } = writer;
  const contexts = writer.holdingSuch(({ kind }) => kind === 'context');
  const context = contexts[0];
  if (context === undefined) return;
  const [dataField, endField, metaField] = packetFields(writer);
  writer.pinning([context], () => {
    const meta = random.chance(0.12);
    const data = writer.free(random.chance(0.5));
    if (data < 0) return;
    writer.load(data, 4, context, meta ? metaField : dataField);
    writer.set(data, undefined);
    writer.pinning([data], () => {
      const end = writer.free();
      if (end < 0) return;
      writer.load(end, 4, context, meta ? dataField : endField);
      writer.set(end, undefined);
      writer.pinning([end], () => inside(writer, data, end, out));
    });
  });
}

function inside(writer: Writer, data: number, end: number, out: Target): void {
  const { random } = writer;
  const size = random.pick([1, 2, 4, 8, 14, 14, 20, 34, 54, 60]);
  const cursor = writer.free();
  if (cursor < 0) return;
  const strict = random.chance(0.2);
  writer.pinning([cursor], () => {
    if (random.chance(0.35)) {
      variable(writer, { data, end, cursor, size }, out);
      return;
    }
    if (random.chance(0.2)) {
      // The length as a number, which proves nothing about the packet.
      writer.alu('mov', cursor, { register: end });
      writer.alu('sub', cursor, { register: data });
      writer.set(cursor, { kind: 'number' });
      return;
    }
    writer.alu('mov', cursor, { register: data });
    const first = random.chance(0.3) ? random.below(size + 1) : 0;
    if (first > 0) writer.alu('add', cursor, { immediate: first });
    writer.alu('add', cursor, { immediate: size - first - (strict ? 1 : 0) });
    compare(writer, cursor, end, out, strict);
    const area = packetArea(size);
    const through = random.below(3);
    for (let count = 1 + random.below(3); count > 0; count--) {
      const width = random.pick(([1, 2, 4, 8] as const).filter((one) => one <= size));
      const offset = random.chance(0.6) ? size - width : random.below(size - width + 1);
      if (through === 0) touch(writer, cursor, offset - size + (strict ? 1 : 0), width, area);
      else touch(writer, data, offset, width, area);
    }
    writer.set(data, { kind: 'pointer', area, low: 0, high: 0 });
    if (random.chance(0.3)) spillAndUse(writer, data, area);
  });
}

function spillAndUse(writer: Writer, data: number, area: Area): void {
  const to = writer.free();
  if (to < 0) return;
  writer.emit(asm.storeR(8, 10, -8, data));
  writer.state.slots.delete(-8);
  writer.load(to, 8, 10, -8);
  writer.set(to, { kind: 'pointer', area, low: 0, high: 0 });
  touch(writer, to, area.size - 1, 1, area);
}

/** A header of variable length: a number of the program's is added before the comparison. */
function variable(
  writer: Writer,
  registers: { data: number; end: number; cursor: number; size: number },
  out: Target,
): void {
  const { random } = writer;
  const { data, end, cursor, size } = registers;
  const limit = random.pick([15, 60, 255, 1500, 0xffff - size, 0x7fff]);
  const scalar = index(writer, limit, out);
  if (scalar < 0 || writer.value(scalar)?.kind !== 'bounded') return;
  writer.alu('mov', cursor, { register: data });
  writer.alu('add', cursor, { register: scalar });
  const area = packetArea(size);
  if (random.chance(0.5)) {
    const limitCopy = writer.pinning([scalar], () => writer.free());
    if (limitCopy < 0) return;
    writer.alu('mov', limitCopy, { register: cursor });
    writer.alu('add', limitCopy, { immediate: size });
    writer.set(limitCopy, undefined);
    compare(writer, limitCopy, end, out, false);
    writer.set(cursor, { kind: 'pointer', area, low: 0, high: 0 });
    const width = random.pick(([1, 2, 4, 8] as const).filter((one) => one <= size));
    touch(writer, cursor, random.chance(0.6) ? size - width : 0, width, area);
    return;
  }
  writer.alu('add', cursor, { immediate: size });
  compare(writer, cursor, end, out, false);
  const width = random.pick(([1, 2, 4, 8] as const).filter((one) => one <= size));
  touch(writer, cursor, random.chance(0.6) ? -width : -size, width, area);
  writer.set(cursor, undefined);
}
