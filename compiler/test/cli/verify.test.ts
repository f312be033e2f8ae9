import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture, inDirectory, root, tool } from './tool.ts';

const counter = fixture('counter');
const example = (code: string) => join(root, 'fixtures', 'explain', `${code}.bpf.o`);

interface Document {
  readonly ok: boolean;
  readonly programs: readonly {
    readonly program: string;
    readonly section: string;
    readonly own?: {
      readonly verdict: string;
      readonly walked: number;
      readonly rejection?: { readonly code: string; readonly place: { readonly line: number } };
    };
    readonly kernel?: {
      readonly verdict: string;
      readonly errno?: string;
      readonly walked?: number;
      readonly log?: string;
      readonly reason?: string;
    };
    readonly agree?: boolean;
    readonly comparison?: { readonly common: number };
    readonly log?: readonly string[];
  }[];
  readonly diagnostics: readonly { readonly code: string }[];
}

function document(args: readonly string[], status: number): Document {
  const ended = tool(['verify', '--json', ...args]);
  assert.is(ended.stderr, '');
  assert.is(ended.status, status, ended.stdout);
  return JSON.parse(ended.stdout) as Document;
}

test('a program that is safe: one line, exit code 0', () => {
  const { status, stdout, stderr } = tool(['verify', counter]);
  assert.is(stderr, '');
  assert.match(stdout, /^count +proved +\d+ instructions +\d+ states? +[\d.]+ ms\n$/);
  assert.is(status, 0);
});

test('a rejection: its line, its diagnostic, where to read more, exit code 1', () => {
  const { status, stdout, stderr } = tool(['verify', example('BPF-V028')]);
  assert.is(status, 1);
  assert.match(stdout, /^example +rejected +\d+ instructions.*\ncured +proved .*\n$/);
  assert.match(stderr, /BPF-V028\.bpf\.c:9:9: error: .*may be null.* \[BPF-V028\]\n/);
  assert.match(stderr, /\*count \+= 1;\n/);
  assert.match(stderr, /\nFor an example and the cure: bpftime-aot explain BPF-V028\n$/);
});

test('--program takes one of several', () => {
  const { status, stdout, stderr } = tool(['verify', example('BPF-V028'), '--program', 'cured']);
  assert.is(stderr, '');
  assert.is(status, 0);
  assert.match(stdout, /^cured +proved .*\n$/);
  assert.is(tool(['verify', counter, '--program', 'cuont']).status, 2);
});

test('--json', () => {
  const good = document([counter], 0);
  assert.is(good.ok, true);
  assert.equal(good.diagnostics, []);
  assert.is(good.programs[0]!.own!.verdict, 'proved');
  assert.is(good.programs[0]!.log, undefined);
  const bad = document([example('BPF-V028')], 1);
  assert.is(bad.ok, false);
  const [first, second] = bad.programs;
  assert.is(first!.program, 'example');
  assert.is(first!.section, 'xdp');
  assert.is(first!.own!.rejection!.code, 'BPF-V028');
  assert.is(first!.own!.rejection!.place.line, 9);
  assert.is(second!.own!.verdict, 'proved');
  assert.is(second!.own!.rejection, undefined);
  assert.equal(
    bad.diagnostics.map(({ code }) => code),
    ['BPF-V028'],
  );
});

test('the log has branches at level 1 and every instruction at level 2', () => {
  const steps = (level: string) => {
    const { status, stdout } = tool(['verify', counter, '--log-level', level]);
    assert.is(status, 0);
    return (stdout.match(/^\d+: \([0-9a-f]{2}\)/gm) ?? []).length;
  };
  assert.is(steps('0'), 0);
  const { walked } = document([counter], 0).programs[0]!.own!;
  assert.is(steps('2'), walked);
  assert.ok(steps('1') > 0 && steps('1') < walked);
  const lines = document([counter, '--log-level', '2'], 0).programs[0]!.log!;
  assert.ok(lines.some((line) => /^\d+: \(95\) exit/.test(line)));
  assert.match(lines.at(-1)!, new RegExp(`^processed ${walked} insns`));
});

test('what cannot be verified is said', () => {
  assert.match(tool(['verify', counter, '--kernel', '--both']).stderr, /exclude each other/);
  assert.is(tool(['verify', counter, '--log-level', '3']).status, 2);
  inDirectory((directory) => {
    const ended = tool(['verify', join(directory, 'missing.o')]);
    assert.is(ended.status, 1);
    assert.match(ended.stderr, /no such file/);
  });
  const bad = tool(['verify', join(root, 'fixtures', 'bad', 'fentry.bpf.o')]);
  assert.is(bad.status, 1);
  assert.match(bad.stderr, /BPF-V005/);
});

// Whether this user may ask; the answer to who may not is tested then instead.
const asked = tool(['verify', '--kernel', counter]);
const may = asked.status !== 3;
if (!may) console.log(`skip: ${asked.stderr.split('\n')[0]}`);
const withKernel = may ? test : test.skip;
(may ? test.skip : test)('who may not ask the kernel is told, with exit code 3', () => {
  assert.match(asked.stderr, /the kernel's verifier cannot be asked: .* \[BPF-D010\]/);
});

withKernel('--kernel', () => {
  assert.match(asked.stdout, /^count +accepted +\d+ instructions +[\d.]+ ms\n$/);
  assert.is(asked.status, 0);
  const bad = tool(['verify', '--kernel', example('BPF-V028')]);
  assert.is(bad.status, 1);
  assert.match(
    bad.stderr,
    /:9:9: error: the kernel rejects the program example \(EACCES\): R0 inv/,
  );
  assert.not.match(bad.stdout, /^0: /m);
  const logged = tool(['verify', '--kernel', '--log-level', '1', example('BPF-V028')]);
  assert.match(logged.stdout, /^program example\n0: /);
});

withKernel('a program of no type that kernels have is no rejection', () => {
  const [first] = document(['--kernel', fixture('globals')], 0).programs;
  assert.is(first!.kernel!.verdict, 'unavailable');
  assert.match(first!.kernel!.reason!, /memory and its length/);
  assert.is(first!.agree, undefined);
});

withKernel('--both agrees, or says where not', () => {
  const { programs } = document(['--both', example('BPF-V028')], 1);
  assert.equal(
    programs.map(({ agree }) => agree),
    [true, true],
  );
  assert.is(programs[0]!.kernel!.errno, 'EACCES');
  assert.match(programs[0]!.kernel!.log!, /map_value_or_null/);
  // The kernel knows what is behind a task structure.
  const other = tool(['verify', '--both', example('BPF-V004')]);
  assert.is(other.status, 1);
  assert.match(other.stdout, /^example +rejected .* kernel: accepted .* differ\n/);
  assert.match(other.stderr, /verdicts on example differ.*\[BPF-D014\]/);
});

withKernel('--both at level 2 lays the logs side by side', () => {
  const ended = tool(['verify', '--both', '--log-level', '2', counter]);
  assert.is(ended.status, 0);
  const lines = ended.stdout.split('\n').filter((line) => /^[=<>] \d+: /.test(line));
  assert.ok(lines.filter((line) => line.startsWith('= ')).length > 10, ended.stdout);
  const { comparison } = document(['--both', '--log-level', '2', counter], 0).programs[0]!;
  assert.ok(comparison!.common > 10);
});

test('build --no-verify warns, and the object says so', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    const ended = tool(['build', counter, '--no-verify', '-o', output]);
    assert.is(ended.status, 0);
    assert.match(
      ended.stderr,
      /counter\.bpf\.o: warning: memory safety is not checked .* \[BPF-D001\]/,
    );
    assert.match(tool(['inspect', output]).stdout, /^ +verdict +skipped$/m);
    const { objects } = JSON.parse(tool(['inspect', '--json', output]).stdout) as {
      objects: readonly { verdict: string }[];
    };
    assert.is(objects[0]!.verdict, 'skipped');
  });
});

test('explain prints the page of a code', () => {
  const page = readFileSync(join(root, 'compiler', 'docs', 'BPF-V028.md'), 'utf8');
  for (const code of ['BPF-V028', 'bpf-v028', 'V028', '28']) {
    const ended = tool(['explain', code]);
    assert.equal([ended.status, ended.stderr, ended.stdout], [0, '', page], code);
  }
  const list = tool(['explain', '--list']);
  assert.match(list.stdout, /^BPF-V028 {2}A pointer that may be null is used$/m);
  const unknown = tool(['explain', 'BPF-V029x']);
  assert.is(unknown.status, 2);
  assert.match(unknown.stderr, /there is no page about 'BPF-V029x'/);
  assert.is(tool(['explain', '../verify']).status, 2);
  assert.match(tool(['explain']).stderr, /explain needs a code/);
});

test.run();
