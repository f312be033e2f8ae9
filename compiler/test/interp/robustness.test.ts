import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { run } from '../../src/interp/index.ts';
import { encode } from '../../src/isa/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { instructions } from '../support/arbitrary.ts';
import { generate } from '../support/generate.ts';
import { Random } from '../support/random.ts';

/** Runs whatever it is; nothing but a diagnostic or a fault may stop it. */
function attempt(code: Uint8Array, memory: Uint8Array): 'refused' | 'fault' | 'result' {
  try {
    const { r0, fault } = run(objectFromBytecode(code, 'random'), { memory, budget: 2000 });
    assert.is(r0 === undefined, fault !== undefined);
    return fault === undefined ? 'result' : 'fault';
  } catch (error) {
    if (error instanceof Failure) return 'refused';
    throw error;
  }
}

test('random instructions end with a result or a fault, never with an exception', () => {
  fc.assert(
    fc.property(instructions, fc.uint8Array({ maxLength: 32 }), (drawn, memory) => {
      attempt(encode(drawn), memory);
    }),
    { numRuns: 3000 },
  );
});

test('programs with changed bytes end with a result, a fault or a refusal', () => {
  const outcomes = { refused: 0, fault: 0, result: 0 };
  const random = new Random(1);
  for (let seed = 1; seed <= 3000; seed++) {
    const { code, memory } = generate(1 + (seed % 200), { statements: 15 });
    for (let changes = 1 + random.below(4); changes > 0; changes--) {
      code[random.below(code.length)] = random.word();
    }
    outcomes[attempt(code, memory)]++;
  }
  for (const [outcome, count] of Object.entries(outcomes))
    assert.ok(count > 100, `${outcome}: ${count}`);
});

test.run();
