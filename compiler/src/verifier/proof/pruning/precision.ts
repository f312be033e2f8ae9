/**
 * Which scalars of earlier states a scalar's bounds came from.
 *
 * Most scalars never decide whether a program is safe, and a checkpoint covers any value of theirs. When
 * the bounds of one are relied upon (an access is inside its object because of them, a branch is known),
 * this goes back over the instructions of the path and marks, at each checkpoint, the scalars that it was
 * computed from. Soundness: let a later state agree with a checkpoint in types, and be inside its bounds
 * for marked scalars. Every value relied upon below the checkpoint is a function of marked scalars,
 * constants, and values that are unknown at any rate (loads from memory, results of helpers); so the same
 * walk with the later state gives values inside the same bounds, takes the same known branches and
 * passes the same checks.
 */
import type { BpfInstruction } from '../../../object/index.ts';
import type { Code } from '../path.ts';
import { SLOTS } from '../state.ts';
import { CALLBACK_EXIT, type Checkpoint, type Linked, Marks, type Segment } from './checkpoint.ts';

const ARGUMENTS = 0b111110;
const CALLER_SAVED = 0b111111;

/** Scalars that are looked for, by frame. */
export class Wanted {
  readonly #frames: (Marks | undefined)[] = [];
  #count = 0;

  get empty(): boolean {
    return this.#count === 0;
  }

  get frames(): readonly (Marks | undefined)[] {
    return this.#frames;
  }

  at(frame: number): Marks {
    let marks = this.#frames[frame];
    if (marks === undefined) {
      marks = new Marks();
      this.#frames[frame] = marks;
    }
    return marks;
  }

  wantsRegister(frame: number, register: number): boolean {
    return (((this.#frames[frame]?.registers ?? 0) >> register) & 1) === 1;
  }

  addRegister(frame: number, register: number): void {
    if (register === 10 || this.wantsRegister(frame, register)) return;
    this.at(frame).registers |= 1 << register;
    this.#count++;
  }

  /** True when it was wanted. */
  dropRegister(frame: number, register: number): boolean {
    if (!this.wantsRegister(frame, register)) return false;
    this.at(frame).registers &= ~(1 << register);
    this.#count--;
    return true;
  }

  dropRegisters(frame: number, mask: number): void {
    for (let register = 0; register < 10; register++) {
      if (((mask >> register) & 1) === 1) this.dropRegister(frame, register);
    }
  }

  wantsSlot(frame: number, slot: number): boolean {
    return this.#frames[frame]?.slots[slot] === 1;
  }

  addSlot(frame: number, slot: number): void {
    if (this.wantsSlot(frame, slot)) return;
    this.at(frame).slots[slot] = 1;
    this.#count++;
  }

  /** True when it was wanted. */
  dropSlot(frame: number, slot: number): boolean {
    if (!this.wantsSlot(frame, slot)) return false;
    this.at(frame).slots[slot] = 0;
    this.#count--;
    return true;
  }

  /** Forgets a frame that does not exist yet further back. */
  dropFrame(frame: number): void {
    const marks = this.#frames[frame];
    if (marks === undefined) return;
    for (let register = 0; register < 10; register++) this.dropRegister(frame, register);
    for (let slot = 0; slot < SLOTS; slot++) this.dropSlot(frame, slot);
  }
}

/** Goes back over one instruction that frame `frame` ran; `move` is of `Segment.moves`. */
function stepBack(instruction: BpfInstruction, frame: number, move: number, wanted: Wanted): void {
  switch (instruction.kind) {
    case 'alu': {
      const { operator, destination, source } = instruction;
      if (!wanted.wantsRegister(frame, destination)) return;
      if (operator === 'mov') wanted.dropRegister(frame, destination);
      if (source.kind === 'register') wanted.addRegister(frame, source.register);
      return;
    }
    case 'move_sign_extend':
      if (wanted.dropRegister(frame, instruction.destination)) {
        wanted.addRegister(frame, instruction.source);
      }
      return;
    case 'reference':
    case 'address_space_cast':
      wanted.dropRegister(frame, instruction.destination);
      return;
    case 'load':
      if (wanted.dropRegister(frame, instruction.destination) && move > 0) {
        wanted.addSlot(Math.floor((move - 1) / SLOTS), (move - 1) % SLOTS);
      }
      return;
    case 'store':
      if (move > 0 && wanted.dropSlot(Math.floor((move - 1) / SLOTS), (move - 1) % SLOTS)) {
        if (instruction.source.kind === 'register') {
          wanted.addRegister(frame, instruction.source.register);
        }
      }
      return;
    case 'atomic':
      if (instruction.operator === 'store_release') {
        if (move > 0 && wanted.dropSlot(Math.floor((move - 1) / SLOTS), (move - 1) % SLOTS)) {
          wanted.addRegister(frame, instruction.source);
        }
      } else if (instruction.operator === 'load_acquire') {
        if (wanted.dropRegister(frame, instruction.source) && move > 0) {
          wanted.addSlot(Math.floor((move - 1) / SLOTS), (move - 1) % SLOTS);
        }
      } else if (instruction.operator === 'cmpxchg') {
        wanted.dropRegister(frame, 0);
      } else if (instruction.fetch) {
        wanted.dropRegister(frame, instruction.source);
      }
      return;
    case 'branch':
      if (instruction.right.kind === 'register') {
        const { left, right } = instruction;
        if (wanted.wantsRegister(frame, left)) wanted.addRegister(frame, right.register);
        else if (wanted.wantsRegister(frame, right.register)) wanted.addRegister(frame, left);
      }
      return;
    case 'legacy_load':
    case 'call_helper':
    case 'call_kernel':
    case 'call_function':
    case 'call_register':
      // Nothing that a call gives has bounds from its caller; arguments are gone afterwards.
      wanted.dropRegisters(frame, CALLER_SAVED);
      return;
    default:
  }
}

/** A call went into frame `callee`: its arguments are those of its caller. */
function intoCaller(callee: number, wanted: Wanted, copies: boolean): void {
  if (copies) {
    for (let register = 1; register <= 5; register++) {
      if (wanted.wantsRegister(callee, register)) wanted.addRegister(callee - 1, register);
    }
  }
  wanted.dropFrame(callee);
}

/** A function went back to frame `caller`: its result is the callee's r0. */
function intoCallee(caller: number, wanted: Wanted, result: boolean): void {
  if (!result) return;
  const wantsResult = wanted.dropRegister(caller, 0);
  wanted.dropRegisters(caller, ARGUMENTS);
  if (wantsResult) wanted.addRegister(caller + 1, 0);
}

/** Goes back over the first `count` instructions of a segment; `depthAfter` is the frame that ran next. */
function traceSegment(
  code: Code,
  segment: Segment,
  count: number,
  depthAfter: number,
  wanted: Wanted,
): void {
  let after = depthAfter;
  for (let index = count - 1; index >= 0 && !wanted.empty; index--) {
    const instruction = code.at(segment.pcs[index]!);
    const depth = segment.depths[index]!;
    const move = segment.moves[index]!;
    const links = segment.links?.get(index);
    if (links !== undefined) addLinked(links, wanted);
    if (after > depth) intoCaller(after, wanted, instruction.kind !== 'call_helper');
    // From a callback control goes back to the call itself, with the caller's registers as they were.
    else if (after < depth) intoCallee(after, wanted, move !== CALLBACK_EXIT);
    else stepBack(instruction, depth, move, wanted);
    if (links !== undefined) addLinked(links, wanted);
    after = depth;
  }
}

function addLinked(links: readonly Linked[], wanted: Wanted): void {
  const any = links.some((link) =>
    link.register !== undefined
      ? wanted.wantsRegister(link.frame, link.register)
      : wanted.wantsSlot(link.frame, link.slot!),
  );
  if (!any) return;
  for (const link of links) {
    if (link.register !== undefined) wanted.addRegister(link.frame, link.register);
    else wanted.addSlot(link.frame, link.slot!);
  }
}

/** Marks at a checkpoint what is wanted there; what need not be looked for further back is dropped. */
function markAt(checkpoint: Checkpoint, wanted: Wanted): boolean {
  let changed = false;
  const { frames } = checkpoint.state;
  wanted.frames.forEach((marks, number) => {
    if (marks === undefined) return;
    const frame = frames[number];
    if (frame === undefined) {
      wanted.dropFrame(number);
      return;
    }
    let known = checkpoint.precise[number];
    if (known === undefined) {
      known = new Marks();
      checkpoint.precise[number] = known;
    }
    for (let register = 0; register < 10; register++) {
      if (((marks.registers >> register) & 1) === 0) continue;
      if (
        frame.registers[register]!.kind !== 'scalar' ||
        ((known.registers >> register) & 1) === 1
      ) {
        wanted.dropRegister(number, register);
        continue;
      }
      known.registers |= 1 << register;
      changed = true;
    }
    for (let slot = 0; slot < SLOTS; slot++) {
      if (marks.slots[slot] === 0) continue;
      if (frame.slot(slot).value?.kind !== 'scalar' || known.slots[slot] === 1) {
        wanted.dropSlot(number, slot);
        continue;
      }
      known.slots[slot] = 1;
      changed = true;
    }
  });
  return changed;
}

/**
 * Marks what is wanted after the first `count` instructions of a segment at all checkpoints before it.
 * True when a checkpoint learned something.
 */
export function trace(
  code: Code,
  start: Segment,
  count: number,
  depthAfter: number,
  wanted: Wanted,
): boolean {
  let changed = false;
  traceSegment(code, start, count, depthAfter, wanted);
  let checkpoint = start.parent;
  while (checkpoint !== undefined && !wanted.empty) {
    if (markAt(checkpoint, wanted)) changed = true;
    const { segment } = checkpoint;
    traceSegment(code, segment, segment.pcs.length, checkpoint.state.frames.length - 1, wanted);
    checkpoint = segment.parent;
  }
  return changed;
}
