import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/src/base/index.ts';
import { Failure } from '../../compiler/src/diag/index.ts';
import { load, readInput } from '../../compiler/src/driver/index.ts';
import type { Target } from '../../compiler/src/target/index.ts';
import { findTool } from '../../compiler/src/toolchain/index.ts';
import { BUILD } from './build.ts';
import { generateSource } from './generate.ts';

const ROOT = packageRoot();
const OURS = join(ROOT, 'compiler', 'bin', 'bpftime-aot');

/** Options with which the committed objects and the generated ones are compiled. */
const BPF = ['-target', 'bpf', '-O2', '-g'];

/** A whole process's time beside that of clang on the same source. */
export interface CompileRow {
  readonly what: string;
  readonly instructions?: number;
  readonly milliseconds: number;
  /** clang -target bpf -O2 -g -c of the source; absent for what has none. */
  readonly clangMilliseconds?: number;
  /** Median of the ratios of pairs of runs. */
  readonly ratio?: number;
  /** The same of the time on a CPU. */
  readonly cpuRatio?: number;
  readonly peakMegabytes?: number;
  /** Milliseconds of the compiler's stages. */
  readonly stages?: Readonly<Record<string, number>>;
}

/** Generated programs; clang takes minutes for one function of 100,000 instructions. */
const GENERATED = [
  { instructions: 1_000, perFunction: 200, shape: 'functions of 200' },
  { instructions: 4_000, perFunction: 200, shape: 'functions of 200' },
  { instructions: 10_000, perFunction: 200, shape: 'functions of 200' },
  { instructions: 100_000, perFunction: 200, shape: 'functions of 200' },
  { instructions: 1_000, perFunction: 1_000, shape: 'one function' },
  { instructions: 4_000, perFunction: 4_000, shape: 'one function' },
  { instructions: 10_000, perFunction: 10_000, shape: 'one function' },
] as const;

interface Job {
  readonly what: string;
  readonly object: string;
  readonly instructions: number;
  readonly clang: readonly string[];
  readonly pairs: number;
  /** What clang took when it made the object: large programs are not compiled twice. */
  readonly clangCost?: Cost;
}

/** What one process took, in milliseconds: by the clock, and on a CPU (which a busy machine stretches less). */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** Runs a command under bash's `time`, which tells both to the millisecond. */
function run(command: string, args: readonly string[]): Cost {
  const timed = 'TIMEFORMAT="times %3R %3U %3S"; time "$@" > /dev/null';
  const ended = spawnSync('bash', ['-c', timed, 'bash', command, ...args]);
  const printed = ended.stderr?.toString() ?? '';
  const times = /^times (\S+) (\S+) (\S+)$/m
    .exec(printed)
    ?.slice(1)
    .map((part) => Number(part) * 1000);
  if (ended.status !== 0 || times === undefined) {
    throw new Failure({
      code: 'BPF-R012',
      message: `${command} ${args.join(' ')} failed: ${printed.trim() || ended.signal}`,
    });
  }
  return { wall: times[0]!, cpu: times[1]! + times[2]! };
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1]!;
}

function repeated(times: number, command: string, args: readonly string[]): number {
  run(command, args);
  return median(Array.from({ length: times }, () => run(command, args).wall));
}

function countInstructions(file: string): number {
  const object = load(readInput(file), file, { programs: [] }, { add: () => {} });
  return object.functions.reduce((sum, fn) => sum + fn.instructions.length, 0);
}

/** Stage times of the last of a few builds, as `--time-stages --json` prints them. */
function stagesOf(object: string, output: string): Readonly<Record<string, number>> {
  const args = ['build', object, '-o', output, '--time-stages', '--json'];
  const ended = spawnSync(OURS, args, { maxBuffer: 64 << 20 });
  const report = JSON.parse(ended.stdout.toString()) as {
    readonly stages: readonly {
      readonly stages: readonly { readonly stage: string; readonly milliseconds: number }[];
    }[];
  };
  return Object.fromEntries(
    report.stages.flatMap(({ stages }) =>
      stages.map(({ stage, milliseconds }) => [stage, milliseconds]),
    ),
  );
}

/** Peak memory of one build, as the kernel accounts it; undefined where GNU time is not installed. */
function peakOf(object: string, output: string): number | undefined {
  const ended = spawnSync('/usr/bin/time', ['-f', '%M', OURS, 'build', object, '-o', output]);
  const kilobytes = Number(ended.stderr?.toString().trim().split('\n').at(-1));
  return ended.status === 0 && Number.isFinite(kilobytes) ? kilobytes / 1024 : undefined;
}

function measure(clang: string, job: Job): CompileRow {
  const output = join(BUILD, 'compile.out.o');
  const bpf = join(BUILD, 'compile.bpf.o');
  const build = ['build', job.object, '-o', output];
  const ours: Cost[] = [];
  const theirs: Cost[] = [];
  if (job.clangCost === undefined) {
    run(OURS, build);
    run(clang, [...job.clang, '-o', bpf]);
  }
  for (let pair = 0; pair < job.pairs; pair++) {
    theirs.push(job.clangCost ?? run(clang, [...job.clang, '-o', bpf]));
    ours.push(run(OURS, build));
  }
  const peak = peakOf(job.object, output);
  return {
    what: job.what,
    instructions: job.instructions,
    milliseconds: median(ours.map(({ wall }) => wall)),
    clangMilliseconds: median(theirs.map(({ wall }) => wall)),
    ratio: median(ours.map(({ wall }, pair) => wall / theirs[pair]!.wall)),
    cpuRatio: median(ours.map(({ cpu }, pair) => cpu / theirs[pair]!.cpu)),
    ...(peak !== undefined && { peakMegabytes: peak }),
    stages: stagesOf(job.object, output),
  };
}

/** Measures how long building takes; `progress` is told each row as it is done. */
export async function measureCompile(
  target: Target,
  pairs: number,
  progress: (row: CompileRow) => void,
): Promise<readonly CompileRow[]> {
  mkdirSync(BUILD, { recursive: true });
  const tool = await findTool('clang');
  const rows: CompileRow[] = [];
  const add = (row: CompileRow) => {
    progress(row);
    rows.push(row);
  };
  for (const option of ['--version', '--help']) {
    add({ what: option, milliseconds: repeated(pairs, OURS, [option]) });
  }
  for (const name of ['counter', 'packet', 'large']) {
    const object = join(ROOT, 'fixtures', 'obj', 'clang19-v3', `${name}.bpf.o`);
    const source = join(ROOT, 'fixtures', 'bpf', `${name}.bpf.c`);
    // The architecture whose pt_regs the fixtures' tracing programs were compiled for.
    const options = [...BPF, '-mcpu=v3', '-D__TARGET_ARCH_x86', '-I/usr/include/x86_64-linux-gnu'];
    add(
      measure(tool.path, {
        what: `fixtures/bpf/${name}.bpf.c`,
        object,
        instructions: countInstructions(object),
        clang: [...options, '-c', source],
        pairs: name === 'large' ? Math.ceil(pairs / 3) : pairs,
      }),
    );
  }
  const several = ['counter', 'packet', 'events', 'strings', 'loops', 'globals'].map((name) =>
    join(ROOT, 'fixtures', 'obj', 'clang19-v3', `${name}.bpf.o`),
  );
  add({ what: 'six objects in one call', milliseconds: severalInOneCall(several, pairs) });
  for (const { instructions, perFunction, shape } of GENERATED) {
    const stem = join(BUILD, `generated-${instructions}-${perFunction}`);
    writeFileSync(`${stem}.c`, generateSource({ instructions, perFunction }));
    const options = [...BPF, '-mcpu=v3', '-I', join(ROOT, 'bench', 'workloads')];
    const clangCost = run(tool.path, [...options, '-c', `${stem}.c`, '-o', `${stem}.o`]);
    const large = instructions > 10_000;
    add(
      measure(tool.path, {
        what: `generated, ${shape}`,
        object: `${stem}.o`,
        instructions: countInstructions(`${stem}.o`),
        clang: [...options, '-c', `${stem}.c`],
        pairs: large ? 1 : Math.max(1, Math.min(pairs, Math.round(20_000 / instructions))),
        ...(large && { clangCost }),
      }),
    );
  }
  return rows;

  function severalInOneCall(objects: readonly string[], times: number): number {
    const directory = join(BUILD, 'several');
    mkdirSync(directory, { recursive: true });
    const args = ['-c', 'cd "$1" && shift && exec "$@"', 'sh', directory, OURS, 'build'];
    return repeated(times, 'sh', [...args, ...objects, '--target', target.name]);
  }
}
