import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { askKernel } from '../../src/kernel/index.ts';
import { prove } from '../../src/verifier/index.ts';
import { traced, withoutBpftrace } from './captured/bpftrace.ts';
import { type Captured, embeddedObject, packageFiles, skeletons } from './captured/skeletons.ts';

const LIST = join(packageRoot(), 'fixtures', 'captured', 'verdicts.txt');
const bless = process.env.BLESS === '1';

/** The lines of the list that are about one package, without those of its version. */
function listed(source: string): readonly string[] {
  return readFileSync(LIST, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${source}/`));
}

/** What the programs depend on: the package, and the kernel whose types they are relocated against. */
function version(source: string): string {
  const [kernel] = /^\d+\.\d+/.exec(release())!;
  const line = execFileSync('dpkg-query', ['-W', source]).toString();
  return `# ${source} ${line.trim().split('\t')[1]}, Linux ${kernel} on ${process.arch}`;
}

/** A line for each program, but for what the kernel says. */
function judge({ source, object, failure }: Captured): string[] {
  if (object === undefined) {
    if (!(failure instanceof Failure)) throw failure;
    return [`${source} - - ${failure.diagnostic.code}`];
  }
  return prove(object, {}).map(({ index, verdict, rejection }) => {
    const { name, attach } = object.programs[index]!;
    const section = attach.section.replaceAll(' ', '_');
    return `${source} ${name} ${section} ${verdict === 'proved' ? verdict : rejection!.code}`;
  });
}

function askAll({ object }: Captured): string[] {
  if (object === undefined) return ['unavailable'];
  return object.programs.map(({ kind, index }) =>
    kind === 'other' ? 'unavailable' : askKernel(object, { program: index, logLevel: 0 }).verdict,
  );
}

function check(source: string, objects: readonly Captured[]): void {
  const lines = objects.flatMap(judge);
  assert.ok(lines.length > 0);
  const head = version(source);
  const old = readFileSync(LIST, 'utf8').split('\n');
  if (bless) {
    const answers = objects.flatMap(askAll);
    const others = old.filter(
      (line) => line !== '' && !line.startsWith(`${source}/`) && !line.startsWith(`# ${source} `),
    );
    const list = lines.map((line, index) => `${line} ${answers[index]}`);
    writeFileSync(LIST, `${[...others, head, ...list].join('\n')}\n`);
    return;
  }
  if (!old.includes(head)) {
    console.log(`skip: the list of ${source} was made with other versions than ${head.slice(2)}`);
    return;
  }
  assert.equal(
    lines,
    listed(source).map((line) => line.slice(0, line.lastIndexOf(' '))),
  );
}

const withoutTools = packageFiles('libbpf-tools').length === 0;
if (withoutTools) console.log('skip: libbpf-tools are not installed');
(withoutTools ? test.skip : test)('what libbpf-tools load', () => {
  check('libbpf-tools', skeletons());
});

// Half a minute, nearly all of it waiting for the kernel.
const reason =
  withoutBpftrace() ?? (process.env.CAPTURED === '1' ? undefined : 'CAPTURED is not 1');
if (reason !== undefined) console.log(`skip: programs of bpftrace: ${reason}`);
(reason !== undefined ? test.skip : test)('what bpftrace loads', async () => {
  check('bpftrace', await traced());
});

test('an object inside a program is found, and only a whole one', () => {
  const header = Buffer.alloc(64);
  Buffer.from('7f454c460201010000000000000000000100f700', 'hex').copy(header);
  header.writeBigUInt64LE(64n, 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(2, 60);
  const whole = Buffer.concat([Buffer.alloc(100, 1), header, Buffer.alloc(128), Buffer.alloc(9)]);
  assert.is(embeddedObject(whole)!.length, 192);
  assert.is(embeddedObject(whole.subarray(0, 200)), undefined);
  assert.is(embeddedObject(Buffer.alloc(100)), undefined);
});

test('the list: nothing is proved that the kernel refuses', () => {
  const lines = readFileSync(LIST, 'utf8').split('\n');
  const programs = lines.filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(programs.length > 300);
  for (const line of programs) {
    const [, , , ours, kernel] = line.split(' ');
    assert.match(ours!, /^(proved|BPF-[VO]\d{3})$/);
    assert.match(kernel!, /^(accepted|rejected|unavailable)$/);
    assert.not(ours === 'proved' && kernel === 'rejected', line);
  }
});

test.run();
