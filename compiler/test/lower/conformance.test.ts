import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { objectFromBytecode } from '../../src/object/index.ts';
import { targets } from '../../src/target/index.ts';
import { conformanceCases } from '../support/conformance.ts';
import { missingTool, runNative } from './native.ts';

const cases = (conformanceCases() ?? []).filter(({ error }) => error === null);

for (const { name: target } of targets()) {
  const missing = missingTool(target);
  if (missing !== undefined) {
    console.log(`skip: conformance on ${target}: ${missing} is not installed`);
    continue;
  }
  if (cases.length === 0) continue;
  for (const level of ['-O0', '-O2']) {
    test(`conformance cases on ${target} at ${level}`, () => {
      const outcomes = runNative(
        cases.map(({ name, code, memory }, index) => ({
          object: objectFromBytecode(code, `case${index}_${name}.bin`),
          memory,
        })),
        target,
        level,
      );
      const wrong = cases
        .map(({ name, result }, index) => ({ name, result, r0: outcomes[index]?.r0 }))
        .filter(({ result, r0 }) => result !== r0);
      assert.equal(wrong, []);
    });
  }
}

test('the suite of targets is not empty', () => {
  assert.ok(targets().length > 0);
});

test.run();
