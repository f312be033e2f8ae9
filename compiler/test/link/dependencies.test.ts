import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dependencyFile } from '../../src/link/index.ts';

test('one rule, each input once', () => {
  assert.is(dependencyFile('a.o', ['b.o', 'c', 'b.o']), 'a.o: \\\n  b.o \\\n  c\n');
  assert.is(dependencyFile('a.o', []), 'a.o:\n');
  assert.throws(() => dependencyFile('a\nb', []), /line break/);
});

test('make reads odd names back as they are', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-test-'));
  try {
    const inputs = ['a b.o', 'dollar$x.o', 'hash#1.o', 'back\\slash.o', 'umlaut-ü.o'];
    for (const name of inputs) writeFileSync(join(directory, name), '');
    writeFileSync(
      join(directory, 'Makefile'),
      `all: out\\ put.o\n-include rules.d\nout\\ put.o:\n\t@for f in $^ ; do :; done; printf made\n`,
    );
    writeFileSync(join(directory, 'rules.d'), dependencyFile('out put.o', inputs));
    const make = (...args: string[]) =>
      spawnSync('make', ['-s', '-C', directory, ...args], { encoding: 'utf8' });
    assert.is(make('-n').status, 0, make('-n').stderr);
    // An input that is not there is what make asks for, by its name.
    for (const name of inputs) {
      rmSync(join(directory, name));
      const missing = make('-n');
      assert.is(missing.status, 2, name);
      assert.ok(missing.stderr.includes(`'${name}'`), missing.stderr);
      writeFileSync(join(directory, name), '');
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test.run();
