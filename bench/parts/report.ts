import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/src/base/index.ts';
import { type CodeRow, geometricMean } from './code.ts';
import type { CompileRow } from './compile.ts';
import { machine, machineLine } from './machine.ts';
import { plot } from './plot.ts';
import { figure, markdownTable } from './table.ts';

const RESULTS = join(packageRoot(), 'bench', 'results');

function write(name: string, text: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, name), text);
}

/** The table of the code's speed: nanoseconds of a run and, behind them, the ratio to native. */
export function codeTable(rows: readonly CodeRow[], competitors: readonly string[]): string {
  const cell = (row: CodeRow, name: string) => {
    const one = row.measurements.find(({ competitor }) => competitor === name);
    if (one?.nanoseconds === undefined) return '-';
    const time = figure(one.nanoseconds);
    return name === 'native' ? time : `${time} (${figure(one.ratio)})`;
  };
  return markdownTable(
    ['ns a run (ratio to native)', ...competitors],
    [
      ...rows.map((row) => [
        row.unproved === undefined ? row.what : `${row.what} *`,
        ...competitors.map((name) => cell(row, name)),
      ]),
      ['geometric mean', ...competitors.map((name) => figure(geometricMean(rows, name)))],
    ],
  );
}

export function writeCode(rows: readonly CodeRow[], competitors: readonly string[]): void {
  const host = machine();
  const means = Object.fromEntries(
    competitors.map((name) => [name, geometricMean(rows, name) ?? null]),
  );
  write(
    'code.json',
    `${JSON.stringify({ machine: host, geometricMeans: means, rows }, null, 2)}\n`,
  );
  const unproved = rows.flatMap(({ workload, unproved }) =>
    unproved === undefined ? [] : `* ${workload}: ${unproved}`,
  );
  const refused = rows.flatMap(({ workload, measurements }) =>
    measurements
      .filter((one) => one.refused !== undefined)
      .map((one) => `* ${workload}, ${one.competitor}: ${one.refused}`),
  );
  write(
    'code.md',
    [
      '# Speed of the code',
      '',
      machineLine(host),
      'Native is the same C by clang -O3 for the generic CPU. How it is measured: ../README.md.',
      '',
      codeTable(rows, competitors),
      ...(unproved.length > 0 ? ['', '\\* built without proof:', '', ...unproved] : []),
      ...(refused.length > 0 ? ['', 'Not run:', '', ...refused] : []),
      '',
      '![plot](code.svg)',
      '',
    ].join('\n'),
  );
  write(
    'code.svg',
    plot(
      rows,
      competitors.filter((name) => name !== 'native' && name !== 'interp'),
    ),
  );
}

const STAGES = ['elf', 'object', 'verifier', 'lower', 'codegen'];

/** The table of build times: whole processes, and the compiler's stages within them. */
export function compileTable(rows: readonly CompileRow[]): string {
  return markdownTable(
    ['ms', 'instructions', 'ours', 'clang', 'ratio', 'CPU ratio', 'MiB', ...STAGES],
    rows.map((row) => [
      row.what,
      row.instructions?.toLocaleString('en-US') ?? '-',
      figure(row.milliseconds),
      figure(row.clangMilliseconds),
      figure(row.ratio),
      figure(row.cpuRatio),
      figure(row.peakMegabytes),
      ...STAGES.map((stage) => figure(row.stages?.[stage])),
    ]),
  );
}

export function writeCompile(rows: readonly CompileRow[]): void {
  const host = machine();
  write('compile.json', `${JSON.stringify({ machine: host, rows }, null, 2)}\n`);
  write(
    'compile.md',
    [
      '# Speed of building',
      '',
      machineLine(host),
      '`ours` is the whole process of `bpftime-aot build`, `clang` that of `clang -target bpf -O2 -g -c`',
      'on the source, in turn; medians. The CPU ratio compares time on a CPU. Stages are those of one build, in milliseconds.',
      '',
      compileTable(rows),
      '',
    ].join('\n'),
  );
}
