/** Runs a program in the strict interpreter on random and extreme inputs: any fault is a finding. */
import { type InterpFault, Interpreter, type RunOptions } from '../../../src/interp/index.ts';
import type { BpfObject } from '../../../src/object/index.ts';
import { Random } from '../random.ts';
import {
  ARRAY_ENTRIES,
  type AttackProgram,
  HASH_KEY,
  INNER_VALUE,
  KPROBE_CONTEXT,
  MAP,
  PREFIX_VALUE,
  TRACEPOINT_CONTEXT,
  toObject,
} from './program.ts';

/** A fault of an accepted program, and the run that showed it. */
export interface Finding {
  readonly fault: InterpFault;
  /** Of the inputs. */
  readonly seed: number;
}

const EXTREMES: readonly bigint[] = [
  ...[0n, 1n, -1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n],
  ...[
    0xffff_ffffn,
    1n << 32n,
    (1n << 32n) + 1n,
    (1n << 63n) - 1n,
    1n << 63n,
    0xffff_ffff_8000_0000n,
  ],
];

const BUDGET = 300_000;

/** Numbers that programs tend to look at: those in them and their neighbours, extreme and random ones. */
class Inputs {
  readonly random: Random;
  readonly #own: readonly bigint[];

  constructor(seed: number, own: readonly bigint[]) {
    this.random = new Random(seed);
    this.#own = own;
  }

  value(): bigint {
    const { random } = this;
    const draw = random.below(10);
    if (draw < 3 && this.#own.length > 0) {
      return random.pick(this.#own) + BigInt(random.below(3) - 1);
    }
    if (draw < 6) return random.pick(EXTREMES);
    if (draw < 8) return BigInt(random.below(70));
    return (BigInt(random.word()) << 32n) | BigInt(random.word());
  }

  /** Memory full of such numbers, of all sizes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length + 8);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < length; at += this.random.pick([1, 2, 4, 8])) {
      view.setBigUint64(at, BigInt.asUintN(64, this.value()), true);
    }
    return bytes.subarray(0, length);
  }
}

/** The numbers that a program compares with and computes with. */
function numbersOf(program: AttackProgram): bigint[] {
  const found = new Set<bigint>();
  for (const instruction of program.functions.flat()) {
    if (instruction.kind === 'branch' && instruction.right.kind === 'immediate') {
      found.add(BigInt(instruction.right.value));
    } else if (instruction.kind === 'alu' && instruction.source.kind === 'immediate') {
      found.add(BigInt(instruction.source.value));
    }
  }
  return [...found];
}

function runOptions(program: AttackProgram, inputs: Inputs): RunOptions {
  const { random } = inputs;
  switch (program.kind) {
    case 'kprobe':
      return { context: inputs.bytes(KPROBE_CONTEXT) };
    case 'tracepoint':
      return { context: inputs.bytes(TRACEPOINT_CONTEXT) };
    case 'raw':
      return { memory: inputs.bytes(random.below(3) * 8) };
    default: {
      const length = random.pick([0, 1, 13, 14, 20, 34, 64, random.below(80), random.below(1600)]);
      const metadata = random.chance(0.3) ? inputs.bytes(4 * random.below(5)) : new Uint8Array(0);
      const skb = program.kind === 'xdp' ? {} : { context: inputs.bytes(192) };
      const fields = random.chance(0.5) ? { context: inputs.bytes(24) } : {};
      return {
        memory: inputs.bytes(length),
        ...(program.kind === 'xdp' ? { ...fields, metadata } : random.chance(0.5) ? skb : {}),
      };
    }
  }
}

/** What the runs of one program have in common. */
export interface Prepared {
  readonly program: AttackProgram;
  readonly object: BpfObject;
  readonly numbers: readonly bigint[];
  /** Indices of the maps that the program refers to, itself or through a map of maps. */
  readonly maps: ReadonlySet<number>;
  readonly mayTakeLong: boolean;
}

export function prepare(program: AttackProgram): Prepared {
  const maps = new Set<number>();
  for (const one of program.functions.flat()) {
    if (one.kind === 'reference' && one.reference.kind === 'map') maps.add(one.reference.map);
  }
  if (maps.has(MAP.outer)) maps.add(MAP.inner);
  return {
    program,
    object: toObject(program),
    numbers: numbersOf(program),
    maps,
    mayTakeLong: mayTakeLong(program),
  };
}

function fill(interpreter: Interpreter, { program, maps }: Prepared, inputs: Inputs): void {
  const { random } = inputs;
  const { sizes } = program;
  const key = (bytes: number, value: number) => {
    const buffer = new Uint8Array(bytes);
    buffer[0] = value;
    return buffer;
  };
  for (let index = 0; maps.has(MAP.array) && index < ARRAY_ENTRIES; index++) {
    interpreter.update('array', key(4, index), inputs.bytes(sizes.array));
  }
  for (let entry = random.below(5); maps.has(MAP.hash) && entry > 0; entry--) {
    interpreter.update('hash', key(HASH_KEY, random.below(4)), inputs.bytes(sizes.hash));
  }
  if (maps.has(MAP.perCpu)) interpreter.update('perCpu', key(4, 0), inputs.bytes(sizes.perCpu));
  if (maps.has(MAP.inner)) interpreter.update('inner', key(4, 0), inputs.bytes(INNER_VALUE));
  const prefix = Uint8Array.from([8 * random.below(2), 0, 0, 0, 10, 0, 0, 0]);
  if (maps.has(MAP.prefixes) && random.chance(0.5))
    interpreter.update('prefixes', prefix, inputs.bytes(PREFIX_VALUE));
  interpreter.data('.data').set(inputs.bytes(interpreter.data('.data').length));
  interpreter.data('.bss').set(inputs.bytes(interpreter.data('.bss').length));
}

/** Whether the program may run longer than the budget without doing anything wrong. */
function mayTakeLong(program: AttackProgram): boolean {
  return program.functions
    .flat()
    .some((one) => one.kind === 'call_helper' && (one.helper === 181 || one.helper === 12));
}

/** One run; the fault, if there was one that a verifier should have prevented. */
function runOnce(prepared: Prepared, seed: number): InterpFault | undefined {
  const { program, object, numbers } = prepared;
  const inputs = new Inputs(seed, numbers);
  const { random } = inputs;
  const interpreter = new Interpreter(object, {
    strict: true,
    mayGotoLimit: random.pick([0, 1, 2, 5, 40]),
    environment: {
      time: () => BigInt.asUintN(64, inputs.value()),
      random: () => Number(BigInt.asUintN(32, inputs.value())),
      pidTgid: BigInt.asUintN(64, inputs.value()),
      cookie: BigInt.asUintN(64, inputs.value()),
    },
  });
  fill(interpreter, prepared, inputs);
  const { fault } = interpreter.run({ ...runOptions(program, inputs), budget: BUDGET });
  if (fault === undefined || fault.code === 'not_interpreted') return undefined;
  return fault.code === 'budget' && prepared.mayTakeLong ? undefined : fault;
}

/** The first fault of some runs; `ignore` says which faults do not count. */
export function execute(
  program: AttackProgram,
  runs: number,
  seed: number,
  ignore: (fault: InterpFault) => boolean = () => false,
): Finding | undefined {
  const prepared = prepare(program);
  for (let run = 0; run < runs; run++) {
    const inputSeed = (Math.imul(seed, 31) + run) >>> 0;
    const fault = runOnce(prepared, inputSeed);
    if (fault !== undefined && !ignore(fault)) return { fault, seed: inputSeed };
  }
  return undefined;
}
