import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findTool, runTool } from '../../src/toolchain/index.ts';
import { asm, bytecode } from './programs.ts';
import { complaints, fixture, inDirectory, start, tool } from './tool.ts';

const packet = fixture('packet');
const TARGETS = ['x86-64', 'arm64', 'riscv64'];

test('run prints r0, on every target', () => {
  for (const target of TARGETS) {
    const ended = tool(['run', packet, '00 11 22', '--target', target]);
    assert.is(complaints(ended), '');
    assert.is(ended.status, 0);
    assert.match(ended.stdout, /^0x[0-9a-f]+\n$/);
  }
});

test('run --json has r0, the memory after, and the time', () => {
  inDirectory((directory) => {
    const memory = join(directory, 'memory');
    writeFileSync(memory, Buffer.alloc(64, 7));
    const args = ['--memory-file', memory, '--repeat', '3', '--json'];
    const { status, stdout } = tool(['run', fixture('strings'), ...args]);
    assert.is(status, 0);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    assert.is(document.ok, true);
    assert.match(String(document.r0), /^0x[0-9a-f]+$/);
    assert.is(String(document.memory).length, 128);
    assert.ok(Number(document.nanosecondsPerRun) >= 0);
    assert.ok(TARGETS.includes(String(document.target)));
  });
});

test('run -v shows the commands it runs', () => {
  const { stderr } = tool(['run', packet, '-v', '--target', 'riscv64']);
  assert.match(stderr, /^\S*ld\.lld\S* .*program\.o/m);
  assert.match(stderr, /^\S*qemu-riscv64\S* .*program|^\S+program$/m);
});

test('one of several programs must be chosen', () => {
  const several = tool(['run', fixture('latency')]);
  assert.is(several.status, 2);
  assert.match(
    several.stderr,
    /error: \S+ has 2 programs .*\nhelp: choose one with --program: \w+, \w+/,
  );
  assert.is(tool(['run', fixture('latency'), '--program', 'enter']).status, 0);
  const unknown = tool(['run', fixture('latency'), '--program', 'entre']);
  assert.is(unknown.status, 2);
  assert.match(unknown.stderr, /did you mean 'enter'/);
});

test('a program that does not end, and one that crashes', () => {
  inDirectory((directory) => {
    const file = join(directory, 'raw.o');
    writeFileSync(file, bytecode([...asm.jumpToSelf]));
    const endless = tool(['run', file, '--timeout', '0.5', '--no-verify']);
    assert.is(endless.status, 1);
    assert.match(endless.stderr, /raw\.o: error: the program was still running after 0\.5 s on /);
    writeFileSync(file, bytecode([...asm.loadFromNull, ...asm.exit]));
    const crash = tool(['run', file, '--no-verify']);
    assert.is(crash.status, 1);
    assert.match(crash.stderr, /raw\.o: error: the program ended with signal SIGSEGV on /);
  });
});

test('a missing linker or emulator is exit code 3 with the command that installs it', () => {
  const none = { BPFTIME_LD_LLD: '/nowhere/ld.lld' };
  const linker = tool(['run', packet], { env: none });
  assert.is(linker.status, 3);
  assert.match(
    linker.stderr,
    /error: BPFTIME_LD_LLD names '\/nowhere\/ld\.lld', which is no program/,
  );
  const target = process.arch === 'riscv64' ? 'arm64' : 'riscv64';
  const emulator = target === 'arm64' ? 'qemu-aarch64' : 'qemu-riscv64';
  // The linker is found in LLVM's own directory; emulators are on the path only.
  const found = /^(\S*ld\.lld\S*) /m.exec(tool(['run', packet, '-v']).stderr)![1]!;
  const empty = { PATH: '', BPFTIME_LD_LLD: found };
  const missing = tool(['run', packet, '--target', target], { env: empty });
  assert.is(missing.status, 3);
  assert.match(
    complaints(missing),
    new RegExp(
      `^bpftime-aot: error: ${emulator} is not installed; .*\\nhelp: install it with .apt-get install qemu-user`,
    ),
  );
  const doctor = tool(['doctor'], { env: none });
  assert.is(doctor.status, 3);
  assert.match(doctor.stdout, /^missing +ld\.lld .*apt-get install lld-19/m);
  assert.match(doctor.stderr, /error: missing: .*ld\.lld/);
  const json = tool(['doctor', '--json'], { env: none });
  assert.is(json.status, 3);
  const document = JSON.parse(json.stdout) as {
    ok: boolean;
    findings: { name: string; found: boolean }[];
  };
  assert.is(document.ok, false);
  assert.ok(document.findings.some(({ name, found }) => name === 'ld.lld' && !found));
});

test('standard streams that are closed, full or gone', () => {
  const nothing = tool(['run', packet], { stdio: ['ignore', 'pipe', 'pipe'] });
  assert.is(nothing.status, 0);
  const full = openSync('/dev/full', 'w');
  try {
    for (const args of [
      ['--help'],
      ['--version'],
      ['targets'],
      ['targets', '--json'],
      ['inspect', packet],
      ['build', packet, '-S', '-o', '-'],
    ]) {
      const ended = tool(args, { stdio: ['ignore', full, 'pipe'] });
      assert.is(ended.status, 1, args.join(' '));
      assert.match(
        complaints(ended),
        /error: cannot write standard output: no space left on the device/,
      );
      assert.not.match(ended.stderr, /\n\s+at /);
    }
    assert.is(tool(['build', '/nowhere.o'], { stdio: ['ignore', 'ignore', full] }).status, 1);
  } finally {
    closeSync(full);
  }
});

test('a compiled object is inspected for every machine', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    for (const target of TARGETS) {
      assert.is(tool(['build', packet, '--target', target, '-o', output]).status, 0);
      const text = tool(['inspect', output]).stdout;
      assert.match(text, new RegExp(`^ +kind +compiled$[\\s\\S]*^ +target +${target}$`, 'm'));
      const bpf = JSON.parse(tool(['inspect', packet, '--json']).stdout) as {
        objects: Record<string, unknown>[];
      };
      const compiled = JSON.parse(tool(['inspect', output, '--json']).stdout) as typeof bpf;
      const { kind, relocations, ...facts } = bpf.objects[0]!;
      assert.is(kind, 'bpf');
      assert.ok(relocations);
      const { target: name, verdict, ...same } = compiled.objects[0]!;
      assert.equal(same, { ...facts, kind: 'compiled', relocations: {} });
      assert.is(name, target);
      assert.ok(verdict);
    }
    const damaged = readFileSync(output);
    const at = damaged.indexOf('{"format":1');
    damaged.write('[', at);
    writeFileSync(output, damaged);
    const ended = tool(['inspect', output]);
    assert.is(ended.status, 1);
    assert.match(
      ended.stderr,
      /out\.o: error: section \.bpftime\.info of the compiled object is malformed/,
    );
  });
  const foreign = tool(['inspect', process.execPath]);
  assert.is(foreign.status, 1);
  assert.match(
    foreign.stderr,
    /error: this is neither a BPF object nor one that bpftime-aot compiled/,
  );
});

test('linked objects keep what they tell, and no process loads it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-cli-'));
  try {
    const linker = await findTool('ld.lld');
    const reader = await findTool('llvm-readelf');
    for (const target of TARGETS) {
      const files = ['packet', 'latency'].map((name) => join(directory, `${name}.o`));
      for (const file of files) {
        const input = fixture(basename(file, '.o'));
        assert.is(tool(['build', input, '--target', target, '-o', file]).status, 0);
      }
      const linked = join(directory, 'linked.o');
      await runTool(linker, ['-r', '-o', linked, ...files]);
      const { stdout } = tool(['inspect', linked, '--json']);
      const { objects } = JSON.parse(stdout) as { objects: { name: string; target: string }[] };
      assert.equal(
        objects.map((object) => [object.name, object.target]),
        [
          ['packet', target],
          ['latency', target],
        ],
      );
      assert.match(tool(['inspect', linked]).stdout, /name +packet\n[\s\S]*name +latency\n/);
      const { stdout: sections } = await runTool(reader, ['-SW', linked]);
      // Flags would stand between the size of an entry and the link: there are none.
      assert.match(
        new TextDecoder().decode(sections),
        /\.bpftime\.info +PROGBITS +0+ [0-9a-f]+ [0-9a-f]+ 00 +0 +0 +1$/m,
      );
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a reader that goes away ends it with one line', () => {
  const command = `{ sleep 0.3; "$0" "$1" inspect "$2"; echo "status $?" >&2; } | true`;
  const { stderr } = spawnSync('sh', ['-c', command, process.execPath, start, packet], {
    encoding: 'utf8',
  });
  assert.is(
    stderr,
    'bpftime-aot: error: cannot write standard output: the reader has gone [BPF-F020]\nstatus 1\n',
  );
});

test('disasm shows source lines between instructions', () => {
  const { status, stdout } = tool(['disasm', fixture('latency'), '--program', 'enter']);
  assert.is(status, 0);
  assert.match(stdout, /^enter:\n; \.\/bpf\/latency\.bpf\.c:\d+ .*\n +0: /m);
  assert.not.match(stdout, /^leave:/m);
  const document = JSON.parse(tool(['disasm', fixture('latency'), '--json']).stdout) as {
    functions: { name: string; text: string }[];
  };
  assert.ok(document.functions.length >= 2);
  assert.is(tool(['disasm', fixture('latency'), '--program', 'entre']).status, 2);
});

test('targets and doctor', () => {
  const { stdout } = tool(['targets']);
  assert.is(stdout.split('\n').filter((line) => /\bhere$/.test(line)).length, 1);
  const document = JSON.parse(tool(['targets', '--json']).stdout) as {
    targets: { name: string }[];
  };
  assert.equal(document.targets.map(({ name }) => name).sort(), [...TARGETS].sort());
  const doctor = tool(['doctor']);
  assert.is(doctor.status, 0);
  assert.match(doctor.stdout, /^ok +code generator/m);
});

test.run();
