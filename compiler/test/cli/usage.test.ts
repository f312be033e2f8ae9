import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture, inDirectory, root, tool } from './tool.ts';

const VERSION = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
).version;

/** The first line of standard error without its code, and its exit code, for a wrong call. */
function refused(args: readonly string[]): string {
  const { status, stdout, stderr } = tool(args);
  assert.is(stdout, '');
  const [first, second] = stderr.split('\n');
  assert.match(first!, / \[BPF-F01\d\]$/);
  return `${status}: ${first!.replace(/ \[BPF-F01\d\]$/, '')} / ${second}`;
}

test('--version, wherever it stands', () => {
  for (const args of [['--version'], ['build', '--version']]) {
    assert.equal(tool(args), { status: 0, signal: null, stdout: `${VERSION}\n`, stderr: '' });
  }
});

test('--help names every command, and every option of each', () => {
  const { status, stdout } = tool(['--help']);
  assert.is(status, 0);
  const options: Record<string, readonly string[]> = {
    build: [
      ...['--output', '-o', '--emit', '--write-dependencies', '--dependency-file', '--save-temps'],
      ...[
        '--dump-after',
        '--time-stages',
        '--target',
        '--optimize',
        '--debug',
        '--mcpu',
        '--mattr',
      ],
      ...['--program', '--btf', '--kernel-config', '--kernel-version', '--pt-regs', '--helpers'],
      ...['--vector', '--verify', '--json', '--verbose', '-v'],
    ],
    run: ['--memory-file', '--repeat', '--timeout', '--target', '--program', '--json', '--verbose'],
    verify: [
      ...['--program', '--log-level', '--kernel', '--both', '--btf', '--kernel-config'],
      ...['--kernel-version', '--json'],
    ],
    explain: ['--list', '--json'],
    inspect: ['--json'],
    disasm: ['--program', '--json'],
    targets: ['--json'],
    doctor: ['--json'],
  };
  for (const [command, names] of Object.entries(options)) {
    assert.match(stdout, new RegExp(`^ +bpftime-aot ${command}\\b`, 'm'));
    const help = tool([command, '--help']);
    assert.is(help.status, 0);
    assert.is(help.stderr, '');
    for (const name of [...names, '--help', '-h']) {
      assert.ok(new RegExp(`(^|[ ,])${name}\\b`, 'm').test(help.stdout), `${command}: ${name}`);
    }
  }
  assert.match(stdout, /Exit codes: 0 done/);
});

test('unknown words come with the nearest known one', () => {
  assert.is(
    refused(['biuld']),
    "2: bpftime-aot: error: unknown command 'biuld' / help: did you mean 'build'?",
  );
  assert.match(
    refused(['frobnicate']),
    /^2: .*unknown command 'frobnicate' \/ help: commands are build, verify, run/,
  );
  const options: Record<string, string> = {
    '--taget': '--target',
    '--emitt=asm': '--emit',
    '--no-verfy': '--no-verify',
    '--dump-afer': '--dump-after',
    '-mcp=v3': '-mcpu',
    '-MDD': '-MD',
    '--jsno': '--json',
  };
  for (const [typed, meant] of Object.entries(options)) {
    assert.is(
      refused(['build', 'a.o', typed]),
      `2: bpftime-aot: error: unknown option '${typed.split('=')[0]}' / help: did you mean '${meant}'?`,
    );
  }
  // What another command knows is no help here.
  assert.match(
    refused(['inspect', 'a.o', '--save-temps']),
    /unknown option '--save-temps' \/ help: bpftime-aot inspect --help/,
  );
  assert.match(
    refused(['build', 'a.o', '--emit', 'ams']),
    /--emit: unknown value 'ams' \/ help: did you mean 'asm'\? it is one of obj, asm/,
  );
  assert.match(
    refused(['build', 'a.o', '--vector', 'sometimes']),
    /--vector: unknown value 'sometimes' \/ help: it is one of never, auto/,
  );
  assert.match(refused(['build', 'a.o', '--dump-after', 'lowr']), /did you mean 'lower'/);
  assert.match(
    refused(['build', 'a.o', '--target', 'riscv46']),
    /^2: .*unknown target 'riscv46' \/ help: did you mean 'riscv64'/,
  );
  assert.match(refused(['build', 'a.o', '--pt-regs', 'x86_63']), /^2: .*unknown target 'x86_63'/);
});

test('what is missing or too much is said', () => {
  assert.match(refused([]), /^2: .*name a command \/ help: bpftime-aot --help/);
  assert.match(refused(['build']), /^2: .*build needs <files..> \/ help: bpftime-aot build --help/);
  assert.match(refused(['run']), /run needs <file>/);
  for (const command of ['build', 'verify', 'inspect', 'disasm', 'run']) {
    assert.match(refused([command, '-']), /^2: .*standard input is not read/);
  }
  assert.match(refused(['build', '-g', '-']), /^2: .*there is no file to build/);
  assert.match(refused(['build', 'a.o', '-o']), /-o needs a value/);
  assert.match(refused(['build', 'a.o', '--target']), /--target needs a value/);
  assert.match(refused(['targets', 'here']), /targets takes no argument 'here'/);
  assert.match(refused(['run', 'a.o', '00', '11']), /run takes no argument '11'/);
  assert.match(refused(['build', 'a.o', '-O4']), /-O4: the levels are 0, 1, 2 and 3/);
  assert.match(refused(['build', 'a.o', '-Os']), /-Os: the levels/);
  assert.match(refused(['build', 'a.o', 'b.o', '-o', 'c.o']), /-o names one file/);
  assert.match(refused(['build', 'a.o', 'b.o', '-MF', 'c.d']), /-MF names one file/);
  assert.match(
    refused(['build', 'x/a.o', 'y/a.o']),
    /x\/a.o and y\/a.o would both be written to a\./,
  );
  assert.match(refused(['build', 'a.o', '-o', '']), /-o names no file/);
  assert.match(refused(['run', 'a.o', 'xyz']), /the memory is not hexadecimal bytes/);
  assert.match(refused(['run', 'a.o', '--repeat', '0']), /--repeat takes a whole number/);
  assert.match(refused(['run', 'a.o', '--repeat', 'many']), /--repeat takes a whole number/);
  assert.match(refused(['run', 'a.o', '--timeout', '-1']), /--timeout/);
});

test('with --json a wrong call is a document, too', () => {
  for (const args of [
    ['--json', 'biuld'],
    ['build', '--json', '--bogus'],
    ['build', 'a.o', '--json', '-o-'],
  ]) {
    const { status, stdout, stderr } = tool(args);
    const document =
      args[2] === 'a.o'
        ? undefined
        : (JSON.parse(stdout) as { ok: boolean; diagnostics: { code: string }[] });
    assert.is(status, 2);
    if (document !== undefined) {
      assert.is(stderr, '');
      assert.is(document.ok, false);
      assert.is(document.diagnostics[0]!.code, 'BPF-F013');
    }
  }
});

test('response files', () => {
  inDirectory((directory) => {
    const file = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return `@${join(directory, name)}`;
    };
    const quoted = `"${fixture('packet')}" --target\n'arm64' -S\t-o -`;
    const { status, stdout } = tool(['build', file('good', quoted)]);
    assert.is(status, 0);
    assert.match(stdout, /aarch64|\.text/);
    assert.match(tool([file('inner', 'targets'), '--json']).stdout, /"riscv64"/);
    assert.match(tool([file('outer', `@${join(directory, 'inner')}`)]).stdout, /riscv64/);
    assert.match(
      refused([file('self', `@${join(directory, 'self')}`)]),
      /^2: .*include each other too deeply/,
    );
    const missing = tool(['build', '@/nowhere/at/all']);
    assert.is(missing.status, 2);
    assert.match(missing.stderr, /^\/nowhere\/at\/all: error: response file: no such file/);
    file('large', ' '.repeat((1 << 20) + 1));
    assert.match(tool([`@${join(directory, 'large')}`]).stderr, /larger than 1 MiB/);
    assert.match(tool([`@${directory}`]).stderr, /response file: cannot be read/);
  });
});

test('an option given twice has its last value; words after -- are no options', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.s');
    const { status } = tool([
      'build',
      '-o',
      join(directory, 'first.s'),
      '-o',
      output,
      '--',
      fixture('packet'),
    ]);
    assert.is(status, 0);
    assert.match(readFileSync(output, 'utf8'), /packet/);
    assert.match(
      tool(['build', '--', '--odd.o']).stderr,
      /^\.\/--odd\.o: error: cannot read the file: no such file/,
    );
  });
});

test('the shell script that starts it', () => {
  const script = join(root, 'compiler', 'bin', 'bpftime-aot');
  const { status, stdout } = spawnSync(script, ['--version'], { encoding: 'utf8' });
  assert.is(status, 0);
  assert.is(stdout, `${VERSION}\n`);
});

test('a bug of ours is exit code 70, with a trace only when asked for', () => {
  inDirectory((directory) => {
    const breaker = join(directory, 'break.cjs');
    writeFileSync(
      breaker,
      "Object.defineProperty(process, 'arch', { get() { throw new TypeError('broken for a test') } })",
    );
    const plain = tool(['targets'], { node: ['--require', breaker] });
    assert.is(plain.status, 70);
    assert.match(
      plain.stderr,
      /^bpftime-aot: error: internal error: TypeError: broken for a test \[BPF-D000\]\nhelp: this is a bug/,
    );
    assert.not.match(plain.stderr, /\n\s+at /);
    const traced = tool(['targets'], { node: ['--require', breaker], env: { BPFTIME_DEBUG: '1' } });
    assert.match(traced.stderr, /note: .*TypeError: broken for a test\\n +at /);
  });
});

test.run();
