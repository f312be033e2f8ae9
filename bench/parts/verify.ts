/** Time of the verifier beside that of the kernel's for the same programs. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/src/base/index.ts';
import { CollectingSink } from '../../compiler/src/diag/index.ts';
import { parseElf } from '../../compiler/src/elf/index.ts';
import { askKernel } from '../../compiler/src/kernel/index.ts';
import { type BpfObject, buildObject } from '../../compiler/src/object/index.ts';
import { prove } from '../../compiler/src/verifier/index.ts';
import { skeletons } from '../../compiler/test/verifier/captured/skeletons.ts';
import { madePrograms } from './verify-programs.ts';

/** One program, verified by both. */
export interface VerifyRow {
  readonly what: string;
  readonly group: 'made' | 'fixture' | 'captured';
  /** `proved`, or the code of the rejection. */
  readonly verdict: string;
  readonly walked: number;
  /** The quickest of several proofs in one process, and the first one. */
  readonly milliseconds: number;
  readonly firstMilliseconds: number;
  /** What the kernel says, when it can be asked. */
  readonly kernel?: {
    readonly verdict: string;
    readonly walked?: number;
    readonly milliseconds?: number;
  };
  /** Ours to the kernel's, when both accept. */
  readonly ratio?: number;
}

/** A whole process that proves one made program. */
export interface VerifyPeak {
  readonly what: string;
  readonly verdict: string;
  readonly walked: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
}

interface Candidate {
  readonly what: string;
  readonly group: VerifyRow['group'];
  readonly object: BpfObject;
  readonly program: number;
}

function fixtures(): Candidate[] {
  const directory = join(packageRoot(), 'fixtures', 'obj', 'clang19-v3');
  return readdirSync(directory)
    .filter((name) => name.endsWith('.bpf.o'))
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      let object: BpfObject;
      try {
        object = buildObject(parseElf(readFileSync(path), path), {}, new CollectingSink());
      } catch {
        return []; // Needs types of a kernel, or its configuration.
      }
      return candidates('fixture', name.replace(/\.bpf\.o$/, ''), object);
    });
}

function captured(): Candidate[] {
  return skeletons().flatMap(({ source, object }) =>
    object === undefined ? [] : candidates('captured', source.replace(/^.*\//, ''), object),
  );
}

function candidates(group: VerifyRow['group'], name: string, object: BpfObject): Candidate[] {
  return object.programs
    .filter(({ kind }) => kind !== 'other')
    .map((program) => ({
      what: `${name}: ${program.name}`,
      group,
      object,
      program: program.index,
    }));
}

/**
 * What is spent on one program besides the first proof, as long as it takes. The quickest of many counts, for
 * both: whatever else the machine does only adds, and V8 compiles what runs often.
 */
const BUDGET_MILLISECONDS = 1000;
const MOST_PROOFS = 200;
const FEWEST_PROOFS = 3;
const QUESTIONS = 9;

function proveOnce({ object, program }: Candidate) {
  const { name } = object.programs[program]!;
  const [proof] = prove(object, { programs: [name] });
  // As in the kernel's log, without what is prepared once for all programs of an object.
  return { proof: proof!, milliseconds: proof!.time };
}

function measure(candidate: Candidate): VerifyRow {
  const first = proveOnce(candidate);
  const times: number[] = [];
  const end = performance.now() + BUDGET_MILLISECONDS;
  while (times.length < FEWEST_PROOFS || (times.length < MOST_PROOFS && performance.now() < end)) {
    times.push(proveOnce(candidate).milliseconds);
  }
  const { what, group, object, program } = candidate;
  const milliseconds = Math.min(...times);
  const { verdict, rejection, walked } = first.proof;
  const row: VerifyRow = {
    what,
    group,
    verdict: rejection?.code ?? verdict,
    walked,
    milliseconds,
    firstMilliseconds: first.milliseconds,
  };
  const answers = Array.from({ length: QUESTIONS }, () =>
    askKernel(object, { program, logLevel: 0 }),
  );
  const answer = answers[0]!;
  if (answer.verdict === 'unavailable') return row;
  const micros = answers.flatMap((one) => one.microseconds ?? []);
  const theirs = micros.length === 0 ? undefined : Math.min(...micros) / 1000;
  return {
    ...row,
    kernel: {
      verdict: answer.verdict,
      ...(answer.walked !== undefined && { walked: answer.walked }),
      ...(theirs !== undefined && { milliseconds: theirs }),
    },
    ...(theirs !== undefined &&
      verdict === 'proved' &&
      answer.verdict === 'accepted' && { ratio: milliseconds / theirs }),
  };
}

/** Proves one made program: what the process of `measurePeaks` does. */
export function proveMade(name: string): string {
  const made = madePrograms().find((one) => one.name === name)!;
  const started = performance.now();
  const [proof] = prove(made.object, {});
  const seconds = (performance.now() - started) / 1000;
  const peak: VerifyPeak = {
    what: name,
    verdict: proof!.rejection?.code ?? proof!.verdict,
    walked: proof!.walked,
    seconds,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
  return JSON.stringify(peak);
}

/** The largest programs, each in a process of its own that has proved nothing before. */
export function measurePeaks(report: (peak: VerifyPeak) => void): readonly VerifyPeak[] {
  return madePrograms()
    .filter(({ name }) => name.endsWith(' 1M'))
    .map(({ name }) => {
      const { stdout } = spawnSync(
        process.execPath,
        ['--enable-source-maps', process.argv[1]!, 'verify', '--made', name],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const peak = JSON.parse(stdout) as VerifyPeak;
      report(peak);
      return peak;
    });
}

/** Every program by both verifiers. */
export function measureVerify(report: (row: VerifyRow) => void): readonly VerifyRow[] {
  const made = madePrograms().map(
    ({ name, object }): Candidate => ({
      what: name,
      group: 'made',
      object,
      program: 0,
    }),
  );
  return [...made, ...fixtures(), ...captured()].map((candidate) => {
    const row = measure(candidate);
    report(row);
    return row;
  });
}
