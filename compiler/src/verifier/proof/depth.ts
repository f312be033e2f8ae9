/** How deep calls are nested and how much stack the frames of a chain of calls take. */
import type { BpfObject } from '../../object/index.ts';
import { HELPER } from '../helper-numbers.ts';
import { MAXIMUM_FRAMES } from './calls/callbacks.ts';
import { Rejection } from './rejection.ts';
import { calleesOf } from './structure.ts';
import type { WalkContext } from './walk.ts';

const MAXIMUM_STACK = 512;
const GRANULARITY = 16;
/** From this size on a frame is outside of the common stack, in programs that have a private one. */
const OWN_STACK = 64;

interface Graph {
  readonly object: BpfObject;
  readonly later: ReadonlySet<number>;
  /** Bytes that a frame of the function takes of the common stack. */
  size(fn: number): number;
}

interface Chain {
  readonly frames: number;
  readonly bytes: number;
}

interface Visit {
  readonly fn: number;
  readonly callees: readonly number[];
  next: number;
  frames: number;
  bytes: number;
}

function visit({ object, later }: Graph, fn: number): Visit {
  const callees = calleesOf(object.functions[fn]!)
    .filter((callee) => callee.call || !later.has(callee.fn))
    .map((callee) => callee.fn);
  return { fn, callees: [...new Set(callees)], next: 0, frames: 0, bytes: 0 };
}

function tooDeep(object: BpfObject, fn: number): never {
  throw new Rejection(
    'BPF-V042',
    `more than ${MAXIMUM_FRAMES} functions are nested in calls and callbacks, with ${object.functions[fn]!.name} among them`,
    { help: 'call fewer functions inside each other, or let the compiler inline some' },
  );
}

/** The longest and the largest chain of frames that begins with `root`. */
function measure(graph: Graph, root: number, known: Map<number, Chain>): Chain {
  const { object } = graph;
  const stack = [visit(graph, root)];
  const open = new Set([root]);
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const callee = top.callees[top.next];
    if (callee === undefined) {
      const chain = { frames: top.frames + 1, bytes: top.bytes + graph.size(top.fn) };
      if (chain.frames > MAXIMUM_FRAMES) tooDeep(object, top.fn);
      known.set(top.fn, chain);
      open.delete(top.fn);
      stack.pop();
      continue;
    }
    const chain = known.get(callee);
    if (chain !== undefined) {
      top.frames = Math.max(top.frames, chain.frames);
      top.bytes = Math.max(top.bytes, chain.bytes);
      top.next++;
      continue;
    }
    // Recursion of calls was refused before: this one goes through a callback, and has no end.
    if (open.has(callee)) tooDeep(object, callee);
    open.add(callee);
    stack.push(visit(graph, callee));
  }
  return known.get(root)!;
}

function callsHelper(object: BpfObject, fn: number, helper: number): boolean {
  return object.functions[fn]!.instructions.some(
    (instruction) => instruction.kind === 'call_helper' && instruction.helper === helper,
  );
}

/**
 * Refuses chains of more than 8 frames, and of more than 512 bytes of stack together. As in the kernel, large
 * frames of programs with a private stack and without tail calls are not part of the common stack;
 * functions that timers run start chains of their own, on the common stack.
 */
export function checkDepth(
  context: Pick<WalkContext, 'object' | 'program' | 'layout' | 'stackUse' | 'callbacks'>,
): void {
  const { object, program, layout, stackUse, callbacks } = context;
  const later = new Set([...callbacks.later].filter((fn) => !callbacks.atOnce.has(fn)));
  const rounded = (fn: number) => Math.ceil((stackUse.get(fn) ?? 0) / GRANULARITY) * GRANULARITY;
  const common: Graph = { object, later, size: rounded };
  const belowLater = new Set<number>();
  const chains = new Map<number, Chain>();
  for (const fn of callbacks.later) refuseLarge(object, fn, measure(common, fn, chains));
  for (const fn of chains.keys()) belowLater.add(fn);
  const own = layout.privateStack && !callsHelper(object, program.entry, HELPER.tail_call);
  const main: Graph = {
    object,
    later,
    size: (fn) => {
      const bytes = rounded(fn);
      return own && bytes >= OWN_STACK && !belowLater.has(fn) ? 0 : bytes;
    },
  };
  refuseLarge(object, program.entry, measure(main, program.entry, new Map()));
}

function refuseLarge(object: BpfObject, fn: number, { frames, bytes }: Chain): void {
  if (bytes <= MAXIMUM_STACK) return;
  throw new Rejection(
    'BPF-V042',
    `${frames > 1 ? `${object.functions[fn]!.name} and the functions it calls need` : `${object.functions[fn]!.name} needs`} ${bytes} bytes of stack together; ${MAXIMUM_STACK} are allowed`,
    { help: 'move large local variables to a per-CPU array map of one element' },
  );
}
