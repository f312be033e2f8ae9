import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stringTable, symbolTable, writeElf as writeManySections } from '../elf/writer.ts';
import { writeElf } from '../object/write-elf.ts';
import { complaints, fixture, inDirectory, root, start, tool } from './tool.ts';

const packet = readFileSync(fixture('packet'));
const CODE = {
  type: 1,
  flags: 6,
  data: Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
};

/** What a build of these bytes as `bad.o` ends with; nothing may be left beside the input. */
function firstLine(bytes: Uint8Array, status = 1): string {
  return inDirectory((directory) => {
    writeFileSync(join(directory, 'bad.o'), bytes);
    const ended = tool(['build', 'bad.o', '-o', 'out.o'], { cwd: directory });
    assert.is(ended.status, status, ended.stderr);
    assert.is(ended.stdout, '');
    assert.not.match(ended.stderr, /\n\s+at /);
    if (status !== 0) assert.equal(readdirSync(directory), ['bad.o']);
    return complaints(ended).split('\n')[0]!;
  });
}

function changed(at: number, value: number): Uint8Array {
  const bytes = new Uint8Array(packet);
  bytes[at] = value;
  return bytes;
}

test('files that are no BPF objects are told apart', () => {
  assert.is(firstLine(new Uint8Array()), 'bad.o: error: the file is empty [BPF-E001]');
  assert.is(
    firstLine(Buffer.from('int main(void) { return 0; }\n')),
    'bad.o: error: not an ELF object [BPF-E001]',
  );
  assert.match(
    firstLine(packet.subarray(0, 1000)),
    /^bad\.o: error: the file is truncated: .* \[BPF-E\d+\]$/,
  );
  assert.match(
    firstLine(packet.subarray(0, 40)),
    /^bad\.o: error: the file is truncated: .* \[BPF-E\d+\]$/,
  );
  assert.match(firstLine(changed(5, 2)), /^bad\.o: error: a big-endian ELF file.* \[BPF-E004\]$/);
  assert.match(firstLine(changed(4, 1)), /^bad\.o: error: a 32-bit ELF file.* \[BPF-E003\]$/);
  assert.match(
    firstLine(changed(18, 62)),
    /^bad\.o: error: an ELF file for .*(x86-64|AMD).*, not for BPF.* \[BPF-E005\]$/i,
  );
  assert.match(
    firstLine(changed(16, 2)),
    /^bad\.o: error: an ELF file of kind .*, not a relocatable object.* \[BPF-E006\]$/,
  );
});

test('absurd counts and offsets', () => {
  for (const [at, value] of [
    [40, 0xff],
    [47, 0xff],
    [58, 0],
    [60, 0xff],
    [62, 0xff],
  ] as const) {
    assert.match(firstLine(changed(at, value)), /^bad\.o: error: .* \[BPF-E\d+\]$/);
  }
});

test('a name of a megabyte is shortened', () => {
  const name = `f${'x'.repeat(1 << 20)}`;
  const symbol = { name, section: 0, value: 0, size: 16, type: 2, binding: 1 };
  const line = firstLine(writeElf([{ name, ...CODE }], [symbol]));
  assert.match(line, /^bad\.o: section fx+.*error: the program 'fxx.*xx' is in section/);
  assert.ok(line.length < 3000, `${line.length} characters`);
  const program = firstLine(writeElf([{ name: 'raw', ...CODE }], [symbol]));
  assert.match(
    program,
    /^bad\.o: section raw\+0x0: error: the program name 'fxx.*xx' is no C identifier/,
  );
  assert.ok(program.length < 300);
});

test('60,000 sections take a moment; 100,000 are too many, which is said', () => {
  const { data, at } = stringTable(['raw', 'entry', 'other']);
  const symbols = symbolTable([{ name: at[1]!, section: 2, size: 16n }]);
  const withSections = (length: number) =>
    writeManySections([
      { type: 3, data },
      { ...CODE, name: at[0]!, flags: 6n, alignment: 8n },
      { type: 2, data: symbols, link: 1, info: 1, entrySize: 24n, alignment: 8n },
      ...Array.from({ length }, () => ({ name: at[2]!, type: 1, data: new Uint8Array(1) })),
    ]);
  const started = performance.now();
  assert.is(firstLine(withSections(60_000), 0), '');
  assert.match(
    firstLine(withSections(100_000)),
    /^bad\.o: error: too many sections: 100004, at most 65279 are supported \[BPF-E008\]$/,
  );
  const elapsed = performance.now() - started;
  assert.ok(elapsed < 20_000, `${elapsed.toFixed(0)} ms`);
});

test('inputs that cannot be read', () => {
  inDirectory((directory) => {
    const reason = (name: string) => {
      const ended = tool(['build', name], { cwd: directory });
      assert.is(ended.status, 1);
      return ended.stderr.trimEnd();
    };
    const because = (name: string, why: string) =>
      `${name}: error: cannot read the file: ${why} [BPF-F001]`;
    mkdirSync(join(directory, 'folder.o'));
    writeFileSync(join(directory, 'plain.o'), packet);
    symlinkSync('loop.o', join(directory, 'loop.o'));
    assert.is(reason('missing.o'), because('missing.o', 'no such file'));
    assert.is(reason('folder.o'), because('folder.o', 'it is a directory'));
    assert.is(
      reason('plain.o/deeper.o'),
      because('plain.o/deeper.o', 'a part of the path is not a directory'),
    );
    assert.is(reason('loop.o'), because('loop.o', 'too many symbolic links'));
    const long = `${'n'.repeat(300)}.o`;
    assert.is(reason(long), because(long, 'the name is too long'));
    assert.match(reason('/dev/null'), /^\/dev\/null: error: the file is empty/);
    assert.equal(readdirSync(directory).sort(), ['folder.o', 'loop.o', 'plain.o']);
  });
});

/** Runs the compiler as somebody who owns nothing; undefined where that cannot be done. */
function asNobody(
  args: readonly string[],
  cwd: string,
): { status: number | null; stderr: string } | undefined {
  if (process.getuid?.() !== 0) {
    return spawnSync(process.execPath, [start, ...args], { cwd, encoding: 'utf8' });
  }
  const drop = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const able = spawnSync('setpriv', [...drop, process.execPath, start, '--version'], { cwd });
  if (able.status !== 0) return undefined;
  return spawnSync('setpriv', [...drop, process.execPath, start, ...args], {
    cwd,
    encoding: 'utf8',
  });
}

test('no permission to read, or to write', () => {
  inDirectory((directory) => {
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'secret.o'), packet, { mode: 0 });
    writeFileSync(join(directory, 'open.o'), packet, { mode: 0o644 });
    mkdirSync(join(directory, 'closed'));
    chmodSync(join(directory, 'closed'), 0o555);
    const secret = asNobody(['build', 'secret.o'], directory);
    if (secret === undefined) {
      console.log('skip: setpriv is missing, or the checkout is not readable by others');
      return;
    }
    assert.is(secret.status, 1);
    assert.match(
      secret.stderr,
      /^secret\.o: error: cannot read the file: no permission to read it/,
    );
    const closed = asNobody(['build', 'open.o', '-o', 'closed/out.o'], directory);
    assert.is(closed?.status, 1);
    assert.match(closed?.stderr ?? '', /error: cannot write closed\/out\.o: permission denied/);
    assert.equal(readdirSync(join(directory, 'closed')), []);
  });
});

test('outputs that cannot be written', () => {
  inDirectory((directory) => {
    const input = fixture('packet');
    const reason = (output: string, ...more: string[]) => {
      const ended = tool(['build', input, '-o', output, ...more], { cwd: directory });
      assert.is(ended.status, 1, ended.stderr);
      return complaints(ended).trimEnd();
    };
    mkdirSync(join(directory, 'folder.o'));
    writeFileSync(join(directory, 'file'), '');
    const because = (name: string, why: string) =>
      `${name}: error: cannot write ${name}: ${why} [BPF-K001]`;
    assert.is(reason('missing/out.o'), because('missing/out.o', 'the directory does not exist'));
    assert.is(reason('folder.o'), because('folder.o', 'it is a directory'));
    assert.is(reason('file/out.o'), because('file/out.o', 'a part of the path is not a directory'));
    assert.is(reason('/dev/full'), because('/dev/full', 'no space left on the device'));
    // The rule comes before what it is of, so that neither is there without the other.
    assert.is(
      reason('out.o', '-MF', 'missing/out.d'),
      because('missing/out.d', 'the directory does not exist'),
    );
    assert.equal(readdirSync(directory).sort(), ['file', 'folder.o']);
  });
});

test('a full disk keeps what was there', () => {
  inDirectory((directory) => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', directory]);
    if (mounted.status !== 0) {
      console.log('skip: no right to mount a small file system');
      return;
    }
    try {
      const output = join(directory, 'out.o');
      writeFileSync(output, 'what was there');
      writeFileSync(join(directory, 'filler'), Buffer.alloc(48 << 10));
      const ended = tool(['build', fixture('latency'), '-o', output, '-O3', '--save-temps']);
      assert.is(ended.status, 1);
      assert.match(ended.stderr, /error: cannot write .*: no space left on the device/);
      assert.is(readFileSync(output, 'utf8'), 'what was there');
      assert.not.match(readdirSync(directory).join(), /tmp/);
    } finally {
      spawnSync('umount', [directory]);
    }
  });
});

// Every source in fixtures/bad holds one mistake; its last line is what the compiler says first.
const bad = join(root, 'fixtures', 'bad');
for (const source of readdirSync(bad).filter((name) => name.endsWith('.bpf.c'))) {
  test(source, () => {
    const text = readFileSync(join(bad, source), 'utf8');
    const expected = /^\/\/ expect: (.*)$/m.exec(text)![1]!;
    inDirectory((directory) => {
      const output = join(directory, 'out.o');
      const object = join('bad', source.replace(/c$/, 'o'));
      const ended = tool(['build', object, '--target', 'arm64', '-o', output], {
        cwd: join(root, 'fixtures'),
      });
      assert.is(ended.status, 1);
      const lines = complaints(ended).split('\n');
      assert.is(lines[0], expected);
      // Where there is a source line it is shown, with a caret below the column.
      const place = /^\.\/(\S+):(\d+):(\d+): error/.exec(expected);
      if (place !== null) {
        const line = text.split('\n')[Number(place[2]) - 1]!.trim();
        assert.is(lines[1]!.split(' | ')[1]!.trim(), line);
        assert.match(lines[2]!, /^ +\| +\^$/);
      }
      assert.is(ended.stdout, '');
      assert.equal(readdirSync(directory), []);
    });
  });
}

test.run();
