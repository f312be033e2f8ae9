/**
 * What the composer knows of the program it is writing: just enough to write programs that are right
 * up to the last byte, so that small changes make them wrong.
 */

/** Memory that a pointer leads into. */
export interface Area {
  readonly name: string;
  readonly size: number;
  readonly writable: boolean;
  /** Variable offsets are allowed; those of packets need another comparison with the end. */
  readonly variable: boolean;
  readonly atomic: boolean;
  /** The frame, where accesses are aligned and bytes may hold nothing. */
  readonly stack?: true;
}

export type Value =
  /** An integer between bounds, both included. */
  | { readonly kind: 'bounded'; readonly low: number; readonly high: number }
  /** Any integer. */
  | { readonly kind: 'number' }
  /** An address `low` to `high` bytes into an area. */
  | {
      readonly kind: 'pointer';
      readonly area: Area;
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: 'context' };

/** Registers and spill slots at one point of the program. */
export class State {
  /** r0 to r9; undefined: nothing that may be used. */
  readonly registers: (Value | undefined)[];
  /** Spill slots by frame offset. */
  readonly slots: Map<number, Value>;
  /** Registers that must keep what they hold. */
  readonly pinned: Set<number>;
  readonly pinnedSlots: Set<number>;

  constructor(from?: State) {
    this.registers = [...(from?.registers ?? [])];
    this.slots = new Map(from?.slots ?? []);
    this.pinned = new Set(from?.pinned ?? []);
    this.pinnedSlots = new Set(from?.pinnedSlots ?? []);
  }

  copy(): State {
    return new State(this);
  }

  /** Only what is known in both remains. */
  join(other: State): void {
    for (let register = 0; register < 10; register++) {
      this.registers[register] = joinValues(this.registers[register], other.registers[register]);
    }
    for (const [offset, value] of this.slots) {
      const joined = joinValues(value, other.slots.get(offset));
      if (joined === undefined) this.slots.delete(offset);
      else this.slots.set(offset, joined);
    }
  }

  /** Takes over what `other` knows, but nothing of what is pinned. */
  become(other: State): void {
    for (let register = 0; register < 10; register++) {
      this.registers[register] = other.registers[register];
    }
    this.slots.clear();
    for (const [offset, value] of other.slots) this.slots.set(offset, value);
  }

  /** Forgets everything but what is pinned: what holds in every round of a loop. */
  keepPinned(): void {
    for (let register = 0; register < 10; register++) {
      if (!this.pinned.has(register)) this.registers[register] = undefined;
    }
    for (const offset of [...this.slots.keys()]) {
      if (!this.pinnedSlots.has(offset)) this.slots.delete(offset);
    }
  }
}

function joinValues(left: Value | undefined, right: Value | undefined): Value | undefined {
  if (left === undefined || right === undefined) return undefined;
  const isNumber = (value: Value) => value.kind === 'number' || value.kind === 'bounded';
  if (left.kind === 'bounded' && right.kind === 'bounded') {
    const low = Math.min(left.low, right.low);
    return { kind: 'bounded', low, high: Math.max(left.high, right.high) };
  }
  if (isNumber(left) && isNumber(right)) return { kind: 'number' };
  if (left.kind === 'context' && right.kind === 'context') return left;
  if (left.kind !== 'pointer' || right.kind !== 'pointer' || left.area !== right.area) {
    return undefined;
  }
  const low = Math.min(left.low, right.low);
  return { ...left, low, high: Math.max(left.high, right.high) };
}
