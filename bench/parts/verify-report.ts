import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/src/base/index.ts';
import { machine, machineLine } from './machine.ts';
import { figure, markdownTable } from './table.ts';
import type { VerifyPeak, VerifyRow } from './verify.ts';

const RESULTS = join(packageRoot(), 'bench', 'results');
/** Programs of fixtures and tools that walk fewer instructions are in the summary only. */
const WORTH_A_LINE = 250;

function mean(rows: readonly VerifyRow[]): number | undefined {
  const ratios = rows.flatMap(({ ratio }) => ratio ?? []);
  if (ratios.length === 0) return undefined;
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

function total(rows: readonly VerifyRow[], of: (row: VerifyRow) => number | undefined): number {
  return rows.reduce((sum, row) => sum + (of(row) ?? 0), 0);
}

function summary(rows: readonly VerifyRow[]): string {
  const groups = [...new Set(rows.map(({ group }) => group))];
  return markdownTable(
    ['programs', 'number', 'both accept', 'ours, ms', "kernel's, ms", 'of the sums', 'mean ratio'],
    groups.map((group) => {
      const all = rows.filter((row) => row.group === group);
      const both = all.filter(({ ratio }) => ratio !== undefined);
      const ours = total(both, ({ milliseconds }) => milliseconds);
      const theirs = total(both, ({ kernel }) => kernel?.milliseconds);
      return [
        group,
        `${all.length}`,
        `${both.length}`,
        figure(ours),
        figure(theirs),
        both.length === 0 ? '-' : figure(ours / theirs),
        figure(mean(both)),
      ];
    }),
  );
}

/** What is printed and written: programs of any size, the rest summed up. */
export function verifyTable(rows: readonly VerifyRow[]): string {
  const shown = rows.filter(({ group, walked }) => group === 'made' || walked >= WORTH_A_LINE);
  const table = markdownTable(
    [
      'program',
      'verdict',
      'walked',
      'ms',
      'first ms',
      'ns/walked',
      'kernel',
      'walked',
      'ms',
      'ratio',
    ],
    shown.map(({ kernel, ...row }) => [
      row.what,
      row.verdict,
      row.walked.toLocaleString('en-US'),
      figure(row.milliseconds),
      figure(row.firstMilliseconds),
      figure((row.milliseconds * 1e6) / Math.max(1, row.walked)),
      kernel?.verdict ?? '-',
      kernel?.walked?.toLocaleString('en-US') ?? '-',
      figure(kernel?.milliseconds),
      figure(row.ratio),
    ]),
  );
  return `${summary(rows)}\n\n${table}`;
}

/** Processes that prove one program each. */
export function peakTable(peaks: readonly VerifyPeak[]): string {
  return markdownTable(
    ['program', 'verdict', 'walked', 's', 'MiB'],
    peaks.map((peak) => [
      peak.what,
      peak.verdict,
      peak.walked.toLocaleString('en-US'),
      figure(peak.seconds),
      figure(peak.peakMegabytes),
    ]),
  );
}

export function writeVerify(rows: readonly VerifyRow[], peaks: readonly VerifyPeak[]): void {
  const host = machine();
  mkdirSync(RESULTS, { recursive: true });
  const file = (name: string, text: string) => writeFileSync(join(RESULTS, name), text);
  file('verify.json', `${JSON.stringify({ machine: host, rows, peaks }, null, 2)}\n`);
  file(
    'verify.md',
    [
      '# Speed of the verifier',
      '',
      machineLine(host),
      'Ours is the quickest of several proofs in one process (the first one beside it), the kernel the quickest',
      'of nine by its log. `made` programs are those of ../parts/verify-programs.ts; `captured` ones are of',
      `libbpf-tools. Others that walk fewer than ${WORTH_A_LINE} instructions are in the summary only.`,
      'Where ours walks more, the kernel knows the values of switches in read-only data, which ours leaves open: a',
      'tool may set them when it starts.',
      '',
      verifyTable(rows),
      '',
      'A process for each of the largest programs:',
      '',
      peakTable(peaks),
      '',
    ].join('\n'),
  );
}
