import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { writeOutput } from '../../src/link/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'bpftime-test-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));

const bytes = new TextEncoder().encode('new contents\n');

function place(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  return path;
}

function refused(path: string, message: RegExp): void {
  assert.throws(
    () => writeOutput(path, bytes),
    (error: unknown) =>
      error instanceof Failure && error.kind === 'input' && message.test(error.message),
  );
}

test('a new file, and one that replaces another with its mode', () => {
  const path = join(place('plain'), 'out.o');
  writeOutput(path, bytes);
  assert.equal(new Uint8Array(readFileSync(path)), bytes);
  assert.is(statSync(path).mode & 0o111, 0);
  chmodSync(path, 0o640);
  writeOutput(path, new Uint8Array(0));
  assert.is(statSync(path).size, 0);
  assert.is(statSync(path).mode & 0o777, 0o640);
  writeOutput(path, bytes, 0o777);
  assert.is(statSync(path).mode & 0o777, 0o750);
  assert.equal(readdirSync(join(directory, 'plain')), ['out.o']);
});

test('a symbolic link stays one', () => {
  const inside = place('links');
  writeFileSync(join(inside, 'file'), 'old');
  symlinkSync('file', join(inside, 'link'));
  writeOutput(join(inside, 'link'), bytes);
  assert.equal(new Uint8Array(readFileSync(join(inside, 'file'))), bytes);
  assert.equal(readdirSync(inside).sort(), ['file', 'link']);
});

test('the longest name a file can have', () => {
  const path = join(place('long'), 'x'.repeat(255));
  writeOutput(path, bytes);
  assert.ok(existsSync(path));
  refused(join(directory, 'x'.repeat(256)), /name is too long/);
});

test('a directory, a missing one, and a file in the place of one', () => {
  const inside = place('wrong');
  refused(inside, /cannot write .*wrong: it is a directory/);
  refused(join(inside, 'missing', 'out.o'), /the directory does not exist/);
  writeFileSync(join(inside, 'file'), '');
  refused(join(inside, 'file', 'out.o'), /not a directory/);
  assert.equal(readdirSync(inside), ['file']);
});

test('devices are written to, not replaced', () => {
  writeOutput('/dev/null', bytes);
  assert.ok(statSync('/dev/null').isCharacterDevice());
  refused('/dev/full', /no space left on the device/);
});

test('files and directories that must not be written', () => {
  if (process.getuid?.() === 0) {
    console.log('skip: root may write everywhere');
    return;
  }
  const inside = place('locked');
  writeFileSync(join(inside, 'out.o'), 'old');
  chmodSync(join(inside, 'out.o'), 0o444);
  refused(join(inside, 'out.o'), /permission denied/);
  chmodSync(inside, 0o555);
  refused(join(inside, 'other.o'), /permission denied/);
  assert.equal(readdirSync(inside), ['out.o']);
  chmodSync(inside, 0o755);
});

test('a full disk leaves the old file and nothing else', () => {
  const inside = place('full');
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', inside]);
  if (mount.status !== 0) {
    console.log('skip: this user cannot mount a small disk to fill');
    return;
  }
  try {
    const path = join(inside, 'out.o');
    writeOutput(path, bytes);
    assert.throws(() => writeOutput(path, new Uint8Array(1 << 20).fill(1)), /no space left/);
    assert.equal(new Uint8Array(readFileSync(path)), bytes);
    assert.equal(readdirSync(inside), ['out.o']);
  } finally {
    spawnSync('umount', [inside]);
  }
});

test.run();
