/** Everything in a state that holds a value: to change what one test tells of many. */
import type { Linked } from '../pruning/checkpoint.ts';
import type { Frame, State } from '../state.ts';
import type { Value } from '../value.ts';

/** Replaces each value of a state by what `change` makes of it. */
export function replaceValues(state: State, change: (value: Value) => Value): void {
  for (const frame of state.frames) {
    const { registers } = frame;
    for (let register = 0; register < 10; register++) {
      const old = registers[register]!;
      if (old.kind === 'uninitialised') continue;
      const value = change(old);
      if (value !== old) registers[register] = value;
    }
    replaceSpilled(frame, change);
  }
}

function replaceSpilled(frame: Frame, change: (value: Value) => Value): void {
  for (let index = 0; index < frame.slotsInUse; index++) {
    const slot = frame.slot(index);
    if (slot.value === undefined) continue;
    const value = change(slot.value);
    if (value === slot.value) continue;
    // A pointer that turned out to be null is a spilled zero.
    frame.setSlot(index, { ...slot, value });
  }
}

/** Registers and slots that hold scalars with this id. */
export function holdersOf(state: State, id: number): Linked[] {
  const found: Linked[] = [];
  state.frames.forEach((frame, number) => {
    for (let register = 0; register < 10; register++) {
      const value = frame.registers[register]!;
      if (value.kind === 'scalar' && value.id === id) found.push({ frame: number, register });
    }
    for (let slot = 0; slot < frame.slotsInUse; slot++) {
      const { value } = frame.slot(slot);
      if (value?.kind === 'scalar' && value.id === id) found.push({ frame: number, slot });
    }
  });
  return found;
}
