/**
 * From an object to a verdict on each of its programs.
 *
 * First what can be said without walking (structure.ts), then every path of the program and, apart, of each
 * global function that it calls (walk.ts), then the depth of all calls (depth.ts). The rest of the folder:
 *
 * - path.ts: what a check may see and do; state.ts, value.ts: what is known on one path
 * - code.ts: the instructions of all functions in one row, and where states are compared
 * - instructions/: arithmetic, addresses, branches and what they tell of packets and linked registers
 * - memory/: loads and stores; a file for each kind of memory a pointer may lead to
 * - calls/: helpers argument by argument, functions, callbacks, exits, and what is held: references, locks
 * - pruning/: which paths need not be walked: checkpoints, what they cover and why that is sound
 * - log/: the walk in the kernel's notation
 * - explain/: from a rejection to a message about the source
 *
 * A check that fails throws a `Rejection` (rejection.ts) with a code; here it becomes a diagnostic.
 */
import { Failure } from '../../diag/index.ts';
import type { BpfObject, BpfProgram } from '../../object/index.ts';
import { programContext } from '../contexts/index.ts';
import type { ContextLayout } from '../types.ts';
import { entryState, globalEntryState, isVerifiedApart } from './calls/functions.ts';
import { type PreparedCode, prepareCode } from './code.ts';
import { checkDepth } from './depth.ts';
import { explain, type PathStep } from './explain/explain.ts';
import { createLogger } from './log/log.ts';
import { Rejection } from './rejection.ts';
import { State } from './state.ts';
import { checkStructure, functionsFrom } from './structure.ts';
import type { ProgramProof, ProofFacts, ProofOptions } from './types.ts';
import { Walk, type WalkContext } from './walk.ts';

const DEFAULT_LIMIT = 1_000_000;

/** Everything a proof of one program gathers. */
interface Attempt {
  readonly context: WalkContext;
  states: number;
  peakStates: number;
  walk: Walk | undefined;
}

/** Marks by `pc`. The programs of an object share them, one after the other: they may be many. */
type CodeMarks = Pick<WalkContext, 'reached' | 'edges' | 'accessed'>;

/** What was learned; takes it out of the marks, which are clean then. */
function takeFacts(context: WalkContext): ProofFacts {
  const { object, program, code, reached, edges, accessed } = context;
  const facts = {
    reached: new Map<number, Uint8Array>(),
    branches: new Map<number, Uint8Array>(),
  };
  // Objects may have many programs: none is to look at the functions of all others.
  for (const fn of functionsFrom(object, program.entry)) {
    const start = code.startOf(fn);
    const end = start + object.functions[fn]!.instructions.length;
    if (end === start || reached[start] === 0) continue;
    facts.reached.set(fn, reached.slice(start, end));
    facts.branches.set(fn, edges.slice(start, end));
    for (const marks of [reached, edges, accessed]) marks.fill(0, start, end);
  }
  return facts;
}

/** Walks from one entry on. */
function walkFrom(attempt: Attempt, start: (newId: () => number) => State): void {
  const walk = new Walk(attempt.context, start);
  attempt.walk = walk;
  try {
    walk.run();
  } finally {
    attempt.states += walk.explored.count;
    attempt.peakStates = Math.max(attempt.peakStates, walk.explored.peak);
  }
}

/** The function that is called, or may be called because its address is taken, and is verified by itself then. */
function calleeAt({ object, program, code }: WalkContext, pc: number): number | undefined {
  const instruction = code.at(pc);
  if (instruction.kind === 'call_function') return instruction.function;
  if (instruction.kind !== 'reference' || instruction.reference.kind !== 'function')
    return undefined;
  const { function: fn } = instruction.reference;
  return isVerifiedApart(object, program, fn) ? fn : undefined;
}

/** The first global function in the code that is called from what has been walked, and was not walked itself yet. */
function nextGlobal(context: WalkContext, done: ReadonlySet<number>): number | undefined {
  const { object, code, reached, calls } = context;
  calls.sort((left, right) => right - left);
  for (let pc = calls.pop(); pc !== undefined; pc = calls.pop()) {
    const callee = calleeAt(context, pc);
    if (callee === undefined || done.has(callee) || reached[code.startOf(callee)] === 1) continue;
    if (object.functions[callee]!.instructions.length > 0) return callee;
  }
  return undefined;
}

function walkAll(attempt: Attempt): void {
  const { context } = attempt;
  const { object, program, layout, code } = context;
  checkStructure(object, program, code);
  walkFrom(attempt, (newId) => entryState(object, program, layout, code, newId));
  const done = new Set<number>();
  for (let fn = nextGlobal(context, done); fn !== undefined; fn = nextGlobal(context, done)) {
    const callee = fn;
    done.add(callee);
    walkFrom(attempt, (newId) => globalEntryState(object, program, layout, code, newId, callee));
  }
  checkDepth(context);
}

/** Each instruction of the path to a rejection, with the way its branch went. */
function stepsOf(code: PreparedCode, trail: readonly number[]): PathStep[] {
  return trail.map((pc, index) => {
    const instruction = code.at(pc);
    const next = trail[index + 1];
    if (instruction.kind !== 'branch' || next === undefined) return { pc };
    return { pc, taken: next !== pc + 1 };
  });
}

function diagnose(attempt: Attempt, rejection: Rejection) {
  const { object, program, code } = attempt.context;
  const { walk } = attempt;
  const pc = rejection.details.pc ?? walk?.pc ?? code.startOf(program.entry);
  return explain({
    object,
    program,
    code,
    state: walk?.state ?? new State(pc),
    path: stepsOf(code, walk?.trail() ?? []),
    pc,
    rejection: { code: rejection.code, message: rejection.message, details: rejection.details },
  });
}

/** Proves one program safe on all its paths, or says where it is not. */
function proveProgram(
  object: BpfObject,
  program: BpfProgram,
  layout: ContextLayout,
  code: PreparedCode,
  options: ProofOptions,
  marks: CodeMarks,
): ProgramProof {
  const started = performance.now();
  const context: WalkContext = {
    object,
    program,
    layout,
    code,
    limit: options.walkLimit ?? DEFAULT_LIMIT,
    logger: createLogger(object, program, code, options),
    ...marks,
    callbacks: { atOnce: new Set(), later: new Set() },
    stackUse: new Map(),
    calls: [],
    walked: 0,
  };
  const attempt: Attempt = { context, states: 0, peakStates: 0, walk: undefined };
  let rejection: ReturnType<typeof diagnose> | undefined;
  try {
    walkAll(attempt);
  } catch (error) {
    if (error instanceof Rejection) rejection = diagnose(attempt, error);
    else if (error instanceof Failure && error.kind === 'input') rejection = error.diagnostic;
    else throw error;
  }
  const { states, peakStates } = attempt;
  const totals = { walked: context.walked, limit: context.limit, states, peakStates };
  context.logger?.end(totals, rejection?.message);
  return {
    program: program.name,
    index: program.index,
    verdict: rejection === undefined ? 'proved' : 'rejected',
    ...(rejection !== undefined && { rejection }),
    walked: context.walked,
    states,
    peakStates,
    time: performance.now() - started,
    facts: takeFacts(context),
  };
}

function unsupported(object: BpfObject, program: BpfProgram): ProgramProof {
  return {
    program: program.name,
    index: program.index,
    verdict: 'rejected',
    rejection: {
      code: 'BPF-V005',
      severity: 'error',
      message: `programs of type '${program.attach.type}' are not supported (SEC("${program.attach.section}"), program ${program.name})`,
      place: object.place(program.entry, 0),
    },
    walked: 0,
    states: 0,
    peakStates: 0,
    time: 0,
    facts: { reached: new Map(), branches: new Map() },
  };
}

/**
 * Proves the programs of an object, one after the other: that on every path each access is inside its
 * object, what is read was written, helpers get what they ask for, what is acquired is released, and the
 * program ends. Rules and limits are those of the kernel (Linux 6.18) for privileged programs, but that
 * reading uninitialised stack is refused.
 *
 * Never throws for what the object contains; gives one verdict for each program asked for, in their order.
 */
export function prove(object: BpfObject, options: ProofOptions = {}): readonly ProgramProof[] {
  const code = prepareCode(object);
  const wanted = object.programs.filter(
    ({ name }) => options.programs === undefined || options.programs.includes(name),
  );
  const marks: CodeMarks = {
    reached: new Uint8Array(code.length),
    edges: new Uint8Array(code.length),
    accessed: new Uint8Array(code.length),
  };
  return wanted.map((program) => {
    const layout = programContext(program, object.ptRegs);
    if (layout === undefined) return unsupported(object, program);
    return proveProgram(object, program, layout, code, options, marks);
  });
}
