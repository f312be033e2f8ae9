import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cIdentifier, closest, editDistance } from '../../src/base/index.ts';

test('any text becomes a C identifier, and an identifier stays', () => {
  assert.is(cIdentifier('my-prog.v2'), 'my_prog_v2');
  assert.is(cIdentifier('2fast'), '_2fast');
  assert.is(cIdentifier(''), '_');
  assert.is(cIdentifier('é😀x'), '__x');
  assert.is(cIdentifier('_ok9'), '_ok9');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.match(cIdentifier(text), /^[A-Za-z_][A-Za-z0-9_]*$/);
    }),
  );
});

test('edit distance counts slips', () => {
  assert.is(editDistance('', 'abc'), 3);
  assert.is(editDistance('riscv64', 'riscv64'), 0);
  assert.is(editDistance('riscv46', 'riscv64'), 1);
  assert.is(editDistance('kitten', 'sitting'), 3);
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (left, right) => {
      const distance = editDistance(left, right);
      assert.is(distance, editDistance(right, left));
      assert.is(distance === 0, left === right);
      assert.ok(distance <= Math.max(left.length, right.length));
    }),
  );
});

test('the closest word is found, and none when nothing is near', () => {
  const words = ['build', 'inspect', 'run', 'targets'];
  assert.is(closest('biuld', words), 'build');
  assert.is(closest('TARGET', words), 'targets');
  assert.is(closest('rn', words), 'run');
  assert.is(closest('frobnicate', words), undefined);
  assert.is(closest('', words), undefined);
  assert.is(closest('x'.repeat(1 << 20), words), undefined);
});

test.run();
