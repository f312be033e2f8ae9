import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/base/index.ts';
import { CollectingSink, Failure } from '../src/diag/index.ts';
import { compile, inspect, load, verify } from '../src/driver/index.ts';
import type { BpfObject } from '../src/object/index.ts';
import { targets } from '../src/target/index.ts';
import { prove } from '../src/verifier/index.ts';
import { mutate, type Part, partsOf, Random } from './mutate.ts';

/** An undamaged object that cases are made of. */
export interface Sample {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly parts: readonly Part[];
}

/** What became of one mutated object. `problem` is what must never be: anything but a Failure. */
export interface Outcome {
  readonly accepted: boolean;
  readonly compiled: boolean;
  readonly milliseconds: number;
  readonly problem?: string;
}

/** The fixtures' objects, but for the largest: one of these costs as much as a hundred others. */
export function samples(): readonly Sample[] {
  const directory = join(packageRoot(), 'fixtures', 'obj');
  return readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.o') && !name.includes('large'))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const bytes = readFileSync(path);
      return { name, path, bytes, parts: partsOf(bytes) };
    });
}

/** The object of a case, which is all in its seed. */
export function mutated(
  seed: number,
  corpus: readonly Sample[],
): { sample: Sample; bytes: Uint8Array } {
  const random = new Random(seed);
  const sample = random.pick(corpus);
  return { sample, bytes: mutate(sample.bytes, sample.parts, random) };
}

/** Instructions that the proof of a program may walk here: about a tenth of a second of them. */
const LONGEST_WALK = 10_000;

/**
 * Whether the proof of some program is long. It may then take seconds and be right: how many is for the
 * proof's own fuzzer to say, which tries what is the most expensive (proof/shapes.ts).
 */
function provesLong(object: BpfObject): boolean {
  const proofs = prove(object, { walkLimit: LONGEST_WALK });
  return proofs.some(({ rejection }) => rejection?.code === 'BPF-V041');
}

/**
 * Feeds one object to the compiler, up to native code when `native` says so. Time is that of the
 * processor: a busy machine must not look like a slow case.
 */
export function tryObject(
  bytes: Uint8Array,
  name: string,
  options: { readonly native: boolean; readonly seed: number; readonly btf?: string },
): Outcome {
  const random = new Random(~options.seed);
  const start = process.cpuUsage();
  let accepted = false;
  let compiled = false;
  let problem: string | undefined;
  try {
    const sink = new CollectingSink();
    const loading = {
      programs: [],
      kernelVersion: '6.1.0',
      ...(options.btf !== undefined && { btf: options.btf }),
    };
    const object = load(bytes, name, loading, sink);
    // Mutation makes loops that hardly end: the stages behind get those without a proof.
    const proves = !provesLong(object);
    verify(object, { verify: proves }, sink);
    accepted = true;
    if (options.native) {
      const code = {
        target: random.pick(targets()),
        level: random.pick([0, 1, 2, 3] as const),
        debug: random.below(4) > 0,
        ptRegs: 'auto',
        helpers: random.below(4) > 0 ? 'inline' : 'extern',
        vector: 'auto',
        verify: proves,
      } as const;
      const native = compile(object, code, 'obj', sink);
      compiled = true;
      inspect(native, name, sink);
    }
  } catch (error) {
    const expected = error instanceof Failure && error.kind !== 'internal' && error.kind !== 'tool';
    if (!expected)
      problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(start);
  return {
    accepted,
    compiled,
    milliseconds: (user + system) / 1000,
    ...(problem !== undefined && { problem }),
  };
}
