import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryObject } from '../../fuzz/case.ts';
import { packageRoot } from '../../src/base/index.ts';

// What once broke the compiler, and programs with one mistake each: nothing but a Failure may come out.
const directory = join(packageRoot(), 'fixtures', 'bad');
const names = readdirSync(directory).filter((name) => name.endsWith('.o'));

for (const name of names) {
  test(name, () => {
    const bytes = new Uint8Array(readFileSync(join(directory, name)));
    for (const seed of [1, 2, 3]) {
      const { problem, milliseconds } = tryObject(bytes, name, { native: true, seed });
      assert.is(problem, undefined);
      assert.ok(milliseconds < 1000, `${milliseconds} ms`);
    }
  });
}

test('there are such fixtures', () => assert.ok(names.length >= 25));

test.run();
