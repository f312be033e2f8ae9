/**
 * Feeds hostile programs to the verifier's proof: mutated objects, types and maps, random bytecode, and
 * programs that are made to be expensive. Each gets a verdict, within the limits; what is proved runs
 * without a fault. Seeds of cases that break that are listed, and end the run with exit code 1.
 *
 * usage: proof [--count N] [--seed N] [--size N]   (--size: instructions of expensive programs, 0 none)
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prove } from '../src/verifier/index.ts';
import { proofCorpus, tryProof } from './proof/case.ts';
import { SHAPE_NAMES, shapeObject } from './proof/shapes.ts';
import { runWorker, whole } from './worker.ts';

const program = fileURLToPath(import.meta.url);
const SLOWEST_MS = 1000;
const SLOWEST_SHAPE_MS = 10_000;
const SILENCE_MS = 60_000;
const LARGEST_RSS = 1 << 30;

/** What a worker has found so far; `next` is the case it begins. */
interface Progress {
  readonly next: number;
  readonly programs: number;
  readonly proved: number;
  readonly slowest: number;
  readonly memory: number;
  readonly problem?: string;
}

function memory(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Tries the seeds [from, to). */
function tryCases(from: number, to: number): void {
  const corpus = proofCorpus();
  let [programs, proved, slowest] = [0, 0, 0];
  // Synchronous: what was said before a crash has been said.
  const say = (next: number, problem?: string) => {
    const progress = { next, programs, proved, slowest, memory: memory() };
    writeSync(1, `${JSON.stringify({ ...progress, problem })}\n`);
  };
  for (let seed = from; seed < to; seed++) {
    if (seed % 16 === 0) say(seed);
    const outcome = tryProof(seed, corpus);
    programs += outcome.programs;
    proved += outcome.proved;
    slowest = Math.max(slowest, outcome.milliseconds);
    if (outcome.problem !== undefined) say(seed, `case ${seed}: ${outcome.problem}`);
    if (outcome.milliseconds > SLOWEST_MS) {
      say(seed, `case ${seed} took ${outcome.milliseconds.toFixed(0)} ms`);
    }
  }
  say(to);
}

/** Proves one expensive program. */
function tryShape(index: number, size: number): void {
  const name = SHAPE_NAMES[index]!;
  const object = shapeObject(name, size);
  const start = process.cpuUsage();
  const proofs = prove(object);
  const { user, system } = process.cpuUsage(start);
  const slowest = (user + system) / 1000;
  const { verdict, walked, peakStates, rejection } = proofs[0]!;
  const problem =
    slowest > SLOWEST_SHAPE_MS ? `${name} took ${(slowest / 1000).toFixed(1)} s` : undefined;
  const used = memory();
  writeSync(
    1,
    `${JSON.stringify({ next: 0, programs: 1, proved: 0, slowest, memory: used, problem })}\n`,
  );
  writeSync(
    2,
    `${name}: ${verdict}${rejection === undefined ? '' : ` (${rejection.code})`}, ${walked} instructions ` +
      `walked, ${peakStates} states, ${(slowest / 1000).toFixed(1)} s, ${(used / (1 << 20)).toFixed(0)} MiB\n`,
  );
}

/** Runs a worker to its end; the last thing it said, and how it ended. */
async function runTask(
  task: string,
  problems: string[],
): Promise<{ readonly last: Progress | undefined; readonly end: string }> {
  let last: Progress | undefined;
  const end = await runWorker<Progress>(program, ['--worker', task], SILENCE_MS, (line) => {
    last = line;
    if (line.problem !== undefined) problems.push(line.problem);
  });
  return { last, end };
}

async function main(count: number, first: number, size: number): Promise<void> {
  const started = performance.now();
  const problems: string[] = [];
  let total = { programs: 0, proved: 0, slowest: 0, memory: 0 };
  for (let next = first; next < first + count; ) {
    const { last, end } = await runTask(`${next}:${first + count}`, problems);
    if (last !== undefined) {
      total = {
        programs: total.programs + last.programs,
        proved: total.proved + last.proved,
        slowest: Math.max(total.slowest, last.slowest),
        memory: Math.max(total.memory, last.memory),
      };
    }
    if (end === '0') break;
    const begun = last?.next ?? next;
    problems.push(`a case from ${begun} to ${begun + 15} ended its process: ${end}`);
    next = begun - (begun % 16) + 16;
  }
  for (let index = 0; size > 0 && index < SHAPE_NAMES.length; index++) {
    const { last, end } = await runTask(`shape:${index}:${size}`, problems);
    if (end !== '0') problems.push(`${SHAPE_NAMES[index]} ended its process: ${end}`);
    total = { ...total, memory: Math.max(total.memory, last?.memory ?? 0) };
  }
  if (total.memory > LARGEST_RSS) problems.push(`memory reached ${total.memory} bytes`);
  console.log(
    `${count} cases in ${((performance.now() - started) / 1000).toFixed(1)} s: ` +
      `${total.programs} verdicts, ${total.proved} programs proved, slowest ${total.slowest.toFixed(0)} ms, ` +
      `memory ${(total.memory / (1 << 20)).toFixed(0)} MiB, ${problems.length} problems`,
  );
  for (const problem of problems.slice(0, 50)) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: process.env.FUZZ_COUNT ?? '100000' },
    seed: { type: 'string', default: '1' },
    size: { type: 'string', default: '50000' },
    worker: { type: 'string' },
  },
});
if (values.worker?.startsWith('shape:')) {
  const [, index, size] = values.worker.split(':').map(Number);
  tryShape(index!, size!);
} else if (values.worker !== undefined) {
  const [from, to] = values.worker.split(':').map(Number);
  tryCases(from!, to!);
} else {
  await main(whole(values.count, 'count'), whole(values.seed, 'seed'), whole(values.size, 'size'));
}
