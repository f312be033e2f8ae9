import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isElf, readElfSection } from '../../src/elf/index.ts';
import { findTool, runTool } from '../../src/toolchain/index.ts';
import { complaints, fixture, inDirectory, root, tool } from './tool.ts';

const MACHINES = { 'x86-64': 62, arm64: 183, riscv64: 243 } as const;
const packet = fixture('packet');
const latency = fixture('latency');

const machine = (bytes: Uint8Array) => bytes[18]! | (bytes[19]! << 8);

/** A build that must succeed with nothing to say; gives standard output. */
function build(...args: string[]): string {
  const ended = tool(['build', ...args]);
  assert.is(complaints(ended), '');
  assert.is(ended.status, 0);
  return ended.stdout;
}

/** Names of symbols by llvm-nm's letter for each, such as `U bpf_ktime_get_ns`. */
async function symbols(file: string): Promise<string[]> {
  const objdump = await findTool('llvm-readelf');
  const { stdout } = await runTool(objdump, ['-sW', file]);
  return new TextDecoder()
    .decode(stdout)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => /^\d+:$/.test(words[0] ?? '') && words[7] !== undefined)
    .map((words) => `${words[6] === 'UND' ? 'U' : words[4]![0]} ${words[7]}`);
}

test('the suffix of the output chooses the form', () => {
  inDirectory((directory) => {
    const forms: Record<string, (bytes: Buffer) => boolean> = {
      'out.o': (bytes) => isElf(bytes) && machine(bytes) === MACHINES.riscv64,
      'out.s': (bytes) => /^\s+\.text$/m.test(bytes.toString()) && bytes.includes('riscv'),
      'out.ll': (bytes) => /^target triple = "riscv64/m.test(bytes.toString()),
      'out.bc': (bytes) => bytes.subarray(0, 4).equals(Buffer.from('BC\xc0\xde', 'latin1')),
      'out.h': (bytes) => /^#ifndef /m.test(bytes.toString()) || bytes.includes('#pragma once'),
      'out.disasm': (bytes) => /^ +0: /m.test(bytes.toString()),
      'out.other': (bytes) => isElf(bytes),
    };
    for (const [name, check] of Object.entries(forms)) {
      const output = join(directory, name);
      build(packet, '--target', 'riscv64', '-o', output);
      assert.ok(check(readFileSync(output)), name);
    }
    assert.equal(readdirSync(directory).sort(), Object.keys(forms).sort());
    for (const name of ['out.so', 'out.a']) {
      const ended = tool(['build', packet, '-o', join(directory, name)]);
      assert.is(ended.status, 2);
      assert.match(ended.stderr, /out\.(so|a): error: cannot write \.(so|a) files/);
    }
  });
});

test('-S, -c and --emit overrule the suffix; standard output', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    build(packet, '-S', '-o', output);
    assert.match(readFileSync(output, 'utf8'), /\.text/);
    build(packet, '-c', '-o', join(directory, 'out.s'));
    assert.ok(isElf(readFileSync(join(directory, 'out.s'))));
    build(packet, `-o${join(directory, 'glued.s')}`);
    assert.ok(existsSync(join(directory, 'glued.s')));
  });
  assert.match(build(packet, '-S', '-o', '-'), /\.text/);
  assert.match(build(packet, '-S', '-o-'), /\.text/);
  assert.match(build(packet, '--emit', 'llvm-ir', '-o', '-'), /^target triple/m);
  assert.match(build(packet, '--emit', 'disasm', '-o', '-'), /^ +0: /m);
  assert.match(build(packet, '--emit', 'header', '-o', '-'), /struct bpftime_object/);
});

test('without -o each input gets a name of its own in the working directory', () => {
  inDirectory((directory) => {
    const ended = tool(['build', packet, latency, '--target', 'arm64'], { cwd: directory });
    assert.is(ended.status, 0);
    assert.equal(readdirSync(directory).sort(), ['latency.arm64.o', 'packet.arm64.o']);
    assert.is(tool(['build', packet, '--emit', 'header'], { cwd: directory }).status, 0);
    assert.ok(existsSync(join(directory, 'packet.bpf.h')));
  });
});

test('every name of a target, and its triples', () => {
  const names: Record<string, keyof typeof MACHINES> = {
    'x86-64': 'x86-64',
    x86_64: 'x86-64',
    amd64: 'x86-64',
    'x86_64-linux-gnu': 'x86-64',
    arm64: 'arm64',
    aarch64: 'arm64',
    'aarch64-unknown-linux-gnu': 'arm64',
    riscv64: 'riscv64',
    'riscv64-linux-musl': 'riscv64',
  };
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    for (const [name, target] of Object.entries(names)) {
      build(packet, '--target', name, '-o', output);
      assert.is(machine(readFileSync(output)), MACHINES[target], name);
    }
  });
});

test('levels, debug information, CPU and features', () => {
  const sizes = ['-O0', '-O1', '-O2', '-O3'].map((level) => {
    const text = build(fixture('loops'), level, '-g0', '-S', '-o', '-');
    return text.split('\n').filter((line) => /^\t[a-z]/.test(line)).length;
  });
  assert.ok(sizes[0]! > sizes[2]!, `instructions by level: ${sizes}`);
  const normal = build(fixture('loops'), '-S', '-o', '-');
  assert.is(build(fixture('loops'), '-O', '-S', '-o', '-'), normal);
  assert.is(build(fixture('loops'), '--optimize', '2', '-S', '-o', '-'), normal);
  assert.is(build(fixture('loops'), '-g', '-S', '-o', '-'), normal);
  assert.match(normal, /\.loc\b/);
  assert.not.match(build(fixture('loops'), '-g0', '-S', '-o', '-'), /\.loc\b/);
  assert.not.match(build(fixture('loops'), '--no-debug', '-S', '-o', '-'), /\.loc\b/);
  const plain = build(packet, '--target', 'arm64', '-S', '-o', '-');
  assert.is.not(build(packet, '--target', 'arm64', '-mcpu=cortex-a76', '-S', '-o', '-'), plain);
  const wide = build(packet, '--target', 'riscv64', '-mattr=+zbb,+zba', '-S', '-o', '-');
  assert.match(wide, /zbb/);
  const cpu = tool(['build', packet, '--target', 'arm64', '-mcpu', 'cortex-a773', '-o', '-']);
  assert.is(cpu.status, 2);
  assert.match(cpu.stderr, /error: .*cortex-a773[\s\S]*did you mean/);
  const feature = tool(['build', packet, '--target', 'riscv64', '-mattr=+zbbb', '-o', '-']);
  assert.is(feature.status, 2);
  assert.match(feature.stderr, /error: .*zbbb/);
});

test('make rules', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    build(packet, '-MD', '-o', output);
    const rule = readFileSync(join(directory, 'out.d'), 'utf8');
    assert.ok(rule.startsWith(`${output}:`) && rule.includes(packet), rule);
    const config = join(directory, 'config');
    writeFileSync(config, 'CONFIG_HZ=250\n');
    build(packet, '--kernel-config', config, '-MF', join(directory, 'rule'), '-o', output);
    assert.ok(readFileSync(join(directory, 'rule'), 'utf8').includes(config));
    const nameless = tool(['build', packet, '-MD', '-S', '-o', '-']);
    assert.is(nameless.status, 2);
    assert.match(nameless.stderr, /standard output has no name that a make rule could have/);
    build(packet, '-S', '-MF', join(directory, 'other'), '-o', '-');
    assert.ok(existsSync(join(directory, 'other')));
  });
});

test('--save-temps keeps the other forms beside the output', () => {
  inDirectory((directory) => {
    build(packet, '--save-temps', '-o', join(directory, 'out.o'));
    assert.equal(readdirSync(directory).sort(), ['out.bc', 'out.ll', 'out.o', 'out.s']);
    assert.match(readFileSync(join(directory, 'out.ll'), 'utf8'), /^define /m);
  });
});

test('--dump-after shows what each stage made, and --time-stages how long it took', () => {
  const shown: Record<string, RegExp> = {
    elf: /^section 1 /m,
    object: /^ +0: /m,
    verifier: /^verdict: /m,
    lower: /^define .*@packet__/m,
    codegen: /^\t\.text$/m,
  };
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    for (const [stage, pattern] of Object.entries(shown)) {
      const text = build(packet, `--dump-after=${stage}`, '-o', output);
      assert.ok(text.startsWith(`; after ${stage}\n`), stage);
      assert.match(text, pattern);
    }
    const both = build(packet, '--dump-after', 'elf', '--dump-after', 'verifier', '-o', output);
    assert.match(both, /^; after elf\n[\s\S]*^; after verifier\n/m);
    const timed = tool(['build', packet, '--time-stages', '-o', output]);
    for (const stage of Object.keys(shown)) {
      assert.match(timed.stderr, new RegExp(`packet\\.bpf\\.o +${stage} +\\d+\\.\\d\\d ms`));
    }
    const verbose = tool(['build', packet, '-v', '-o', output]);
    assert.match(verbose.stderr, /^# nothing is run: LLVM \d+\.\d+/m);
    // A stage that fails does not take with it what was asked for of those before.
    const failed = tool(['build', fixture('core'), '--dump-after=object', '-o', output]);
    assert.is(failed.status, 1);
    assert.match(failed.stdout, /^; after object\n/);
  });
});

test('--json is one document', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    const flags = ['--json', '--time-stages', '--dump-after=elf'];
    const { status, stdout, stderr } = tool(['build', packet, ...flags, '-o', output]);
    assert.is(status, 0);
    assert.is(stderr, '');
    const document = JSON.parse(stdout) as Record<string, unknown> & {
      outputs: Record<string, unknown>[];
      stages: { stages: { stage: string }[] }[];
    };
    assert.is(document.ok, true);
    const bytes = readFileSync(output).length;
    assert.equal(document.outputs, [{ input: packet, output, emit: 'obj', bytes }]);
    assert.equal(
      document.stages[0]!.stages.map(({ stage }) => stage),
      ['elf', 'object', 'verifier', 'lower', 'codegen'],
    );
    assert.match(JSON.stringify(document.dumps), /section 1/);
    const both = tool(['build', packet, '--json', '-o', '-']);
    assert.is(both.status, 2);
    assert.match(both.stdout, /both write standard output/);
    const failed = tool(['build', '/nowhere.o', '--json']);
    assert.is(failed.status, 1);
    const refusal = JSON.parse(failed.stdout) as { ok: boolean; diagnostics: unknown[] };
    assert.is(refusal.ok, false);
    assert.equal(refusal.diagnostics, [
      {
        severity: 'error',
        code: 'BPF-F001',
        message: 'cannot read the file: no such file',
        place: { file: '/nowhere.o' },
      },
    ]);
  });
});

test('--program takes some of several', () => {
  const names = (...args: string[]) => {
    const text = build(latency, '-g0', '-S', '-o', '-', ...args);
    return [...text.matchAll(/^latency__(\w+):/gm)]
      .map((match) => match[1])
      .filter((name) => ['enter', 'leave', 'exit'].includes(name!));
  };
  const all = names();
  assert.is(all.length, 2);
  assert.equal(names('--program', all[0]!), [all[0]]);
  assert.equal(names('--program', all[1]!, '--program', all[0]!), all);
  const unknown = tool(['build', latency, '--program', 'entre', '-o', '-']);
  assert.is(unknown.status, 2);
  assert.match(
    unknown.stderr,
    /latency\.bpf\.o: error: the object has no program 'entre' .*\nhelp: did you mean 'enter'\?/,
  );
});

test('--helpers extern leaves helpers to whoever links', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-cli-'));
  try {
    for (const target of Object.keys(MACHINES)) {
      const output = join(directory, 'out.o');
      build(fixture('counter'), '--target', target, '--helpers', 'extern', '-o', output);
      const all = await symbols(output);
      const undefinedOnes = all.filter((name) => name.startsWith('U '));
      assert.ok(undefinedOnes.includes('U bpf_map_lookup_elem'), all.join('\n'));
      assert.ok(
        undefinedOnes.every((name) => /^U bpf_[a-z_0-9]+$/.test(name)),
        undefinedOnes.join(),
      );
      assert.not.match(all.join('\n'), /bpftime_inline|bpftime_map_/);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('--vector never keeps vector registers out of packet programs', () => {
  const vectors = /\b[xy]mm\d+\b/;
  const source = fixture('packet');
  const texts = ['strings', 'loops', 'packet'].map((name) => [
    build(fixture(name), '--target', 'x86-64', '-O3', '-S', '-o', '-'),
    build(fixture(name), '--target', 'x86-64', '-O3', '--vector', 'never', '-S', '-o', '-'),
  ]);
  assert.ok(
    texts.some(([auto]) => vectors.test(auto!)),
    `no vector code at all in ${source}`,
  );
  for (const [, never] of texts) assert.not.match(never!, vectors);
});

test('--pt-regs', () => {
  const registers = fixture('registers');
  const native = build(
    registers,
    '--target',
    'arm64',
    '--pt-regs',
    'native',
    '-g0',
    '-S',
    '-o',
    '-',
  );
  const mapped = build(registers, '--target', 'arm64', '-g0', '-S', '-o', '-');
  assert.is.not(native, mapped);
  assert.is(
    build(registers, '--target', 'arm64', '--pt-regs', 'x86-64', '-g0', '-S', '-o', '-'),
    mapped,
  );
  // On the CPU that it was written for there is nothing to map.
  const code = (text: string) =>
    text
      .split('\n')
      .filter((line) => !line.includes('.ascii'))
      .join('\n');
  const same = build(registers, '--target', 'x86-64', '-g0', '-S', '-o', '-');
  assert.is(
    code(build(registers, '--target', 'x86-64', '--pt-regs', 'native', '-g0', '-S', '-o', '-')),
    code(same),
  );
});

test('--btf takes a raw BTF and an ELF file with one', () => {
  inDirectory((directory) => {
    // A target whose types are those of the program itself: nothing moves.
    const core = fixture('core');
    const raw = join(directory, 'types.btf');
    writeFileSync(raw, readElfSection(readFileSync(core), core, '.BTF')!);
    const text = build(core, '--btf', raw, '-g0', '-S', '-o', '-');
    assert.is(build(core, '--btf', core, '-g0', '-S', '-o', '-'), text);
    for (const [file, pattern] of [
      ['/nowhere.btf', /^\/nowhere\.btf: error: cannot read the file: no such file/m],
      [packet.replace('packet.bpf.o', ''), /error: cannot read the file: it is a directory/],
      [join(root, 'package.json'), /error: .*(BTF|ELF)/],
    ] as const) {
      const ended = tool(['build', core, '--btf', file, '-o', '-']);
      assert.is(ended.status, 1);
      assert.match(complaints(ended), pattern);
    }
  });
});

test('--kernel-config and --kernel-version give kernel variables their values', () => {
  inDirectory((directory) => {
    const kconfig = fixture('kconfig');
    const without = tool(['build', kconfig, '-o', '-', '-S']);
    assert.is(without.status, 1);
    assert.match(without.stderr, /__kconfig extern '\w+' has no value/);
    const config = join(directory, 'config');
    writeFileSync(config, 'CONFIG_HZ=250\nCONFIG_SMP=y\nCONFIG_DEFAULT_HOSTNAME="(none)"\n');
    const one = build(
      kconfig,
      '--kernel-config',
      config,
      '--kernel-version',
      '6.1.0',
      '-S',
      '-o',
      '-',
    );
    writeFileSync(config, 'CONFIG_HZ=1000\nCONFIG_SMP=y\nCONFIG_DEFAULT_HOSTNAME="(none)"\n');
    assert.is.not(
      build(kconfig, '--kernel-config', config, '--kernel-version', '6.1.0', '-S', '-o', '-'),
      one,
    );
    const version = tool([
      'build',
      kconfig,
      '--kernel-config',
      config,
      '--kernel-version',
      'six',
      '-o',
      '-',
    ]);
    assert.ok(version.status === 1 || version.status === 2);
    assert.match(version.stderr, /error: .*six/);
    const missing = tool(['build', kconfig, '--kernel-config', '/nowhere', '-o', '-']);
    assert.is(missing.status, 1);
    assert.match(missing.stderr, /^\/nowhere: error: cannot read the file: no such file/);
  });
});

test('the verdict is told and recorded', () => {
  inDirectory((directory) => {
    const output = join(directory, 'out.o');
    const verdict = () =>
      (JSON.parse(tool(['inspect', output, '--json']).stdout) as { objects: { verdict: string }[] })
        .objects[0]!.verdict;
    tool(['build', packet, '-o', output]);
    const usual = verdict();
    assert.is(usual, 'proved');
    const skipped = tool(['build', packet, '--no-verify', '-o', output]);
    assert.is(skipped.status, 0);
    assert.match(skipped.stderr, /warning: memory safety is not checked/);
    assert.is(verdict(), 'skipped');
  });
});

test('the output never replaces the input, and several builds make the same bytes', () => {
  inDirectory((directory) => {
    const input = join(directory, 'prog.o');
    writeFileSync(input, readFileSync(packet));
    const ended = tool(['build', 'prog.o', '-o', input], { cwd: directory });
    assert.is(ended.status, 2);
    assert.match(ended.stderr, /prog\.o: error: the output would replace the input/);
    assert.ok(readFileSync(input).equals(readFileSync(packet)));
    assert.is(tool(['build', 'prog.o', '-o', 'one.o'], { cwd: directory }).status, 0);
    assert.is(tool(['build', input, '-o', join(directory, 'two.o')], { cwd: '/' }).status, 0);
    assert.ok(
      readFileSync(join(directory, 'one.o')).equals(readFileSync(join(directory, 'two.o'))),
    );
  });
});

test.run();
