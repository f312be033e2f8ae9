/** Letting loops settle that end by something else than a count of their own. */
import { equal, UNKNOWN } from '../../domain/index.ts';
import type { State } from '../state.ts';
import { ScalarValue, type Value } from '../value.ts';
import type { Checkpoint } from './checkpoint.ts';

/** A scalar that changed since and was not relied upon becomes any number: always sound, it only adds runs. */
function widened(old: Value | undefined, now: Value, precise: boolean): Value {
  if (now.kind !== 'scalar' || old?.kind !== 'scalar' || precise) return now;
  return equal(old.range, now.range) ? now : new ScalarValue(UNKNOWN);
}

/** See `Path.widen`. */
export function widenState(state: State, checkpoint: Checkpoint): void {
  state.frames.forEach((frame, number) => {
    const before = checkpoint.state.frames[number];
    if (before === undefined) return;
    for (let register = 0; register < 10; register++) {
      const now = frame.registers[register]!;
      const precise = checkpoint.isPreciseRegister(number, register);
      frame.registers[register] = widened(before.registers[register], now, precise);
    }
    if (frame.sameSlots(before)) return;
    for (let index = 0; index < frame.slotsInUse; index++) {
      const slot = frame.slot(index);
      const old = before.slot(index);
      if (slot.value === undefined || slot.bytes !== FULL_SPILL || old.bytes !== FULL_SPILL)
        continue;
      const value = widened(old.value, slot.value, checkpoint.isPreciseSlot(number, index));
      if (value !== slot.value) frame.setSlot(index, { ...slot, value });
    }
  });
}

/** All eight bytes belong to the value: a narrower one cannot be just any number. */
const FULL_SPILL = 0x1111_1111;
