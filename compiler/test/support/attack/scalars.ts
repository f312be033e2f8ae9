/** Where programs get integers from, and how they bring them between bounds. */
import type { AccessSize, AluOperator } from '../../../src/isa/index.ts';
import { asm } from '../object.ts';
import { BSS, BSS_SIZE, DATA, DATA_SIZE } from './program.ts';
import { SLOTS, Target, type Writer } from './writer.ts';

const EDGES = [
  0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, -128, 255, 256, 0x7fff, 0x8000, 0xffff,
  0x10000, 0x7fffffff, -0x80000000, -0x7fffffff,
];

const SIZES: readonly AccessSize[] = [1, 2, 4, 8];

/** Offsets of context fields that hold plain numbers, and their sizes. */
function contextFields(writer: Writer): readonly (readonly [number, AccessSize])[] {
  switch (writer.setting.kind) {
    case 'xdp':
      return [
        [12, 4],
        [16, 4],
      ];
    case 'tc':
    case 'socket_filter':
      return [
        [0, 4],
        [48, 4],
        [52, 4],
        [64, 4],
      ];
    case 'kprobe':
      return [0, 8, 40, 96, 104, 112, 152, 160].map((offset) => [offset, 8] as const);
    case 'tracepoint':
      return [
        [8, 4],
        [16, 8],
        [24, 8],
        [56, 8],
      ];
    case 'raw':
      return [];
  }
}

/** A register with any integer, or -1 when there is no room for one. */
export function number(writer: Writer): number {
  const { random } = writer;
  const known = writer.holdingSuch(({ kind }) => kind === 'number');
  if (known.length > 0 && random.chance(0.5)) return random.pick(known);
  const slots = [...writer.state.slots].filter(([, value]) => value.kind === 'number');
  const to = writer.free();
  if (to < 0) return -1;
  if (slots.length > 0 && random.chance(0.5)) {
    const [offset] = random.pick(slots);
    writer.load(to, 8, 10, offset);
    writer.set(to, { kind: 'number' });
    return to;
  }
  return fresh(writer, to);
}

/** Loads an integer that nobody knows into a register. */
function fresh(writer: Writer, to: number): number {
  const { random } = writer;
  const draw = random.below(10);
  const fields = contextFields(writer);
  const contexts = writer.holdingSuch(({ kind }) => kind === 'context');
  if (draw < 3 && fields.length > 0 && contexts.length > 0) {
    const [offset, size] = random.pick(fields);
    writer.load(to, size, random.pick(contexts), offset);
  } else if (draw < 5) {
    const values = writer.holdingSuch(
      (value) => value.kind === 'pointer' && !value.area.stack && value.area.variable,
    );
    const base = values.length > 0 ? random.pick(values) : -1;
    const value = base < 0 ? undefined : writer.value(base);
    const size = random.pick(SIZES);
    const extended = random.chance(0.3);
    if (value?.kind === 'pointer' && value.low >= 0 && value.high + size <= value.area.size) {
      writer.load(to, size, base, random.below(value.area.size - size - value.high + 1), extended);
      if (size < 8 && random.chance(0.7)) {
        const span = 256 ** size;
        const half = span / 2;
        if (size === 4) writer.set(to, { kind: 'number' });
        else if (extended) writer.set(to, { kind: 'bounded', low: -half, high: half - 1 });
        else writer.set(to, { kind: 'bounded', low: 0, high: span - 1 });
        if (size === 4) return to;
      }
      writer.set(to, { kind: 'number' });
      return to;
    }
    global(writer, to);
  } else if (draw < 7 || (draw >= 8 && !writer.mayCall)) {
    global(writer, to);
  } else if (draw < 8) {
    return constant(writer, to);
  } else {
    writer.helper(random.pick([5, 7, 7, 14].filter((one) => helps(writer, one))), [], {
      kind: 'number',
    });
    if (to !== 0 && !writer.state.pinned.has(to)) writer.copy(to, 0);
    else return 0;
  }
  writer.set(to, { kind: 'number' });
  return to;
}

/** Socket filters have no current process. */
function helps(writer: Writer, helper: number): boolean {
  return helper !== 14 || writer.setting.kind === 'kprobe' || writer.setting.kind === 'tracepoint';
}

function global(writer: Writer, to: number): void {
  const { random } = writer;
  const section = random.chance(0.6) ? DATA : BSS;
  const bytes = section === DATA ? DATA_SIZE : BSS_SIZE;
  const size = random.pick(SIZES);
  const offset = random.below(bytes / size) * size;
  writer.emit(asm.refer(to, { kind: 'data', section, offset }));
  writer.load(to, size, to, 0, random.chance(0.3));
}

function constant(writer: Writer, to: number): number {
  const { random } = writer;
  if (random.chance(0.5)) {
    const value = BigInt.asUintN(64, (BigInt(random.word()) << 32n) | BigInt(random.pick(EDGES)));
    writer.emit(asm.constant(to, value));
  } else {
    writer.alu('mov', to, { immediate: random.pick(EDGES) }, random.chance(0.5) ? 32 : 64);
  }
  writer.set(to, { kind: 'number' });
  return to;
}

/** Arithmetic whose result is as unknown as before. */
export function mangle(writer: Writer, register: number): void {
  const { random } = writer;
  const operators: AluOperator[] = ['add', 'sub', 'mul', 'xor', 'or', 'lsh', 'arsh', 'rsh', 'div'];
  const operator = random.pick([...operators, 'mod', 'sdiv', 'smod', 'and'] as AluOperator[]);
  const width = random.pick([32, 64] as const);
  const shift = operator === 'lsh' || operator === 'rsh' || operator === 'arsh';
  const divide = ['div', 'mod', 'sdiv', 'smod'].includes(operator);
  const others = writer.holdingSuch(({ kind }) => kind === 'number');
  if (random.chance(0.2)) {
    writer.emit({ kind: 'negate', width, destination: register });
  } else if (random.chance(0.15)) {
    const bits = random.pick([8, 16, ...(width === 64 ? [32] : [])] as (8 | 16 | 32)[]);
    writer.emit({ kind: 'move_sign_extend', width, bits, destination: register, source: register });
  } else if (random.chance(0.1)) {
    const bits = random.pick([16, 32, 64] as const);
    writer.emit({
      kind: 'swap',
      to: random.pick(['be', 'le', 'swap'] as const),
      bits,
      destination: register,
    });
  } else if (others.length > 0 && random.chance(0.3)) {
    writer.alu(operator, register, { register: random.pick(others) }, width);
  } else {
    const value = shift ? random.below(width) : random.pick(EDGES);
    writer.alu(operator, register, { immediate: divide && value === 0 ? 3 : value }, width);
  }
  writer.set(register, { kind: 'number' });
}

/** The largest 2^n - 1 that is not above `limit`. */
function ones(limit: number): number {
  let mask = 0;
  while (mask * 2 + 1 <= limit) mask = mask * 2 + 1;
  return mask;
}

type Bounding = (writer: Writer, register: number, limit: number, out: Target) => number;

function bounded(writer: Writer, register: number, low: number, high: number): number {
  writer.set(register, { kind: 'bounded', low, high });
  return register;
}

/** Ways to bring the integer in a register to 0..limit; each gives the register that then holds it. */
const WAYS: readonly Bounding[] = [
  // A mask; any mask does, not only those of all ones.
  (writer, register, limit) => {
    const mask = writer.random.chance(0.5) ? limit : ones(limit);
    writer.alu('and', register, { immediate: mask }, writer.random.pick([32, 64] as const));
    return bounded(writer, register, 0, mask);
  },
  // One unsigned comparison, also written the other way round.
  (writer, register, limit, out) => {
    switch (writer.random.below(4)) {
      case 0:
        writer.branch('gt', register, { immediate: limit }, out);
        break;
      case 1:
        writer.branch('ge', register, { immediate: limit + 1 }, out);
        break;
      default: {
        const inside = new Target();
        if (writer.random.chance(0.5)) writer.branch('le', register, { immediate: limit }, inside);
        else writer.branch('lt', register, { immediate: limit + 1 }, inside);
        writer.jump(out);
        writer.place(inside);
      }
    }
    return bounded(writer, register, 0, limit);
  },
  // A 32-bit comparison before or after the upper half is cleared.
  (writer, register, limit, out) => {
    const before = writer.random.chance(0.5);
    if (before) writer.alu('mov', register, { register }, 32);
    const [operator, against] = writer.random.chance(0.5)
      ? (['gt', limit] as const)
      : (['ge', limit + 1] as const);
    writer.branch(operator, register, { immediate: against }, out, 32);
    if (!before) writer.alu('mov', register, { register }, 32);
    return bounded(writer, register, 0, limit);
  },
  // Two signed comparisons in either order, in either width.
  (writer, register, limit, out) => {
    const width = writer.random.pick([32, 64] as const);
    const low = () => writer.branch('slt', register, { immediate: 0 }, out, width);
    const high = () => writer.branch('sgt', register, { immediate: limit }, out, width);
    const order = writer.random.chance(0.5) ? [low, high] : [high, low];
    for (const compare of order) compare();
    if (width === 32) writer.alu('mov', register, { register }, 32);
    return bounded(writer, register, 0, limit);
  },
  // The comparison is with a copy.
  (writer, register, limit, out) => {
    const copy = writer.pinning([register], () => writer.free());
    if (copy < 0) return WAYS[1]!(writer, register, limit, out);
    const width = writer.random.chance(0.25) ? 32 : 64;
    if (width === 32) writer.alu('mov', register, { register }, 32);
    writer.alu('mov', copy, { register }, width);
    writer.set(copy, writer.value(register));
    writer.branch('gt', copy, { immediate: limit }, out, writer.random.pick([width, 64] as const));
    bounded(writer, copy, 0, limit);
    bounded(writer, register, 0, limit);
    return writer.random.chance(0.5) ? copy : register;
  },
  // The comparison is with a copy that a constant was added to.
  (writer, register, limit, out) => {
    const copy = writer.pinning([register], () => writer.free());
    if (copy < 0) return WAYS[0]!(writer, register, limit, out);
    const moved = writer.random.below(20) + 1;
    writer.alu('mov', copy, { register });
    writer.alu('add', copy, { immediate: moved });
    writer.branch('gt', copy, { immediate: limit }, out);
    writer.branch('lt', copy, { immediate: moved }, out);
    bounded(writer, copy, Math.min(moved, limit), limit);
    return limit < moved ? copy : bounded(writer, register, 0, limit - moved);
  },
  // Moved first, then compared.
  (writer, register, limit, out) => {
    const moved = writer.random.pick([1, 2, 7, 64, 256, -1, -8]);
    const width = writer.random.pick([32, 64] as const);
    writer.alu('sub', register, { immediate: moved }, width);
    writer.branch(
      'gt',
      register,
      { immediate: limit },
      out,
      writer.random.pick([width, 64] as const),
    );
    return bounded(writer, register, 0, limit);
  },
  // Spilled; the copy in a register is compared, what was spilled is used.
  (writer, register, limit, out) => {
    const slot = freeSlot(writer);
    if (slot === undefined) return WAYS[0]!(writer, register, limit, out);
    writer.emit(asm.storeR(8, 10, slot, register));
    writer.branch('gt', register, { immediate: limit }, out);
    bounded(writer, register, 0, limit);
    writer.state.slots.set(slot, { kind: 'bounded', low: 0, high: limit });
    const to = writer.random.chance(0.5) ? register : writer.free();
    if (to < 0) return register;
    writer.load(to, 8, 10, slot);
    return bounded(writer, to, 0, limit);
  },
  // No bit above a mask is set.
  (writer, register, limit, out) => {
    const mask = ones(limit);
    writer.branch('set', register, { immediate: ~mask }, out);
    return bounded(writer, register, 0, mask);
  },
  // One of a few constants.
  (writer, register, limit, out) => {
    const first = writer.random.below(limit + 1);
    if (writer.random.chance(0.5)) {
      writer.branch('ne', register, { immediate: first }, out);
      return bounded(writer, register, first, first);
    }
    const inside = new Target();
    writer.branch('eq', register, { immediate: limit }, inside);
    writer.branch('ne', register, { immediate: first }, out);
    writer.place(inside);
    return bounded(writer, register, first, limit);
  },
  // Shifted until little is left.
  (writer, register, limit) => {
    const width = writer.random.pick([32, 64] as const);
    let bits = 0;
    while (2 ** (bits + 1) - 1 <= limit) bits++;
    if (bits === 0) return WAYS[0]!(writer, register, limit, new Target());
    writer.alu('rsh', register, { immediate: width - bits }, width);
    return bounded(writer, register, 0, 2 ** bits - 1);
  },
  // Sign-extended from a byte, then compared.
  (writer, register, limit, out) => {
    if (writer.random.chance(0.5)) {
      const move = { width: 64, bits: 8, destination: register, source: register } as const;
      writer.emit({ kind: 'move_sign_extend', ...move });
    } else {
      writer.alu('lsh', register, { immediate: 56 });
      writer.alu('arsh', register, { immediate: 56 });
    }
    writer.branch('slt', register, { immediate: 0 }, out);
    const high = Math.min(127, limit);
    if (limit < 127) writer.branch('sgt', register, { immediate: limit }, out);
    return bounded(writer, register, 0, high);
  },
  // The smaller of it and the limit.
  (writer, register, limit) => {
    const inside = new Target();
    writer.branch('le', register, { immediate: limit }, inside);
    writer.alu('mov', register, { immediate: writer.random.chance(0.7) ? limit : 0 });
    bounded(writer, register, 0, limit);
    writer.place(inside);
    return bounded(writer, register, 0, limit);
  },
  // Below another integer that has a bound.
  (writer, register, limit, out) => {
    const others = writer
      .holdingSuch((value) => value.kind === 'bounded' && value.low >= 0 && value.high <= limit)
      .filter((one) => one !== register);
    if (others.length === 0) return WAYS[2]!(writer, register, limit, out);
    const other = writer.random.pick(others);
    const { high } = writer.value(other) as { high: number };
    if (writer.random.chance(0.5)) {
      writer.branch('gt', register, { register: other }, out);
    } else {
      const inside = new Target();
      writer.branch('ge', other, { register }, inside);
      writer.jump(out);
      writer.place(inside);
    }
    return bounded(writer, register, 0, high);
  },
  // The remainder of a division, which says little to a verifier: bounded again afterwards.
  (writer, register, limit, out) => {
    const width = writer.random.pick([32, 64] as const);
    const operator = writer.random.pick(['mod', 'div'] as const);
    writer.alu(operator, register, { immediate: limit + 1 }, width);
    return WAYS[writer.random.below(5)]!(writer, register, limit, out);
  },
  // Two halves put together.
  (writer, register, limit) => {
    const half = ones(Math.floor(limit / 2));
    writer.alu('and', register, { immediate: half });
    if (writer.random.chance(0.5)) writer.alu('lsh', register, { immediate: 1 });
    else writer.alu('mul', register, { immediate: 2 });
    if (half * 2 + 1 <= limit && writer.random.chance(0.5)) {
      writer.alu('or', register, { immediate: 1 });
      return bounded(writer, register, 1, half * 2 + 1);
    }
    return bounded(writer, register, 0, half * 2);
  },
];

export function freeSlot(writer: Writer): number | undefined {
  const open = SLOTS.filter((offset) => !writer.state.pinnedSlots.has(offset));
  return open.length === 0 ? undefined : writer.random.pick(open);
}

/** A register with an integer from 0 to `limit` at most; `out` is where other values go. */
export function index(writer: Writer, limit: number, out: Target): number {
  const { random } = writer;
  const fitting = writer.holdingSuch(
    (value) => value.kind === 'bounded' && value.low >= 0 && value.high <= limit,
  );
  if (fitting.length > 0 && random.chance(0.4)) return random.pick(fitting);
  const register = number(writer);
  if (register < 0 || writer.state.pinned.has(register)) return -1;
  if (random.chance(0.15)) mangle(writer, register);
  const factor = random.chance(0.2) ? random.pick([2, 3, 4, 8]) : 1;
  const added = random.chance(0.2) ? random.below(Math.min(limit, 9) + 1) : 0;
  const inner = Math.floor((limit - added) / factor);
  const way = random.pick(WAYS);
  const result = way(writer, register, Math.max(0, inner), out);
  const value = writer.value(result);
  if (value?.kind !== 'bounded' || inner < 1) return result;
  let { low, high } = value;
  if (factor > 1) {
    const shift = Math.log2(factor);
    if (Number.isInteger(shift) && random.chance(0.5)) {
      writer.alu('lsh', result, { immediate: shift }, random.pick([32, 64] as const));
    } else {
      writer.alu('mul', result, { immediate: factor }, random.pick([32, 64] as const));
    }
    low *= factor;
    high *= factor;
  }
  if (added > 0) writer.alu('add', result, { immediate: added });
  return bounded(writer, result, low + added, high + added);
}
