import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { HELPER } from '../../src/verifier/helper-numbers.ts';
import { findHelper, helpers } from '../../src/verifier/index.ts';

test('the list has every helper of the UAPI from 1 to 211, in order, once', () => {
  assert.equal(
    [...helpers().keys()],
    Array.from({ length: 211 }, (_, index) => index + 1),
  );
  assert.is(new Set([...helpers().values()].map(({ name }) => name)).size, 211);
});

test('every entry of the list is read', () => {
  const path = join(packageRoot(), 'runtime-native', 'helpers', 'helpers.def');
  const lines = readFileSync(path, 'utf8').match(/^HELPER\(/gm);
  assert.is(lines?.length, helpers().size);
});

test('a signature has as many arguments as the helper takes', () => {
  assert.equal(findHelper(2), {
    number: 2,
    name: 'map_update_elem',
    result: 'INTEGER',
    arguments: ['CONST_MAP_PTR', 'MAP_KEY', 'MAP_VALUE', 'ANYTHING'],
    support: 'runtime',
  });
  assert.equal(findHelper(5)?.arguments, []);
  assert.is(findHelper(0), undefined);
  assert.is(findHelper(212), undefined);
});

test('the numbers that have names in the source are those of the list', () => {
  for (const [name, number] of Object.entries(HELPER)) assert.is(findHelper(number)?.name, name);
});

test('what is refused says why', () => {
  assert.is(findHelper(86)?.support, 'refused');
  assert.is(findHelper(86)?.reason, 'it works on a socket inside the kernel');
});

test('sizes follow the memory that they are of', () => {
  for (const helper of helpers().values()) {
    helper.arguments.forEach((kind, index) => {
      if (/^MEM(_RDONLY|_UNINIT)?(_OR_NULL)?$/.test(kind)) {
        assert.match(helper.arguments[index + 1] ?? '', /^SIZE/, helper.name);
      }
    });
  }
});

test.run();
