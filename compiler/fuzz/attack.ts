/**
 * Attacks the verifier with random programs close to the edge of what is safe: what it accepts runs in
 * the strict interpreter, on random and extreme inputs, and must not fault. A program that does is
 * made smaller, kept in fixtures/verify/found/, and ends the run with exit code 1.
 *
 * usage: attack [--count N] [--seed N] [--jobs N] [--runs N] [--kernel] [--acceptor ours|kernel]
 *   --kernel     asks the running kernel about every program, too, and lists where the verdicts differ
 *   --acceptor   kernel: attacks the kernel's verifier instead, to test the interpreter with it
 */
import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/base/index.ts';
import {
  type AttemptOptions,
  attempt,
  generate,
  lengthOf,
  printProgram,
  shrinkDifference,
  shrinkFinding,
} from '../test/support/attack/index.ts';
import { runWorker, whole } from './worker.ts';

const program = fileURLToPath(import.meta.url);
const SILENCE_MS = 120_000;
/** Workers of a slice that may end before their time: more of them mean that something else is wrong. */
const DEATHS = 10;
/** Examples that are made smaller and shown, for each way in which the verdicts differ. */
const EXAMPLES = 1;

interface Totals {
  readonly generated: number;
  readonly instructions: number;
  readonly accepted: number;
  readonly walked: number;
  readonly slowest: number;
}

const NOTHING: Totals = { generated: 0, instructions: 0, accepted: 0, walked: 0, slowest: 0 };

/** A line of a worker. */
type Line =
  | { readonly begin: number }
  | { readonly totals: Totals }
  | { readonly problem: string; readonly seed: number; readonly program: string }
  | {
      readonly difference: string;
      readonly seed: number;
      readonly program?: string;
    };

const say = (line: Line) => writeSync(1, `${JSON.stringify(line)}\n`);

/** Tries the seeds [from, to); says what it begins, so that whoever watches knows what ended it. */
function worker(from: number, to: number, options: AttemptOptions): void {
  let totals = NOTHING;
  const shown = new Map<string, number>();
  for (let seed = from; seed < to; seed++) {
    if (seed % 64 === 0) say({ begin: seed });
    const program = generate(seed);
    const started = performance.now();
    const { accepted, finding, thrown, difference, walked } = attempt(program, seed, options);
    const milliseconds = performance.now() - started;
    totals = {
      generated: totals.generated + 1,
      instructions: totals.instructions + lengthOf(program),
      accepted: totals.accepted + (accepted ? 1 : 0),
      walked: totals.walked + walked,
      slowest: Math.max(totals.slowest, milliseconds),
    };
    if (thrown !== undefined) {
      say({ seed, problem: `seed ${seed} threw ${thrown}`, program: printProgram(program) });
    }
    if (finding !== undefined) {
      const smaller = shrinkFinding(program, seed, finding, options);
      const { code, message } = finding.fault;
      const problem = `seed ${seed}, accepted: ${code}: ${message}`;
      say({ seed, problem, program: printProgram(smaller, problem) });
    }
    if (difference !== undefined) {
      const kind = `${difference.kind}: ${difference.why}`;
      const before = shown.get(kind) ?? 0;
      shown.set(kind, before + 1);
      const example =
        before < EXAMPLES
          ? { program: printProgram(shrinkDifference(program, seed, difference)) }
          : {};
      say({ difference: kind, seed, ...example });
    }
    if (seed % 1000 === 0) say({ totals });
  }
  say({ totals });
}

interface Result {
  totals: Totals;
  readonly problems: string[];
  readonly differences: Map<string, { seeds: number[]; program?: string }>;
}

function sum(left: Totals, right: Totals): Totals {
  return {
    generated: left.generated + right.generated,
    instructions: left.instructions + right.instructions,
    accepted: left.accepted + right.accepted,
    walked: left.walked + right.walked,
    slowest: Math.max(left.slowest, right.slowest),
  };
}

function keep(seed: number, program: string): string {
  const directory = join(packageRoot(), 'fixtures', 'verify', 'found');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `seed-${seed}.txt`);
  writeFileSync(path, program);
  return path;
}

/** Runs one slice in child processes; one that dies or hangs is replaced after the case it died of. */
async function supervise(from: number, to: number, more: string[], result: Result): Promise<void> {
  let deaths = 0;
  for (let next = from; next < to; ) {
    let begun = next;
    let last = NOTHING;
    const words = ['--worker', `${next}:${to}`, ...more];
    const end = await runWorker<Line>(program, words, SILENCE_MS, (line) => {
      if ('begin' in line) begun = line.begin;
      else if ('totals' in line) last = line.totals;
      else if ('problem' in line) {
        result.problems.push(`${line.problem}\n${line.program}`);
        console.log(`${line.problem}\n  kept as ${keep(line.seed, line.program)}`);
      } else note(result, line);
    });
    result.totals = sum(result.totals, last);
    if (end === '0') return;
    if (++deaths > DEATHS) throw new Error(`the workers keep ending: ${end}`);
    result.problems.push(`a seed from ${begun} to ${begun + 63} ended its process: ${end}`);
    next = begun - (begun % 64) + 64;
  }
}

function note(result: Result, line: Extract<Line, { difference: string }>): void {
  const known = result.differences.get(line.difference) ?? { seeds: [] };
  known.seeds.push(line.seed);
  if (line.program !== undefined && known.program === undefined) known.program = line.program;
  result.differences.set(line.difference, known);
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: process.env.FUZZ_COUNT ?? '100000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    runs: { type: 'string', default: '6' },
    kernel: { type: 'boolean', default: false },
    acceptor: { type: 'string', default: 'ours' },
    worker: { type: 'string' },
  },
});
if (values.acceptor !== 'ours' && values.acceptor !== 'kernel') {
  console.error(`attack: --acceptor takes 'ours' or 'kernel', not '${values.acceptor}'`);
  process.exit(2);
}

const options: AttemptOptions = {
  acceptor: values.acceptor,
  runs: whole(values.runs, 'runs'),
  compare: values.kernel,
};

async function main(): Promise<void> {
  const count = whole(values.count, 'count');
  const first = whole(values.seed, 'seed');
  const jobs = Math.max(1, whole(values.jobs, 'jobs'));
  const started = performance.now();
  const result: Result = { totals: NOTHING, problems: [], differences: new Map() };
  const edge = (index: number) => first + Math.floor((count * index) / jobs);
  const more = ['--runs', values.runs, '--acceptor', options.acceptor];
  if (options.compare) more.push('--kernel');
  await Promise.all(
    Array.from({ length: jobs }, (_, index) =>
      supervise(edge(index), edge(index + 1), more, result),
    ),
  );
  const { generated, instructions, accepted, walked, slowest } = result.totals;
  const seconds = (performance.now() - started) / 1000;
  const lengths = (instructions / Math.max(1, generated)).toFixed(1);
  console.log(
    `${generated} programs of ${lengths} instructions in ${seconds.toFixed(1)} s: ` +
      `${accepted} accepted (${((accepted / Math.max(1, generated)) * 100).toFixed(1)} %), ` +
      `${accepted * options.runs} runs at most, ${walked} instructions walked, ` +
      `slowest ${slowest.toFixed(0)} ms, ${result.problems.length} findings`,
  );
  const kinds = [...result.differences].sort(([, a], [, b]) => b.seeds.length - a.seeds.length);
  for (const [kind, { seeds, program }] of kinds) {
    console.log(`\n${seeds.length} x ${kind}\n  seeds ${seeds.slice(0, 5).join(', ')}`);
    if (program !== undefined) console.log(program.replace(/^/gm, '  ').trimEnd());
  }
  if (result.problems.length > 0) process.exitCode = 1;
}

if (values.worker !== undefined) {
  const [from, to] = values.worker.split(':').map(Number);
  worker(from!, to!, options);
} else {
  await main();
}
