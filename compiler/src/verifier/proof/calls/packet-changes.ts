/** Calls after which pointers into the packet are no longer good. */
import type { BpfObject } from '../../../object/index.ts';
import { changesPacketData } from '../../helpers.ts';

const known = new WeakMap<BpfObject, readonly boolean[]>();

function find(object: BpfObject): readonly boolean[] {
  const callers = object.functions.map((): number[] => []);
  const changes = object.functions.map((fn) => {
    let itself = false;
    for (const instruction of fn.instructions) {
      if (instruction.kind === 'call_helper') itself ||= changesPacketData(instruction.helper);
      // What it calls is not known before the walk.
      else if (instruction.kind === 'call_register') itself = true;
      else if (instruction.kind === 'call_function') {
        callers[instruction.function]!.push(fn.index);
      } else if (instruction.kind === 'reference' && instruction.reference.kind === 'function') {
        callers[instruction.reference.function]!.push(fn.index);
      }
    }
    return itself;
  });
  const queue = object.functions.filter(({ index }) => changes[index]).map(({ index }) => index);
  for (let fn = queue.pop(); fn !== undefined; fn = queue.pop()) {
    for (const caller of callers[fn]!) {
      if (changes[caller]) continue;
      changes[caller] = true;
      queue.push(caller);
    }
  }
  return changes;
}

/** Whether a function, or one that it calls, may move the packet. */
export function functionChangesPacket(object: BpfObject, fn: number): boolean {
  let changes = known.get(object);
  if (changes === undefined) {
    changes = find(object);
    known.set(object, changes);
  }
  return changes[fn]!;
}
