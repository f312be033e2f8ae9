/**
 * Feeds mutated objects to the compiler: nothing but a Failure may come out, within a second each,
 * under 1 GiB. What breaks that is kept in fixtures/bad/ and ends the run with exit code 1.
 *
 * usage: fuzz [--count N] [--seed N] [--native N]   (every N-th accepted object is compiled, too)
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/base/index.ts';
import { CollectingSink, Failure } from '../src/diag/index.ts';
import { compile, load, verify } from '../src/driver/index.ts';
import { targets } from '../src/target/index.ts';
import { mutate, Random } from './mutate.ts';

const SLOWEST_MS = 1000;
const SILENCE_MS = 20_000;
const LARGEST_RSS = 1 << 30;

interface Progress {
  readonly next: number;
  readonly accepted: number;
  readonly compiled: number;
  readonly slowest: number;
  readonly memory: number;
  readonly problem?: string;
}

function corpus(): { name: string; bytes: Uint8Array }[] {
  const directory = join(packageRoot(), 'fixtures', 'obj');
  return readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.o') && !name.includes('large'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(directory, name)) }));
}

const CODE = {
  cpu: undefined,
  level: 1,
  debug: true,
  ptRegs: 'auto',
  helpers: 'inline',
  vector: 'auto',
  verify: true,
} as const;

/** Runs the cases [from, to) and reports on standard output, one JSON line each time something is new. */
function worker(from: number, to: number, every: number): void {
  const files = corpus();
  let accepted = 0;
  let compiled = 0;
  let slowest = 0;
  const report = (next: number, problem?: string) => {
    const memory = process.memoryUsage.rss();
    const progress: Progress = {
      next,
      accepted,
      compiled,
      slowest,
      memory,
      ...(problem && { problem }),
    };
    process.stdout.write(`${JSON.stringify(progress)}\n`);
  };
  for (let seed = from; seed < to; seed++) {
    if (seed % 200 === 0) report(seed);
    const random = new Random(seed);
    const file = random.pick(files);
    const bytes = mutate(file.bytes, random);
    const started = performance.now();
    try {
      const object = load(bytes, file.name, { programs: [] }, new CollectingSink());
      verify(object, CODE, new CollectingSink());
      accepted++;
      if (every > 0 && accepted % every === 0) {
        const { cpu: _cpu, ...options } = CODE;
        compile(
          object,
          { ...options, target: random.pick(targets()) },
          'obj',
          new CollectingSink(),
        );
        compiled++;
      }
    } catch (error) {
      if (!(error instanceof Failure)) {
        report(
          seed + 1,
          `case ${seed} (${file.name}): ${error instanceof Error ? error.stack : error}`,
        );
        continue;
      }
    }
    const elapsed = performance.now() - started;
    slowest = Math.max(slowest, elapsed);
    if (elapsed > SLOWEST_MS)
      report(seed + 1, `case ${seed} (${file.name}) took ${elapsed.toFixed(0)} ms`);
  }
  report(to);
}

function keep(seed: number): void {
  const random = new Random(seed);
  const file = random.pick(corpus());
  const directory = join(packageRoot(), 'fixtures', 'bad');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `fuzz-${seed}.o`), mutate(file.bytes, random));
}

/** Runs one slice in child processes; a child that dies or hangs is replaced and its case kept. */
async function supervise(
  from: number,
  to: number,
  every: number,
): Promise<Progress & { problems: string[] }> {
  const problems: string[] = [];
  const total = { accepted: 0, compiled: 0, slowest: 0, memory: 0 };
  let next = from;
  while (next < to) {
    let last: Progress = { next, accepted: 0, compiled: 0, slowest: 0, memory: 0 };
    const end = await new Promise<string>((resolve) => {
      const child = spawn(
        process.execPath,
        [fileURLToPath(import.meta.url), '--worker', `${next}:${to}:${every}`],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let timer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
      let text = '';
      child.stdout.on('data', (chunk) => {
        clearTimeout(timer);
        timer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
        text += chunk;
        const lines = text.split('\n');
        text = lines.pop()!;
        for (const line of lines) {
          last = JSON.parse(line) as Progress;
          if (last.problem !== undefined) {
            problems.push(last.problem);
            keep(last.next - 1);
          }
        }
      });
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        resolve(signal ?? String(code));
      });
    });
    total.accepted += last.accepted;
    total.compiled += last.compiled;
    total.slowest = Math.max(total.slowest, last.slowest);
    total.memory = Math.max(total.memory, last.memory);
    if (end !== '0') {
      // Somewhere in the 200 cases after the last report: run them one by one.
      problems.push(`a worker ended with ${end} in cases ${last.next} to ${last.next + 200}`);
      next = last.next + 200;
    } else {
      next = to;
    }
  }
  return { next, ...total, problems };
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: process.env.FUZZ_COUNT ?? '100000' },
    seed: { type: 'string', default: '1' },
    native: { type: 'string', default: '50' },
    worker: { type: 'string' },
  },
});

if (values.worker !== undefined) {
  const [from, to, every] = values.worker.split(':').map(Number);
  worker(from!, to!, every!);
} else {
  const count = Number(values.count);
  const first = Number(values.seed);
  const workers = availableParallelism();
  const started = performance.now();
  const slices = await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      supervise(
        first + Math.floor((count * index) / workers),
        first + Math.floor((count * (index + 1)) / workers),
        Number(values.native),
      ),
    ),
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
