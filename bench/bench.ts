/**
 * Measures the code that the compiler makes, the time it takes to make it and that of the verifier, and
 * writes tables and a plot to bench/results.
 *
 * usage: bench [code] [compile] [verify] [--only WORKLOAD]... [--peer NAME:PATTERN]... [--pairs N] [--batch MS]
 */
import { parseArgs } from 'node:util';
import { Failure, renderText } from '../compiler/src/diag/index.ts';
import { hostTarget } from '../compiler/src/target/index.ts';
import { competitors, geometricMean, measureCode, type Peer } from './parts/code.ts';
import { measureCompile } from './parts/compile.ts';
import { codeTable, compileTable, writeCode, writeCompile } from './parts/report.ts';
import { figure } from './parts/table.ts';
import { measurePeaks, measureVerify, proveMade } from './parts/verify.ts';
import { peakTable, verifyTable, writeVerify } from './parts/verify-report.ts';
import { WORKLOADS } from './parts/workloads.ts';

function usage(message: string): Failure {
  return new Failure({ code: 'BPF-R013', message }, 'usage');
}

function peer(text: string): Peer {
  const colon = text.indexOf(':');
  if (colon <= 0 || !text.includes('%s')) {
    throw usage(`--peer ${text}: must be NAME:PATTERN, with %s for the workload's name`);
  }
  return { name: text.slice(0, colon), pattern: text.slice(colon + 1) };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw usage(`--${name} ${text}: must be a positive number`);
  return value;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      pairs: { type: 'string', default: '41' },
      batch: { type: 'string', default: '2' },
      // What a process of the part `verify` is told to prove.
      made: { type: 'string' },
    },
  });
  for (const part of positionals) {
    if (!['code', 'compile', 'verify'].includes(part)) throw usage(`there is no part '${part}'`);
  }
  for (const name of values.only) {
    if (!WORKLOADS.some((workload) => workload.name === name)) {
      throw usage(`there is no workload '${name}'`);
    }
  }
  if (values.made !== undefined) {
    console.log(proveMade(values.made));
    return;
  }
  const target = hostTarget();
  if (target === undefined) throw usage(`this machine's CPU (${process.arch}) is no target`);
  const pairs = Math.round(positive('pairs', values.pairs));
  const wanted = (part: string) => positionals.length === 0 || positionals.includes(part);
  if (wanted('code')) {
    const peers = values.peer.map(peer);
    const names = competitors(peers);
    const rows = await measureCode(
      {
        target,
        peers,
        only: values.only,
        pairs,
        batchMilliseconds: positive('batch', values.batch),
      },
      ({ workload, measurements }) =>
        console.error(
          `${workload}: ${measurements.map((one) => `${one.competitor} ${figure(one.ratio)}`).join(', ')}`,
        ),
    );
    console.log(codeTable(rows, names));
    // A part of the workloads says nothing about the whole: the committed results stay.
    if (values.only.length === 0) writeCode(rows, names);
    const mean = geometricMean(rows, 'ours -O3');
    console.log(`\ngeometric mean of ours at -O3: ${figure(mean)} of native\n`);
  }
  if (wanted('compile')) {
    const rows = await measureCompile(target, Math.min(pairs, 21), (row) =>
      console.error(
        `${row.what}: ${figure(row.milliseconds)} ms, clang ${figure(row.clangMilliseconds)} ms`,
      ),
    );
    console.log(compileTable(rows));
    writeCompile(rows);
  }
  if (wanted('verify')) {
    const peaks = measurePeaks((peak) =>
      console.error(
        `${peak.what}: ${figure(peak.seconds)} s, ${figure(peak.peakMegabytes)} MiB, ${peak.verdict}`,
      ),
    );
    const rows = measureVerify((row) =>
      console.error(
        `${row.what}: ${row.verdict}, ${figure(row.milliseconds)} ms, kernel ${figure(row.kernel?.milliseconds)} ms`,
      ),
    );
    console.log(`${verifyTable(rows)}\n\n${peakTable(peaks)}`);
    writeVerify(rows, peaks);
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(renderText([error.diagnostic], { color: false }));
  process.exitCode = 1;
}
