import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { askKernel } from '../../src/kernel/index.ts';
import {
  attempt,
  compose,
  execute,
  generate,
  lengthOf,
  printProgram,
  readProgram,
  shrink,
  toObject,
} from '../support/attack/index.ts';

const OURS = { acceptor: 'ours', runs: 4, compare: false } as const;
const COUNT = 400;

test('what the verifier accepts does nothing that it must not', () => {
  let accepted = 0;
  let rejected = 0;
  let caught = 0;
  for (let seed = 1; seed <= COUNT; seed++) {
    const program = generate(seed);
    const found = attempt(program, seed, OURS);
    assert.is(found.thrown, undefined, `seed ${seed}: ${found.thrown}`);
    const why = `seed ${seed}: ${found.finding?.fault.code}: ${found.finding?.fault.message}`;
    assert.is(found.finding, undefined, `${why}\n${printProgram(program)}`);
    if (found.accepted) {
      accepted++;
      continue;
    }
    rejected++;
    if (execute(program, 4, seed) !== undefined) caught++;
  }
  assert.ok(accepted > COUNT * 0.4, `${accepted} of ${COUNT} accepted`);
  // Inputs that never found what is wrong with a program would prove nothing.
  assert.ok(caught > rejected * 0.4, `${caught} of ${rejected} rejected ones faulted`);
});

test('most programs are accepted before they are changed', () => {
  let accepted = 0;
  for (let seed = 1; seed <= 150; seed++) {
    if (attempt(compose(seed), seed, { ...OURS, runs: 0 }).accepted) accepted++;
  }
  assert.ok(accepted > 150 * 0.75, `${accepted} of 150`);
});

test('every program that was found before', () => {
  const directory = join(packageRoot(), 'fixtures', 'verify', 'found');
  for (const name of readdirSync(directory)) {
    const program = readProgram(readFileSync(join(directory, name), 'utf8'));
    const { thrown, finding } = attempt(program, 1, { ...OURS, runs: 64 });
    assert.is(thrown, undefined, `${name}: ${thrown}`);
    assert.is(finding, undefined, `${name}: ${finding?.fault.message}`);
  }
});

test('what the kernel accepts does not fault either, so that a fault is a bug of ours', () => {
  const asked = askKernel(toObject(compose(1)), { program: 0 });
  if (asked.verdict === 'unavailable') {
    console.log(`skip: the kernel cannot be asked: ${asked.reason}`);
    return;
  }
  let accepted = 0;
  for (let seed = 1; seed <= 100; seed++) {
    // As composed: what was changed may keep the kernel busy for a minute.
    const found = attempt(compose(seed), seed, { ...OURS, acceptor: 'kernel' });
    const why = `seed ${seed}: ${found.finding?.fault.code}: ${found.finding?.fault.message}`;
    assert.is(found.finding, undefined, why);
    if (found.accepted) accepted++;
  }
  assert.ok(accepted > 65, `${accepted} of 100`);
});

test('a seed always gives the same program, and its text the same again', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const text = printProgram(generate(seed));
    assert.is(printProgram(generate(seed)), text);
    assert.is(printProgram(readProgram(text)), text);
  }
});

test('shrinking keeps what matters', () => {
  const program = compose(7);
  const smaller = shrink(program, ({ functions }) =>
    functions[0]!.some((one) => one.kind === 'exit'),
  );
  assert.is(smaller.functions[0]!.length, 1);
  assert.ok(lengthOf(program) > 20);
});

test.run();
