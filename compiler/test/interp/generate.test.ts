import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../src/interp/index.ts';
import { decode } from '../../src/isa/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { formOf, generatedForms } from '../support/forms.ts';
import { generate } from '../support/generate.ts';

const where = { file: 'generated', section: 'bytecode' };

for (const kernel of [false, true]) {
  test(`generated programs run to their end (kernel: ${kernel})`, () => {
    const results = new Set<bigint>();
    let executed = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const program = generate(seed, { kernel });
      const object = objectFromBytecode(program.code, `seed ${seed}`);
      const result = run(object, { memory: program.memory, strictStack: true });
      assert.is(result.fault?.message, undefined, `seed ${seed}: ${JSON.stringify(result.fault)}`);
      if (kernel) assert.ok(result.r0! < 1n << 32n, `seed ${seed}`);
      results.add(result.r0!);
      executed += result.executed;
    }
    // Programs whose results were all alike would compare nothing.
    assert.ok(results.size > 290, `${results.size} different results`);
    assert.ok(executed > 300 * 50, `${executed} instructions`);
  });

  test(`every instruction form appears in 150 programs (kernel: ${kernel})`, () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 150; seed++) {
      const { code, instructions } = generate(seed, { kernel });
      assert.equal(decode(code, where).instructions, instructions);
      for (const instruction of instructions) seen.add(formOf(instruction));
    }
    const missing = generatedForms().filter((form) => !seen.has(form));
    assert.equal(missing, []);
    assert.equal([...seen].sort(), [...generatedForms()].sort());
  });
}

test('a seed always gives the same program', () => {
  assert.equal(generate(7), generate(7));
  assert.not.equal(generate(7).code, generate(8).code);
});

test('programs change memory', () => {
  let changed = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const { code, memory } = generate(seed);
    const after = run(objectFromBytecode(code, 'generated'), { memory }).memory;
    if (Buffer.compare(after, memory) !== 0) changed++;
  }
  assert.ok(changed > 40, `${changed} of 50`);
});

test.run();
