/**
 * Feeds mutated objects to the compiler: nothing but a Failure may come out, within a second each,
 * under 1 GiB. What breaks that is kept in fixtures/bad/ and ends the run with exit code 1.
 *
 * usage: fuzz [--count N] [--seed N] [--native N]   (every N-th accepted object is compiled, too)
 */
import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/base/index.ts';
import { mutated, samples, tryObject } from './case.ts';
import { runWorker, whole } from './worker.ts';

const program = fileURLToPath(import.meta.url);
const SLOWEST_MS = 1000;
const SILENCE_MS = 60_000;
const LARGEST_RSS = 1 << 30;

/** What a worker has found so far. */
interface Progress {
  readonly accepted: number;
  readonly compiled: number;
  readonly slowest: number;
  readonly memory: number;
}

const NOTHING: Progress = { accepted: 0, compiled: 0, slowest: 0, memory: 0 };

/** A line of a worker: the case it begins, a problem of that case, or a summary. */
type Line =
  | { readonly begin: number }
  | { readonly problem: string; readonly seed: number }
  | { readonly progress: Progress };

/** Runs the cases [from, to); says what it begins, so that whoever watches knows what ended it. */
function worker(from: number, to: number, every: number): void {
  const corpus = samples();
  let { accepted, compiled, slowest } = NOTHING;
  // Synchronous: what was said before a crash has been said.
  const say = (line: Line) => writeSync(1, `${JSON.stringify(line)}\n`);
  const sayProgress = () => {
    const memory = process.resourceUsage().maxRSS * 1024;
    say({ progress: { accepted, compiled, slowest, memory } });
  };
  for (let seed = from; seed < to; seed++) {
    say({ begin: seed });
    const { sample, bytes } = mutated(seed, corpus);
    const native = every > 0 && accepted % every === every - 1;
    const btf = sample.name.includes('core') ? sample.path : undefined;
    const outcome = tryObject(bytes, sample.name, { native, seed, ...(btf && { btf }) });
    accepted += outcome.accepted ? 1 : 0;
    compiled += outcome.compiled ? 1 : 0;
    slowest = Math.max(slowest, outcome.milliseconds);
    const name = `case ${seed} (${sample.name})`;
    if (outcome.problem !== undefined) say({ seed, problem: `${name}: ${outcome.problem}` });
    if (outcome.milliseconds > SLOWEST_MS) {
      say({ seed, problem: `${name} took ${outcome.milliseconds.toFixed(0)} ms` });
    }
    if (seed % 500 === 0) sayProgress();
  }
  sayProgress();
}

function keep(seed: number): void {
  const directory = join(packageRoot(), 'fixtures', 'bad');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `fuzz-${seed}.o`), mutated(seed, samples()).bytes);
}

/** Runs one slice in child processes; one that dies or hangs is replaced after the case it died of. */
async function supervise(
  from: number,
  to: number,
  every: number,
): Promise<Progress & { problems: string[] }> {
  const problems: string[] = [];
  let total = NOTHING;
  for (let next = from; next < to; ) {
    let last = NOTHING;
    let begun = next;
    const words = ['--worker', `${next}:${to}:${every}`];
    const end = await runWorker<Line>(program, words, SILENCE_MS, (line) => {
      if ('begin' in line) begun = line.begin;
      else if ('progress' in line) last = line.progress;
      else {
        problems.push(line.problem);
        keep(line.seed);
      }
    });
    total = {
      accepted: total.accepted + last.accepted,
      compiled: total.compiled + last.compiled,
      slowest: Math.max(total.slowest, last.slowest),
      memory: Math.max(total.memory, last.memory),
    };
    if (end === '0') break;
    problems.push(`case ${begun} ended its process: ${end}`);
    keep(begun);
    next = begun + 1;
  }
  return { ...total, problems };
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: process.env.FUZZ_COUNT ?? '100000' },
    seed: { type: 'string', default: '1' },
    native: { type: 'string', default: '20' },
    worker: { type: 'string' },
  },
});

if (values.worker !== undefined) {
  const [from, to, every] = values.worker.split(':').map(Number);
  worker(from!, to!, every!);
} else {
  const count = whole(values.count, 'count');
  const first = whole(values.seed, 'seed');
  const every = whole(values.native, 'native');
  const workers = availableParallelism();
  const started = performance.now();
  const edge = (index: number) => first + Math.floor((count * index) / workers);
  const slices = await Promise.all(
    Array.from({ length: workers }, (_, index) => supervise(edge(index), edge(index + 1), every)),
  );
  const sum = (key: 'accepted' | 'compiled') =>
    slices.reduce((total, slice) => total + slice[key], 0);
  const most = (key: 'slowest' | 'memory') => Math.max(...slices.map((slice) => slice[key]));
  const problems = slices.flatMap((slice) => slice.problems);
  if (most('memory') > LARGEST_RSS) problems.push(`memory reached ${most('memory')} bytes`);
  console.log(
    `${count} mutated objects in ${((performance.now() - started) / 1000).toFixed(1)} s: ` +
      `${sum('accepted')} accepted, ${sum('compiled')} of them compiled to native code, ` +
      `slowest ${most('slowest').toFixed(0)} ms, memory ${(most('memory') / (1 << 20)).toFixed(0)} MiB, ` +
      `${problems.length} problems`,
  );
  for (const problem of problems.slice(0, 50)) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
