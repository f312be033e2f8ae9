// The running kernel's ranges beside ours, along straight programs of arithmetic and branches: ours must be
// at least as narrow, bound by bound. DOMAIN_PROGRAMS is how many programs are tried.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AluOperator } from '../../src/isa/index.ts';
import { askKernel, readKernelLog } from '../../src/kernel/index.ts';
import {
  arithmetic,
  bounds,
  constantScalar,
  formatScalar,
  type IntegerBounds,
  negate,
  refine,
  type Scalar,
  signExtend,
  swap,
  UNKNOWN,
  zeroOrAllOnes,
} from '../../src/verifier/domain/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';
import { Random } from '../support/random.ts';
import { BRANCHES, WIDTHS } from './domain-samples.ts';

const PROGRAMS = Number(process.env.DOMAIN_PROGRAMS ?? 60);
const LENGTH = 40;
const REGISTERS = [6, 7, 8, 9] as const;
const KTIME_GET_NS = 5;
const GET_PRANDOM_U32 = 7;

type State = Map<number, Scalar>;

/** An instruction, and what it does to a state; undefined when the next instruction is out of reach. */
interface Step {
  readonly draft: Draft;
  readonly apply: (state: State) => State | undefined;
}

function set(state: State, register: number, value: Scalar): State {
  return new Map(state).set(register, value);
}

function immediate(random: Random): number {
  const near = random.below(7) - 3;
  switch (random.below(5)) {
    case 0:
      return near;
    case 1:
      return (1 << random.below(32)) + near || 0;
    case 2:
      return -(1 << random.below(31)) + near;
    case 3:
      return random.below(256);
    default:
      return random.below(2 ** 31);
  }
}

const OPERATORS: readonly AluOperator[] = [
  'add',
  'sub',
  'mul',
  'and',
  'or',
  'xor',
  'lsh',
  'rsh',
  'arsh',
  'div',
  'mod',
];

const isShift = (operator: AluOperator) => operator.endsWith('sh');

/** The kernel walks `and` and `or` of such a value with a constant twice, first for all ones. */
function calculate(operator: AluOperator, width: 32 | 64, left: Scalar, right: Scalar): Scalar {
  const forks = (operator === 'and' || operator === 'or') && right.isConstant;
  const first = forks ? zeroOrAllOnes(left) : undefined;
  return arithmetic(operator, width, first ?? left, right);
}

function calculation(random: Random): Step {
  const left = random.pick(REGISTERS);
  const width = random.pick(WIDTHS);
  const operator = random.pick(OPERATORS);
  const other = REGISTERS.filter((register) => register !== left);
  const right = random.pick(other);
  if (random.below(3) === 0) {
    return {
      draft: asm.aluR(operator, left, right, width),
      apply: (state) =>
        set(state, left, calculate(operator, width, state.get(left)!, state.get(right)!)),
    };
  }
  // The kernel refuses shifts by more than the width, and division by 0.
  const any = immediate(random) | 0;
  const value = isShift(operator)
    ? random.below(width)
    : operator === 'div' || operator === 'mod'
      ? any || 1
      : any;
  return {
    draft: asm.aluI(operator, left, value, width),
    apply: (state) =>
      set(state, left, calculate(operator, width, state.get(left)!, constantScalar(value))),
  };
}

function conversion(random: Random): Step {
  const register = random.pick(REGISTERS);
  const width = random.pick(WIDTHS);
  const step = (draft: Draft, change: (s: Scalar) => Scalar): Step => ({
    draft,
    apply: (state) => set(state, register, change(state.get(register)!)),
  });
  if (random.below(2) === 0) {
    return step({ kind: 'negate', width, destination: register }, (s) => negate(width, s));
  }
  if (random.below(3) === 0) {
    const bits = random.pick([16, 32, 64] as const);
    const draft = { kind: 'swap', to: 'be', bits, destination: register } as const;
    return step(draft, (s) => swap('be', bits, s));
  }
  const bits = random.pick(width === 32 ? ([8, 16] as const) : ([8, 16, 32] as const));
  return step(
    { kind: 'move_sign_extend', width, bits, destination: register, source: register },
    (s) => signExtend(width, bits, s),
  );
}

/** A branch to the end: the walk goes on where it is not taken. */
function branch(random: Random, end: number): Step {
  const left = random.pick(REGISTERS);
  const width = random.pick(WIDTHS);
  const operator = random.pick(BRANCHES);
  const right = random.pick(REGISTERS.filter((register) => register !== left));
  const byRegister = random.below(3) === 0;
  const value = immediate(random) | 0;
  return {
    draft: {
      kind: 'branch',
      operator,
      width,
      left,
      right: byRegister ? { kind: 'register', register: right } : { kind: 'immediate', value },
      target: end,
    },
    apply: (state) => {
      const operand = byRegister ? state.get(right)! : constantScalar(value);
      const edge = refine(operator, width, false, state.get(left)!, operand);
      if (!edge) return undefined;
      const next = set(state, left, edge[0]);
      return byRegister ? set(next, right, edge[1]) : next;
    },
  };
}

/** Words and half words that nothing is known of. */
function beginning(): readonly Step[] {
  return REGISTERS.flatMap((register, index): Step[] => [
    {
      draft: asm.helper(index < 2 ? KTIME_GET_NS : GET_PRANDOM_U32),
      apply: (state) => state,
    },
    {
      draft: asm.movR(register, 0),
      apply: (state) => set(state, register, UNKNOWN),
    },
    // So that no two registers are linked.
    { draft: asm.movI(0, 0), apply: (state) => state },
  ]);
}

function program(random: Random): readonly Step[] {
  const steps = [...beginning()];
  const end = steps.length + LENGTH;
  while (steps.length < end) {
    const kind = random.below(10);
    steps.push(
      kind < 5 ? calculation(random) : kind < 6 ? conversion(random) : branch(random, end),
    );
  }
  return steps;
}

const WHOLE: IntegerBounds = bounds(UNKNOWN);

/** The bounds that the log's text of a register states; undefined when it is no scalar. */
function parseScalar(text: string): IntegerBounds | undefined {
  const constant = /^P?(-?)(0x[0-9a-f]+|\d+)$/.exec(text);
  if (constant !== null) {
    const value = BigInt(constant[2]!) * (constant[1] === '-' ? -1n : 1n);
    return bounds(constantScalar(value));
  }
  if (!/^P?scalar\(/.test(text)) return undefined;
  const result: Record<string, bigint> = { ...WHOLE };
  const bits = /var_off=\((0x[0-9a-f]+); (0x[0-9a-f]+)\)/.exec(text);
  if (bits !== null) {
    result.value = BigInt(bits[1]!);
    result.mask = BigInt(bits[2]!);
  }
  for (const group of text.matchAll(/((?:[su](?:min|max)(?:32)?=)+)(-?)(0x[0-9a-f]+|\d+)/g)) {
    const value = BigInt(group[3]!) * (group[2] === '-' ? -1n : 1n);
    for (const name of group[1]!.split('=').slice(0, -1)) {
      const width = name.endsWith('32') ? 32 : 64;
      result[name] = name.startsWith('s')
        ? BigInt.asIntN(width, value)
        : BigInt.asUintN(width, value);
    }
  }
  return result as unknown as IntegerBounds;
}

/** The registers of a line of the log. */
function parseState(text: string): Map<number, IntegerBounds> {
  const state = new Map<number, IntegerBounds>();
  for (const found of text.matchAll(
    /R(\d)(?:_\w+)?=(P?scalar\((?:[^()]|\([^()]*\))*\)|P?-?\w+)/g,
  )) {
    const parsed = parseScalar(found[2]!);
    if (parsed !== undefined) state.set(Number(found[1]), parsed);
  }
  return state;
}

/** The parts in which the kernel knows more. */
function narrowerParts(ours: IntegerBounds, kernel: IntegerBounds): readonly string[] {
  const wrong: string[] = [];
  for (const name of ['smin', 'umin', 'smin32', 'umin32'] as const) {
    if (kernel[name] > ours[name]) wrong.push(name);
  }
  for (const name of ['smax', 'umax', 'smax32', 'umax32'] as const) {
    if (kernel[name] < ours[name]) wrong.push(name);
  }
  if ((ours.mask & ~kernel.mask) !== 0n) wrong.push('bits');
  if (((ours.value ^ kernel.value) & ~kernel.mask & ~ours.mask) !== 0n) wrong.push('values');
  return wrong;
}

function objectOf(steps: readonly Step[]) {
  const code = [...steps.map((step) => step.draft), asm.movI(0, 0), asm.exit];
  return makeObject({ kind: 'socket_filter', functions: [code] });
}

const probe = askKernel(objectOf([]), { program: 0 });
if (probe.verdict === 'unavailable') console.log(`skip: ${probe.reason}`);
const withKernel = probe.verdict === 'unavailable' ? test.skip : test;

/** Walks the log of one program; returns how many registers were compared. */
function compareProgram(name: string, steps: readonly Step[], log: string): number {
  let state: State | undefined = new Map();
  let at = 0;
  let compared = 0;
  for (const line of readKernelLog(log)) {
    // The walk has come to the end, or left for it.
    if (line.slot >= steps.length || line.slot < at) break;
    if (!/^\([0-9a-f]{2}\)/.test(line.text)) continue;
    assert.is(line.slot, at, log);
    state = steps[at]!.apply(state);
    at++;
    // The kernel may walk where we know that nothing can come.
    if (state === undefined) break;
    for (const [register, kernel] of parseState(line.text.split(';').slice(1).join(';'))) {
      const ours = state.get(register);
      if (ours === undefined) continue;
      compared++;
      const wrong = narrowerParts(bounds(ours), kernel);
      // Walking one value at a time, the kernel may take one that we know not to be.
      if (wrong.includes('values') && /[&|]=/.test(line.text)) return compared;
      if (wrong.length > 0) {
        const parts = `${wrong} of ${formatScalar(ours)}`;
        assert.unreachable(
          `${name}, r${register}: ${parts} wider than ${line.slot}: ${line.text}\n${log}`,
        );
      }
    }
  }
  return compared;
}

withKernel('our ranges are at least as narrow as the kernel’s', () => {
  const seed = Number(process.env.DOMAIN_SEED ?? 1);
  let compared = 0;
  for (let count = 0; count < PROGRAMS; count++) {
    const steps = program(new Random(seed * 100_000 + count));
    const { log, verdict } = askKernel(objectOf(steps), { program: 0, logLevel: 2 });
    assert.is(verdict, 'accepted', log.slice(-2000));
    compared += compareProgram(`program ${count}`, steps, log);
  }
  assert.ok(compared > PROGRAMS * 5, `${compared} registers compared`);
});

test.run();
