/** One case for the proof: what it is made of is all in its seed; what must hold of any verdict. */
import {
  CollectingSink,
  type Diagnostic,
  Failure,
  renderJson,
  renderText,
} from '../../src/diag/index.ts';
import { load } from '../../src/driver/index.ts';
import { Interpreter } from '../../src/interp/index.ts';
import { type BpfObject, objectFromBytecode } from '../../src/object/index.ts';
import { analyse, type ProgramProof, prove } from '../../src/verifier/index.ts';
import { type Sample, samples } from '../case.ts';
import { mutate, Random } from '../mutate.ts';
import { randomCode } from './code.ts';
import { mutateObject } from './mutate.ts';

/** Enough for most programs to come to their end; what needs more is another test's subject. */
const WALK_LIMIT = 5000;
/** Runs of a program that was made of random bytes and proved. */
const RUNS = 8;
const RUN_BUDGET = 200_000;

/** What became of one case. `problem` is what must never be. */
export interface ProofOutcome {
  /** Programs that got a verdict, and those of them that were proved. */
  readonly programs: number;
  readonly proved: number;
  /** Processor time. */
  readonly milliseconds: number;
  readonly problem?: string;
}

/** What cases are made of. */
export interface ProofCorpus {
  readonly samples: readonly Sample[];
  /** Objects of samples that were needed so far. */
  readonly objects: Map<string, BpfObject>;
}

export function proofCorpus(): ProofCorpus {
  return { samples: samples(), objects: new Map() };
}

function loaded(bytes: Uint8Array, name: string): BpfObject {
  return load(bytes, name, { programs: [], kernelVersion: '6.1.0' }, new CollectingSink());
}

function objectOf({ samples, objects }: ProofCorpus, random: Random): BpfObject | undefined {
  const sample = random.pick(samples);
  let object = objects.get(sample.name);
  if (object === undefined) {
    try {
      object = loaded(sample.bytes, sample.name);
    } catch (error) {
      // Those that need the BTF of a kernel are for the other fuzzer.
      if (error instanceof Failure && error.kind === 'input') return undefined;
      throw error;
    }
    objects.set(sample.name, object);
  }
  return object;
}

/** Changes what the types and maps in a file are, not its code. */
function mutatedTypes({ samples }: ProofCorpus, random: Random): BpfObject {
  const { bytes, parts, name } = random.pick(samples);
  const types = parts.filter((part) => /^\.BTF$|^\.BTF\.ext$|^\.maps$|^maps$/.test(part.name));
  return loaded(mutate(bytes, types.length > 0 ? types : parts, random), name);
}

/** The object of a case; undefined when it was refused before it could be proved. */
export function proofObject(seed: number, corpus: ProofCorpus): BpfObject | undefined {
  const random = new Random(seed);
  const kind = random.below(8);
  try {
    if (kind < 5) {
      const object = objectOf(corpus, random);
      return object && mutateObject(object, random);
    }
    if (kind < 6) return mutatedTypes(corpus, random);
    return objectFromBytecode(randomCode(random), `case-${seed}.bin`);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'input') return undefined;
    throw error;
  }
}

/** Words that a message has only when a value was missing, unless it speaks of what C leaves undefined. */
const HOLES = /(?<!in C [a-z ]*is )undefined|NaN|\[object|\$\{/;

function complaint(text: string): string | undefined {
  // BTF and section names may hold anything.
  const hole = HOLES.exec(text.replace(/'[^']*'|`[^`]*`/g, ''));
  return hole === null ? undefined : `'${hole[0]}' in: ${text}`;
}

function diagnosticComplaint(rejection: Diagnostic): string | undefined {
  if (!/^BPF-[A-Z]\d{3}$/.test(rejection.code)) return `code ${rejection.code}`;
  if (rejection.code === 'BPF-V099') return `an internal error: ${rejection.message}`;
  if (rejection.message === '') return 'a rejection without a message';
  renderJson([rejection]);
  return complaint(renderText([rejection], { color: false }));
}

function summary(proofs: readonly ProgramProof[]): string {
  return JSON.stringify(
    proofs.map(({ verdict, walked, rejection }) => [verdict, walked, rejection?.message]),
  );
}

/** Proves an object in all ways that there are. Gives what is wrong with what comes out. */
function check(object: BpfObject, proofs: readonly ProgramProof[], random: Random) {
  if (proofs.length !== object.programs.length) return `${proofs.length} verdicts`;
  for (const { rejection, verdict, walked } of proofs) {
    if ((rejection === undefined) !== (verdict === 'proved')) return 'a verdict without a reason';
    if (walked > WALK_LIMIT + 1) return `${walked} instructions walked`;
    const wrong = rejection && diagnosticComplaint(rejection);
    if (wrong !== undefined) return wrong;
  }
  let wrong: string | undefined;
  const logLevel = random.below(4) === 0 ? 1 : 2;
  const log = (line: string) => {
    // Lines that begin so are text of the source.
    if (!line.startsWith('; ')) wrong ??= complaint(line);
  };
  const again = prove(object, { walkLimit: WALK_LIMIT, logLevel, log });
  if (summary(again) !== summary(proofs)) return 'with a log the verdict is another';
  return wrong;
}

/** What was proved must be good for the stages behind, and run without any fault. */
function checkProved(object: BpfObject, random: Random): string | undefined {
  try {
    analyse(object, {}, new CollectingSink());
  } catch (error) {
    // The data flow refuses a little more than the proof does; it may do so, but in words.
    if (!(error instanceof Failure) || error.kind !== 'input') throw error;
  }
  if (object.programs[0]?.kind !== 'raw' || object.maps.length > 0) return undefined;
  for (let run = 0; run < RUNS; run++) {
    const memory = Uint8Array.from({ length: random.below(3) * 8 }, () => random.next());
    const interpreter = new Interpreter(object, { strict: true, mayGotoLimit: random.below(40) });
    const { fault } = interpreter.run({ memory, budget: RUN_BUDGET });
    if (fault === undefined || fault.code === 'not_interpreted') continue;
    const mayTakeLong = fault.code === 'budget' && object.functions.some(callsBack);
    if (!mayTakeLong) return `proved, but: ${fault.code}: ${fault.message} (${fault.instruction})`;
  }
  return undefined;
}

function callsBack({ instructions }: BpfObject['functions'][number]): boolean {
  return instructions.some((one) => one.kind === 'call_helper' || one.kind === 'call_register');
}

/** Proves the object of a case, if it comes to that. */
export function tryProof(seed: number, corpus: ProofCorpus): ProofOutcome {
  const start = process.cpuUsage();
  const random = new Random(~seed);
  let programs = 0;
  let proved = 0;
  let problem: string | undefined;
  try {
    const object = proofObject(seed, corpus);
    if (object !== undefined) {
      const proofs = prove(object, { walkLimit: WALK_LIMIT });
      programs = proofs.length;
      proved = proofs.filter(({ verdict }) => verdict === 'proved').length;
      problem = check(object, proofs, random);
      if (problem === undefined && proved === programs) problem = checkProved(object, random);
    }
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(start);
  return {
    programs,
    proved,
    milliseconds: (user + system) / 1000,
    ...(problem !== undefined && { problem }),
  };
}
