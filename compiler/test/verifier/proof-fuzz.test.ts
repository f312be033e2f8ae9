import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../fuzz/mutate.ts';
import { proofCorpus, tryProof } from '../../fuzz/proof/case.ts';
import { randomCode } from '../../fuzz/proof/code.ts';
import { SHAPE_NAMES, shapeObject } from '../../fuzz/proof/shapes.ts';
import { Failure, renderText } from '../../src/diag/index.ts';
import { run } from '../../src/interp/index.ts';
import { encode } from '../../src/isa/index.ts';
import { type BpfObject, objectFromBytecode } from '../../src/object/index.ts';
import { prove } from '../../src/verifier/index.ts';
import { instructions } from '../support/arbitrary.ts';

const COUNT = Number(process.env.PROOF_FUZZ_COUNT ?? 300);
/** Other cases than those that the fuzzer begins with. */
const FIRST = 20_000_000;
/** Instructions, functions or programs of a shape. */
const SIZE = 4000;
/** What a shape may take that is not near-linear: that of a whole million of instructions, a part of it here. */
const WALK_LIMIT = 50_000;

test(`${COUNT} hostile objects: a verdict on each program, within a second`, () => {
  const corpus = proofCorpus();
  let programs = 0;
  let proved = 0;
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const outcome = tryProof(seed, corpus);
    assert.is(outcome.problem, undefined, `case ${seed}: ${outcome.problem}`);
    assert.ok(outcome.milliseconds < 2000, `case ${seed} took ${outcome.milliseconds} ms`);
    programs += outcome.programs;
    proved += outcome.proved;
  }
  // Neither all refused at the door nor all harmless.
  assert.ok(proved > programs / 10 && proved < (programs * 9) / 10, `${proved} of ${programs}`);
});

/** The object that bytecode makes; undefined when it does not decode. */
function decoded(code: Uint8Array): BpfObject | undefined {
  try {
    return objectFromBytecode(code, 'random.bin');
  } catch (error) {
    if (error instanceof Failure && error.kind === 'input') return undefined;
    throw error;
  }
}

/** The verdict on bytecode; undefined when it does not decode. Runs what is proved. */
function verdictOn(code: Uint8Array): 'proved' | 'rejected' | undefined {
  const object = decoded(code);
  if (object === undefined) return undefined;
  const [proof] = prove(object, { walkLimit: 2000 });
  if (proof!.rejection !== undefined) {
    assert.ok(renderText([proof!.rejection], { color: false }).length > 0);
    return 'rejected';
  }
  for (const length of [0, 8, 64]) {
    const memory = new Uint8Array(length).fill(length);
    const { fault } = run(object, { memory, strict: true, budget: 100_000 });
    const allowed = fault === undefined || ['budget', 'not_interpreted'].includes(fault.code);
    assert.ok(allowed, `proved, but: ${fault?.message}`);
  }
  return 'proved';
}

test('any bytes are refused, rejected, or run without a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 64 }), (bytes) => {
      verdictOn(bytes);
    }),
    { numRuns: COUNT },
  );
});

test('any sequence of instructions gets a verdict', () => {
  fc.assert(
    fc.property(instructions, (code) => {
      verdictOn(encode(code));
    }),
    { numRuns: COUNT },
  );
});

test('what has one instruction that does not decode gets no verdict', () => {
  const verdicts = new Map<string | undefined, number>();
  for (let seed = 0; seed < COUNT; seed++) {
    const code = randomCode(new Random(FIRST + seed));
    const verdict = verdictOn(code);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    // Register 11 in an instruction somewhere.
    const at = (seed % (code.length / 8)) * 8;
    code[at + 1] = 0xbb;
    assert.is(verdictOn(code), undefined, `seed ${seed}`);
  }
  for (const verdict of ['proved', 'rejected'] as const) {
    assert.ok((verdicts.get(verdict) ?? 0) > COUNT / 50, `${verdict}: ${verdicts.get(verdict)}`);
  }
});

for (const name of SHAPE_NAMES) {
  test(`${name}: a verdict, in time that is near-linear`, () => {
    const object = shapeObject(name, SIZE);
    const started = process.cpuUsage();
    const proofs = prove(object, { walkLimit: WALK_LIMIT });
    // Processor time: other work on the machine does not count.
    const seconds = process.cpuUsage(started).user / 1e6;
    assert.is(proofs.length, object.programs.length);
    for (const { rejection } of proofs.slice(0, 10)) {
      if (rejection !== undefined) renderText([rejection], { color: false });
    }
    assert.ok(seconds < 2, `${seconds.toFixed(1)} s`);
  });
}

test.run();
