import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mutated, samples, tryObject } from '../../fuzz/case.ts';

const COUNT = 3000;
/** Other cases than those that `make fuzz` begins with. */
const FIRST = 10_000_000;

const corpus = samples();

test(`${COUNT} mutated objects: nothing but a Failure, within a second each`, () => {
  let accepted = 0;
  let compiled = 0;
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const { sample, bytes } = mutated(seed, corpus);
    const native = accepted % 40 === 39;
    const outcome = tryObject(bytes, sample.name, { native, seed });
    assert.is(outcome.problem, undefined, `case ${seed} of ${sample.name}: ${outcome.problem}`);
    assert.ok(outcome.milliseconds < 1000, `case ${seed} took ${outcome.milliseconds} ms`);
    accepted += outcome.accepted ? 1 : 0;
    compiled += outcome.compiled ? 1 : 0;
  }
  // Neither all refused at the door nor all harmless.
  assert.ok(accepted > COUNT / 10 && accepted < (COUNT * 9) / 10, `${accepted} accepted`);
  assert.ok(compiled > 5, `${compiled} compiled`);
});

test('a case is all in its seed', () => {
  const one = mutated(FIRST + 7, samples());
  const other = mutated(FIRST + 7, corpus);
  assert.is(one.sample.name, other.sample.name);
  assert.ok(Buffer.from(one.bytes).equals(other.bytes));
  // Mutation leaves the original alone.
  samples().forEach((sample, index) => {
    assert.ok(Buffer.from(sample.bytes).equals(corpus[index]!.bytes), sample.name);
  });
});

test('an object cut off at every byte, or with bits of it flipped, is refused or compiled', () => {
  const { bytes, name } = corpus.find((sample) => sample.name === 'clang19-v3/globals.bpf.o')!;
  for (let length = 0; length < bytes.length; length++) {
    const outcome = tryObject(bytes.subarray(0, length), name, { native: false, seed: length });
    assert.is(outcome.problem, undefined);
    assert.is(outcome.accepted, false, `accepted at ${length} bytes`);
  }
  const copy = new Uint8Array(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit += 31) {
    copy[bit >> 3]! ^= 1 << (bit & 7);
    const { problem } = tryObject(copy, name, { native: false, seed: bit });
    assert.is(problem, undefined, `bit ${bit}: ${problem}`);
    copy[bit >> 3] = bytes[bit >> 3]!;
  }
});

test.run();
