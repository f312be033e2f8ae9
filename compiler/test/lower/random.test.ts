import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../src/interp/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { targets } from '../../src/target/index.ts';
import { generate } from '../support/generate.ts';
import { missingTool, runNative } from './native.ts';

const COUNT = Number(process.env.LOWER_RANDOM_COUNT ?? 150);
const FIRST = Number(process.env.LOWER_RANDOM_SEED ?? 1);

const programs = Array.from({ length: COUNT }, (_, index) => generate(FIRST + index));
const expected = programs.map(({ code, memory, seed }) =>
  run(objectFromBytecode(code, `seed${seed}.bin`), { memory }),
);

test('the interpreter runs every random program to its end', () => {
  for (const [index, { fault }] of expected.entries()) {
    assert.is(fault, undefined, `seed ${programs[index]!.seed}`);
  }
});

for (const { name: target } of targets()) {
  const missing = missingTool(target);
  if (missing !== undefined) {
    console.log(`skip: random programs on ${target}: ${missing} is not installed`);
    continue;
  }
  for (const level of ['-O0', '-O3']) {
    test(`random programs on ${target} at ${level} do what the interpreter does`, () => {
      const outcomes = runNative(
        programs.map(({ code, memory, seed }) => ({
          object: objectFromBytecode(code, `seed${seed}.bin`),
          memory,
        })),
        target,
        level,
      );
      for (const [index, { seed }] of programs.entries()) {
        assert.is(outcomes[index]!.r0, expected[index]!.r0, `r0, seed ${seed}`);
        assert.equal(
          Buffer.from(outcomes[index]!.memory).toString('hex'),
          Buffer.from(expected[index]!.memory).toString('hex'),
          `memory, seed ${seed}`,
        );
      }
    });
  }
}

test.run();
