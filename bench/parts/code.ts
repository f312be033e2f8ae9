import { join } from 'node:path';
import { Failure } from '../../compiler/src/diag/index.ts';
import { Interpreter } from '../../compiler/src/interp/index.ts';
import type { Target } from '../../compiler/src/target/index.ts';
import { startTool } from '../../compiler/src/toolchain/index.ts';
import { buildHost, buildOurs, type Prepared, prepare } from './build.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/** Somebody else's builds of the workloads: shared objects that export `run`. */
export interface Peer {
  readonly name: string;
  /** Path of the shared object; `%s` stands for the workload's name. */
  readonly pattern: string;
}

export interface CodeSettings {
  readonly target: Target;
  readonly peers: readonly Peer[];
  /** Names of workloads; all when empty. */
  readonly only: readonly string[];
  readonly pairs: number;
  readonly batchMilliseconds: number;
}

/** What one competitor did on one workload. */
export interface Measurement {
  readonly competitor: string;
  readonly nanoseconds?: number;
  /** Median of the ratios of pairs of batches, its own over native's. */
  readonly ratio?: number;
  readonly quartiles?: readonly [number, number];
  /** Why there are no figures. */
  readonly refused?: string;
}

export interface CodeRow {
  readonly workload: string;
  readonly what: string;
  /** Why ours was built without proof. */
  readonly unproved?: string;
  readonly measurements: readonly Measurement[];
}

interface HostVariant {
  readonly name: string;
  readonly result?: string;
  readonly same?: boolean;
  readonly refused?: string;
  readonly nanoseconds?: number;
  readonly ratio?: number;
  readonly quartiles?: readonly [number, number];
}

/** Names of the competitors, in the order of the report. */
export function competitors(peers: readonly Peer[]): readonly string[] {
  return ['native', 'ours -O2', 'ours -O3', ...peers.map(({ name }) => name), 'kernel', 'interp'];
}

/** Measures every workload; `progress` is told each row as it is done. */
export async function measureCode(
  settings: CodeSettings,
  progress: (row: CodeRow) => void,
): Promise<readonly CodeRow[]> {
  const host = await buildHost(settings.target);
  const rows: CodeRow[] = [];
  for (const workload of WORKLOADS) {
    if (settings.only.length > 0 && !settings.only.includes(workload.name)) continue;
    const row = await measureWorkload(host, workload, settings);
    progress(row);
    rows.push(row);
  }
  return rows;
}

async function measureWorkload(
  host: string,
  workload: Workload,
  settings: CodeSettings,
): Promise<CodeRow> {
  const prepared = await prepare(workload, settings.target);
  const variants: [name: string, file: string][] = [['native', prepared.native]];
  for (const level of [2, 3] as const) {
    variants.push([
      `ours -O${level}`,
      await buildOurs(workload, prepared, {
        target: settings.target,
        level,
        debug: true,
        ptRegs: 'auto',
        helpers: 'inline',
        vector: 'auto',
        verify: workload.unproved === undefined,
      }),
    ]);
  }
  for (const { name, pattern } of settings.peers) {
    variants.push([name, pattern.replace('%s', workload.name)]);
  }
  variants.push(['kernel', prepared.kernel]);
  const ended = await startTool(host, [
    prepared.input,
    String(settings.pairs),
    String(settings.batchMilliseconds),
    ...variants.map(([name, file]) => `${name}=${file}`),
  ]);
  if (ended.exitCode !== 0) {
    throw new Failure({
      code: 'BPF-R010',
      message: `measuring ${workload.name} failed: ${ended.stderr.trim() || ended.signal}`,
      place: { file: join('bench', 'workloads', `${workload.name}.c`) },
    });
  }
  const report = JSON.parse(new TextDecoder().decode(ended.stdout)) as {
    readonly variants: readonly HostVariant[];
  };
  const native = report.variants[0]!;
  return {
    workload: workload.name,
    what: workload.what,
    ...(workload.unproved !== undefined && { unproved: workload.unproved }),
    measurements: [
      ...report.variants.map((variant) => measurement(workload, native, variant)),
      interpret(workload, prepared, native),
    ],
  };
}

function measurement(workload: Workload, native: HostVariant, variant: HostVariant): Measurement {
  if (variant.same === false) throw wrong(workload, variant.name, variant.result, native.result);
  return {
    competitor: variant.name,
    ...(variant.nanoseconds !== undefined && { nanoseconds: variant.nanoseconds }),
    ...(variant.ratio !== undefined && { ratio: variant === native ? 1 : variant.ratio }),
    ...(variant.quartiles !== undefined && { quartiles: variant.quartiles }),
    ...(variant.refused !== undefined && { refused: variant.refused }),
  };
}

/** A speed of wrong results is no speed. */
function wrong(workload: Workload, name: string, got?: string, expected?: string): Failure {
  return new Failure({
    code: 'BPF-R011',
    message: `${workload.name}: ${name} gives ${got}, native ${expected}; or it leaves other memory`,
    place: { file: join('bench', 'workloads', `${workload.name}.c`) },
  });
}

/** Long enough that one run is seldom all there is, short enough not to wait for. */
const INTERPRETED_MILLISECONDS = 200;

function interpret(workload: Workload, prepared: Prepared, native: HostVariant): Measurement {
  const interpreter = new Interpreter(prepared.object);
  const times: number[] = [];
  const started = performance.now();
  do {
    const before = process.cpuUsage();
    const run = interpreter.run({ memory: prepared.memory, budget: 1e9 });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) * 1e3);
    const result = run.r0 === undefined ? run.fault?.message : `0x${run.r0.toString(16)}`;
    // The host checks the rest; what counts here is that the same work was done.
    if (times.length === 1 && BigInt(native.result ?? 0) !== run.r0) {
      throw wrong(workload, 'interp', result, native.result);
    }
  } while (performance.now() - started < INTERPRETED_MILLISECONDS);
  times.sort((left, right) => left - right);
  const nanoseconds = times[times.length >> 1]!;
  return { competitor: 'interp', nanoseconds, ratio: nanoseconds / native.nanoseconds! };
}

/** Geometric mean of a competitor's ratios over the workloads it ran; undefined when it ran none. */
export function geometricMean(rows: readonly CodeRow[], competitor: string): number | undefined {
  const logs = rows.flatMap(({ measurements }) =>
    measurements
      .filter((one) => one.competitor === competitor && one.ratio !== undefined)
      .map((one) => Math.log(one.ratio!)),
  );
  if (logs.length === 0) return undefined;
  return Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
}
