import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { findTarget, hostTarget } from '../../src/target/index.ts';
import {
  doctor,
  execute,
  findTool,
  runTool,
  startTool,
  toolNames,
} from '../../src/toolchain/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'bpftime-test-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));

function script(name: string, body: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs an action with environment variables set, undefined for unset. */
async function withEnvironment<T>(
  variables: Record<string, string | undefined>,
  action: () => Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(
    Object.keys(variables).map((name) => [name, process.env[name]]),
  );
  const set = (values: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(variables);
  try {
    return await action();
  } finally {
    set(before);
  }
}

async function failureOf(action: Promise<unknown>): Promise<Failure> {
  try {
    await action;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('no failure');
}

test('the linker is found, and the same one again', async () => {
  const tool = await findTool('ld.lld');
  assert.ok((tool.major ?? 0) >= 14);
  assert.is(await findTool('ld.lld'), tool);
});

test('what the environment names is used, if it will do', async () => {
  const good = script('my-linker', 'echo "Debian LLD 17.0.6 (compatible with GNU linkers)"');
  const found = await withEnvironment({ BPFTIME_LD_LLD: good }, () => findTool('ld.lld'));
  assert.equal(found, { name: 'ld.lld', path: good, major: 17 });

  const old = script('old-clang', 'echo "Debian clang version 11.0.1-2"');
  const tooOld = await withEnvironment({ BPFTIME_CLANG: old }, () => failureOf(findTool('clang')));
  assert.is(tooOld.kind, 'tool');
  assert.match(tooOld.message, /version 11\.0\.1.*clang 14 or newer/);
  assert.match(tooOld.diagnostic.help ?? '', /apt-get install clang-19/);

  const silent = script('silent', 'exit 1');
  const mute = await withEnvironment({ BPFTIME_CLANG: silent }, () => failureOf(findTool('clang')));
  assert.match(mute.message, /does not tell its version/);

  const none = await withEnvironment({ BPFTIME_CLANG: join(directory, 'none') }, () =>
    failureOf(findTool('clang')),
  );
  assert.match(none.message, /BPFTIME_CLANG names .*none', which is no program/);
});

test('a missing tool is named with the command that installs it', async () => {
  const failure = await withEnvironment({ PATH: directory, BPFTIME_QEMU_RISCV64: undefined }, () =>
    failureOf(findTool('qemu-riscv64')),
  );
  assert.is(failure.kind, 'tool');
  assert.match(failure.message, /qemu-riscv64 is not installed/);
  assert.match(failure.diagnostic.help ?? '', /apt-get install qemu-user.*BPFTIME_QEMU_RISCV64/);
});

test('input goes in, both outputs come back, the command is told', async () => {
  const commands: string[] = [];
  const path = script("it's", 'cat; echo problem >&2; exit 3');
  const ended = await startTool(path, ['a b', '-x=1'], {
    input: new Uint8Array([0, 255, 10]),
    verbose: (command) => commands.push(command),
  });
  assert.equal(ended.stdout, new Uint8Array([0, 255, 10]));
  assert.is(ended.stderr, 'problem\n');
  assert.is(ended.exitCode, 3);
  assert.equal(commands, [`'${directory}/it'\\''s' 'a b' -x=1`]);
});

test('a tool that fails brings what it printed and its command', async () => {
  const path = script('failing', 'echo "cannot open x" >&2; exit 2');
  const failure = await failureOf(runTool({ name: 'clang', path }, ['-c']));
  assert.is(failure.message, 'clang failed with exit code 2');
  const notes = failure.diagnostic.notes ?? [];
  assert.is(notes[0]?.message, 'cannot open x');
  assert.match(notes.at(-1)?.message ?? '', /failing -c$/);
});

test('programs that cannot start, crash or never end', async () => {
  const failure = await failureOf(startTool(join(directory, 'missing'), []));
  assert.is(failure.kind, 'tool');
  assert.match(failure.message, /cannot run .*missing: ENOENT/);

  const crashed = await startTool(script('crash', 'kill -SEGV $$'), []);
  assert.is(crashed.signal, 'SIGSEGV');
  assert.is(crashed.timedOut, false);

  const started = performance.now();
  const hung = await startTool(script('hang', 'exec sleep 60'), [], { timeoutMs: 200 });
  assert.is(hung.timedOut, true);
  assert.ok(performance.now() - started < 20_000);
});

test('a program that reads none of its input is no error', async () => {
  const ended = await startTool(script('deaf', 'exit 0'), [], { input: new Uint8Array(1 << 22) });
  assert.is(ended.exitCode, 0);
});

test('executables of this machine run directly, others under an emulator', async () => {
  const host = hostTarget();
  const path = script('hello', 'cat');
  if (host !== undefined) {
    const ended = await execute(host, path, new Uint8Array([65]));
    assert.equal(ended.stdout, new Uint8Array([65]));
  }
  const other = findTarget(host?.name === 'riscv64' ? 'arm64' : 'riscv64');
  const emulator = script('emulator', 'echo "$@"');
  // An override must tell its version.
  writeFileSync(
    emulator,
    '#!/bin/sh\nif [ "$1" = --version ]; then echo "qemu-x version 7.2.0"; else echo "$@"; fi\n',
  );
  const variable = `BPFTIME_${other.qemu.toUpperCase().replaceAll('-', '_')}`;
  const ended = await withEnvironment({ [variable]: emulator }, () =>
    execute(other, path, new Uint8Array(0), { arguments: ['x'] }),
  );
  assert.is(new TextDecoder().decode(ended.stdout), `${path} x\n`);
});

test('doctor lists every tool, what it is for, and how to get it', async () => {
  const findings = await withEnvironment({ BPFTIME_GDB: join(directory, 'none') }, doctor);
  for (const name of toolNames) {
    if (name === hostTarget()?.qemu) continue;
    const finding = findings.find((candidate) => candidate.name === name);
    assert.ok(finding, name);
    assert.match(finding.install, /^apt-get install \S+$/);
  }
  const linker = findings.find((finding) => finding.name === 'ld.lld');
  assert.is(linker?.found, true);
  assert.is(linker?.required, true);
  assert.match(linker?.version ?? '', /^\d+\.\d+/);
  const gdb = findings.find((finding) => finding.name === 'gdb');
  assert.is(gdb?.found, false);
  assert.match(gdb?.reason ?? '', /BPFTIME_GDB/);
  assert.is(findings.find((finding) => finding.name === 'code generator')?.found, true);
});

test.run();
