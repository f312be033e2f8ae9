import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { encode } from '../../src/isa/index.ts';
import { objectFromBytecode } from '../../src/object/index.ts';
import { instructions } from '../support/arbitrary.ts';
import { asm, makeObject } from '../support/object.ts';
import { lowerFor } from './native.ts';

test('any code is lowered or refused, and never breaks LLVM', () => {
  const outcomes = { lowered: 0, refused: 0 };
  fc.assert(
    fc.property(instructions, (list) => {
      try {
        const object = objectFromBytecode(encode(list), 'hostile.bin');
        lowerFor(object, 'x86-64');
        outcomes.lowered++;
      } catch (error) {
        if (!(error instanceof Failure) || error.kind === 'internal') throw error;
        outcomes.refused++;
      }
    }),
    { numRuns: 1500, seed: 20261122 },
  );
  assert.ok(outcomes.lowered > 50 && outcomes.refused > 50, JSON.stringify(outcomes));
});

test('names that are no C identifiers are spelled so that LLVM reads them', () => {
  const made = makeObject({
    kind: 'tracepoint',
    maps: [{ name: 'a "map"\\ with\nodd bytes é' }, { name: 'object' }],
    data: [{ name: '.data."x"', bytes: Uint8Array.of(0, 34, 92, 255), size: 4 }],
    functions: [[asm.map(1, 0), asm.movI(0, 0), { kind: 'exit' }]],
  });
  const { exports } = lowerFor({ ...made, license: 'a"\\\n' }, 'arm64');
  assert.is(new Set(exports).size, exports.length);
  assert.ok(exports.includes('made__object') && exports.includes('made__object_2'));
});

test('code after a call that never returns vanishes', () => {
  const { text } = lowerFor(
    makeObject({
      functions: [
        [{ kind: 'call_function', function: 1 }, asm.movI(0, 1), { kind: 'exit' }],
        [asm.jump(0)],
      ],
    }),
    'riscv64',
  );
  assert.match(text, /unreachable/);
});

test('a large function takes time in proportion to its size', () => {
  const lengthy = (count: number) => {
    const body = Array.from({ length: count }, (_, index) =>
      index % 4 === 3
        ? asm.branchI('eq', 0, index, index + 1)
        : asm.aluI(index % 2 === 0 ? 'add' : 'xor', 0, index),
    );
    return makeObject({ functions: [[asm.movI(0, 1), ...body, { kind: 'exit' }]] });
  };
  const time = (count: number): number => {
    const object = lengthy(count);
    const started = performance.now();
    lowerFor(object, 'x86-64');
    return performance.now() - started;
  };
  time(4_000);
  const small = time(10_000);
  const large = time(100_000);
  // Ten times the size; a quadratic pass would take a hundred times as long.
  assert.ok(large < 40 * small + 500, `${small.toFixed(0)} ms, then ${large.toFixed(0)} ms`);
});

test.run();
