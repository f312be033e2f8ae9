import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CollectingSink, Failure } from '../../src/diag/index.ts';
import { type BpfObject, objectFromBytecode } from '../../src/object/index.ts';
import { analyse, type VerifiedObject } from '../../src/verifier/index.ts';
import { conformanceCases } from '../support/conformance.ts';
import { generate } from '../support/generate.ts';
import { runAgainstFacts } from './holds.ts';
import { tangle } from './tangle.ts';

const PROGRAMS = Number(process.env.FACT_PROGRAMS ?? 800);
/** Where the random programs start; another number gives others. */
const SEED = Number(process.env.FACT_SEED ?? 1);

function analysed(object: BpfObject): VerifiedObject {
  return analyse(object, { skip: true }, new CollectingSink());
}

test('facts hold in every run of random programs', () => {
  let compared = 0;
  for (let seed = SEED; seed < SEED + PROGRAMS / 5; seed++) {
    const { code, memory } = generate(seed);
    const verified = analysed(objectFromBytecode(code, `seed-${seed}.bin`));
    const outcome = runAgainstFacts(verified, { memory, budget: 20_000 });
    assert.is(outcome.result.fault, undefined, `seed ${seed}`);
    compared += outcome.compared;
  }
  assert.ok(compared > 100 * (PROGRAMS / 5), `only ${compared} values compared`);
});

test('facts hold in programs that play with addresses', () => {
  let compared = 0;
  let ended = 0;
  for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
    const verified = analysed(tangle(seed));
    try {
      const memory = Uint8Array.from({ length: 128 }, (_, index) => (index * seed) & 0xff);
      const { result, compared: values } = runAgainstFacts(verified, { memory, budget: 2000 });
      compared += values;
      if (result.fault === undefined) ended++;
    } catch (error) {
      if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
  assert.ok(compared > 50 * PROGRAMS, `only ${compared} values compared`);
  assert.ok(ended > PROGRAMS / 20, `only ${ended} of ${PROGRAMS} ran to their end`);
});

for (const { name, code, memory, error } of conformanceCases() ?? []) {
  test(`facts hold: ${name}`, () => {
    try {
      const object = objectFromBytecode(code, `${name}.bin`);
      runAgainstFacts(analysed(object), { memory });
    } catch (refusal) {
      if (!(refusal instanceof Failure) || error === null) throw refusal;
    }
  });
}

test.run();
