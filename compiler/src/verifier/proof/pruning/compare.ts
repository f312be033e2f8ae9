/**
 * Whether a checkpoint covers a state: whether everything that can happen from the state on has been
 * walked from the checkpoint on.
 *
 * - `later`: the checkpoint has been walked to all ends. Slots that are never read and scalars that are never
 *   relied upon need not agree; see precision.ts for why that is sound.
 * - `within`: it has not (the state is a later turn of a loop), so what matters below it is not known yet:
 *   all registers that are live and all slots must agree, scalars must lie within its bounds. By
 *   induction over the length of a run: a run from the state is a run from the checkpoint, shorter by a
 *   turn, and either it leaves the loop by a path that is walked, or it comes here again.
 * - `exact`: nothing at all has changed: the loop never ends.
 *
 * Ids mean nothing but equality, so they are compared up to a one-to-one renaming.
 */
import { contains, equal } from '../../domain/index.ts';
import type { PreparedCode } from '../code.ts';
import { LENGTH_ID } from '../instructions/packet-range.ts';
import { BYTE, type Frame, type Slot, type State } from '../state.ts';
import { type PointerValue, type ScalarValue, sameTarget, type Value } from '../value.ts';
import type { Checkpoint } from './checkpoint.ts';

export type Comparison = 'later' | 'within' | 'exact';

/** A renaming of ids: few, so that a list is quicker than a table. */
class Renaming {
  readonly #pairs: number[] = [];

  /** Whether `b` may be what `a` is called; 0 and the length of memory are never called anything else. */
  ids(a: number, b: number): boolean {
    if (a <= LENGTH_ID || b <= LENGTH_ID) return a === b;
    const pairs = this.#pairs;
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] === a || pairs[at + 1] === b) return pairs[at] === a && pairs[at + 1] === b;
    }
    pairs.push(a, b);
    return true;
  }

  /** The same of scalars: one that is not linked in `a` may be linked in `b`. */
  links(a: ScalarValue, b: ScalarValue): boolean {
    if (a.id === 0) return true;
    return a.delta === b.delta && this.ids(a.id, b.id);
  }
}

function coversScalar(
  old: ScalarValue,
  now: ScalarValue,
  precise: boolean,
  how: Comparison,
  names: Renaming,
): boolean {
  if (how === 'exact') {
    return equal(old.range, now.range) && old.delta === now.delta && names.ids(old.id, now.id);
  }
  if (how === 'later' && !precise) return true;
  return (old.range === now.range || contains(old.range, now.range)) && names.links(old, now);
}

function coversPointer(
  old: PointerValue,
  now: PointerValue,
  how: Comparison,
  names: Renaming,
): boolean {
  if (
    !sameTarget(old.target, now.target) ||
    old.nullable !== now.nullable ||
    old.offset !== now.offset ||
    !names.ids(old.id, now.id) ||
    !names.ids(old.reference, now.reference)
  ) {
    return false;
  }
  if (how === 'exact') return old.range === now.range && equal(old.variable, now.variable);
  if (old.range !== now.range && (old.range < 0 || old.range > now.range)) return false;
  return old.variable === now.variable || contains(old.variable, now.variable);
}

function coversValue(
  old: Value,
  now: Value,
  precise: boolean,
  how: Comparison,
  names: Renaming,
): boolean {
  if (old.kind === 'uninitialised') return how !== 'exact' || now.kind === 'uninitialised';
  if (old.kind === 'scalar') {
    return now.kind === 'scalar' && coversScalar(old, now, precise, how, names);
  }
  return now.kind === 'pointer' && coversPointer(old, now, how, names);
}

function byteOf(slot: Slot, byte: number): number {
  return (slot.bytes >>> (4 * byte)) & 15;
}

/** Whether a byte that was `old` may be `now`; spilled values are compared as a whole elsewhere. */
function coversByte(old: number, now: number, nowScalar: boolean): boolean {
  if (old === BYTE.UNINITIALISED) return true;
  if (old === now) return true;
  // What was anything may be any number that is there for sure.
  return old === BYTE.ANYTHING && (now === BYTE.ZERO || (now === BYTE.SPILLED && nowScalar));
}

function coversSlot(
  old: Slot,
  now: Slot,
  precise: boolean,
  how: Comparison,
  names: Renaming,
): boolean {
  if (how === 'exact') {
    if (old.bytes !== now.bytes || (old.value === undefined) !== (now.value === undefined)) {
      return false;
    }
  } else if (old.bytes !== now.bytes) {
    const nowScalar = now.value?.kind === 'scalar';
    for (let byte = 0; byte < 8; byte++) {
      const was = byteOf(old, byte);
      if (was === BYTE.SPILLED && byteOf(now, byte) !== BYTE.SPILLED) {
        // A number of which nothing was relied upon may be any initialised bytes.
        const free = old.value?.kind === 'scalar' && !precise && how === 'later';
        const is = byteOf(now, byte);
        if (!free || (is !== BYTE.ANYTHING && is !== BYTE.ZERO)) return false;
        continue;
      }
      if (!coversByte(was, byteOf(now, byte), nowScalar)) return false;
    }
  }
  if (old.value !== undefined && hasSpilled(old)) {
    if (now.value === undefined || !hasSpilled(now)) {
      if (old.value.kind !== 'scalar' || precise || how !== 'later') return false;
    } else if (!sameSpill(old, now)) {
      return false;
    } else if (!coversValue(old.value, now.value, precise, how, names)) {
      return false;
    }
  }
  if (old.dynptr === undefined) return true;
  const { dynptr } = now;
  return (
    dynptr !== undefined &&
    old.dynptr.type === dynptr.type &&
    old.dynptr.first === dynptr.first &&
    old.dynptr.writable === dynptr.writable &&
    names.ids(old.dynptr.id, dynptr.id) &&
    names.ids(old.dynptr.reference, dynptr.reference)
  );
}

function hasSpilled(slot: Slot): boolean {
  for (let byte = 0; byte < 8; byte++) if (byteOf(slot, byte) === BYTE.SPILLED) return true;
  return false;
}

/** Whether the same bytes of both belong to their values. */
function sameSpill(a: Slot, b: Slot): boolean {
  for (let byte = 0; byte < 8; byte++) {
    if ((byteOf(a, byte) === BYTE.SPILLED) !== (byteOf(b, byte) === BYTE.SPILLED)) return false;
  }
  return true;
}

function coversSlots(
  checkpoint: Checkpoint,
  number: number,
  old: Frame,
  now: Frame,
  how: Comparison,
  names: Renaming,
): boolean {
  // Below what the checkpoint wrote, nothing of it can matter.
  const count = how === 'exact' ? Math.max(old.slotsInUse, now.slotsInUse) : old.slotsInUse;
  for (let index = 0; index < count; index++) {
    if (how === 'later' && !checkpoint.isRead(number, index)) continue;
    const was = old.slot(index);
    if (was.bytes === 0 && how !== 'exact') continue;
    const precise = checkpoint.isPreciseSlot(number, index);
    if (!coversSlot(was, now.slot(index), precise, how, names)) return false;
  }
  return true;
}

/** Registers of a frame that are still needed: in the running one before `pc`, in others after their call. */
function liveIn(code: PreparedCode, state: State, number: number): number {
  const above = state.frames[number + 1];
  if (above === undefined) return code.live[state.pc]!;
  const live = code.live[above.callSite]!;
  // After a callback the call itself is next.
  return above.callback === undefined ? live & 0b1111000000 : live;
}

/** Whether everything that can follow `state` has been walked from the checkpoint on. */
export function covers(
  code: PreparedCode,
  checkpoint: Checkpoint,
  state: State,
  how: Comparison,
): boolean {
  const old = checkpoint.state;
  if (old.frames.length !== state.frames.length) return false;
  if (old.references.length !== state.references.length) return false;
  if ((old.lock === undefined) !== (state.lock === undefined)) return false;
  for (let number = 0; number < old.frames.length; number++) {
    const was = old.frames[number]!;
    const now = state.frames[number]!;
    if (was.function !== now.function || was.callSite !== now.callSite) return false;
    if (was.callback?.helper !== now.callback?.helper) return false;
    // The more often a callback ran, the fewer runs are left.
    if (was.callbackRuns > now.callbackRuns) return false;
  }
  const names = new Renaming();
  for (let index = 0; index < old.references.length; index++) {
    const was = old.references[index]!;
    const now = state.references[index]!;
    if (was.kind !== now.kind || was.frame !== now.frame || !names.ids(was.id, now.id))
      return false;
  }
  if (old.lock !== undefined) {
    if (old.lock.map !== state.lock!.map || !names.ids(old.lock.id, state.lock!.id)) return false;
  }
  for (let number = 1; number < old.frames.length; number++) {
    const was = old.frames[number]!.callback?.reference ?? 0;
    if (!names.ids(was, state.frames[number]!.callback?.reference ?? 0)) return false;
  }
  for (let number = old.frames.length - 1; number >= 0; number--) {
    const was = old.frames[number]!;
    const now = state.frames[number]!;
    const live = how === 'exact' ? 0x3ff : liveIn(code, old, number);
    for (let register = 0; register < 10; register++) {
      if (((live >> register) & 1) === 0) continue;
      const precise = checkpoint.isPreciseRegister(number, register);
      if (!coversValue(was.registers[register]!, now.registers[register]!, precise, how, names)) {
        return false;
      }
    }
    if (!coversSlots(checkpoint, number, was, now, how, names)) return false;
  }
  return true;
}
