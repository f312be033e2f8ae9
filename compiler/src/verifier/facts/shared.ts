/**
 * Slots of a frame that other functions read whole: a callback that finds the context, or a buffer, in
 * the structure its caller made for it. What they may find there is the join of what the slot holds
 * whenever its function waits for others, and of anything that others wrote.
 */
import { NO_THRESHOLDS } from '../domain/index.ts';
import type { ValueType } from '../types.ts';
import type { Analysis, FunctionWork } from './analysis.ts';
import { type Cursor, wholeSlot } from './frame.ts';
import { readSlot, SLOTS } from './state.ts';
import { joinValues, NONE, UNKNOWN, widenValues } from './value.ts';

/** Joins before bounds are given up. */
const PATIENCE = 3;

/** One slot that others read. */
export interface SharedSlot {
  value: ValueType;
  joins: number;
  /** Blocks to look at again when the value changes. */
  readonly readers: Map<FunctionWork, Set<number>>;
}

function publish(analysis: Analysis, shared: SharedSlot, value: ValueType): void {
  let joined = joinValues(shared.value, value.kind === 'none' ? UNKNOWN : value, analysis.lost);
  if (joined === shared.value) return;
  if (++shared.joins > PATIENCE) joined = widenValues(shared.value, joined, NO_THRESHOLDS);
  shared.value = joined;
  for (const [reader, blocks] of shared.readers) {
    for (const block of blocks) reader.queue.add(block);
  }
}

/** Others may read what the frame holds now. */
export function publishFrame(analysis: Analysis, work: FunctionWork, cursor: Cursor): void {
  for (let index = 0; index < SLOTS; index++) {
    const shared = work.shared[index];
    if (shared !== undefined)
      publish(analysis, shared, readSlot(cursor.slot(index), analysis.lost));
  }
}

/** Others may have written anything to the slots. */
export function spoilShared(
  analysis: Analysis,
  work: FunctionWork,
  first: number,
  end: number,
): void {
  for (let index = first; index < end; index++) {
    const shared = work.shared[index];
    if (shared !== undefined) publish(analysis, shared, UNKNOWN);
  }
}

/**
 * What `reader` finds in a slot of the frame of a function that waits for it: undefined when the load is
 * no such one, `none` while nothing has been seen to get there.
 */
export function readShared(
  analysis: Analysis,
  reader: FunctionWork,
  instruction: number,
  base: ValueType,
  offset: number,
  size: number,
): ValueType | undefined {
  if (base.kind !== 'pointer' || base.region.kind !== 'stack' || size !== 8) return undefined;
  if (base.region.function === reader.index) return undefined;
  const owner = analysis.functions[base.region.function]!;
  const slot = wholeSlot(base, offset);
  if (slot === undefined || owner.foreignWrites[slot] === 1) return undefined;
  let shared = owner.shared[slot];
  if (shared === undefined) {
    shared = { value: NONE, joins: 0, readers: new Map() };
    owner.shared[slot] = shared;
    for (const block of owner.callBlocks) owner.queue.add(block);
  }
  let blocks = shared.readers.get(reader);
  if (blocks === undefined) {
    blocks = new Set();
    shared.readers.set(reader, blocks);
  }
  blocks.add(reader.flow.blockOf[instruction]!);
  return shared.value;
}
