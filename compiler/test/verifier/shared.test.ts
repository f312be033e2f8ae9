/** What a function finds in the frame of the one that waits for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CollectingSink, Failure } from '../../src/diag/index.ts';
import { analyse, type ValueType } from '../../src/verifier/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';

const LOOP = 181;

/** A packet program that keeps its context in its frame at -16 and runs `callback` with the frame's -16. */
function loopWith(callback: readonly Draft[], before: readonly Draft[] = []) {
  return makeObject({
    kind: 'xdp',
    functions: [
      [
        asm.storeR(8, 10, -16, 1),
        asm.storeI(8, 10, -8, 0),
        ...before,
        asm.movI(1, 5),
        asm.refer(2, { kind: 'function', function: 1 }),
        asm.movR(3, 10),
        asm.aluI('add', 3, -16),
        asm.movI(4, 0),
        asm.helper(LOOP),
        asm.load(6, 8, 10, -16),
        asm.load(0, 4, 6, 12),
        asm.exit,
      ],
      callback,
    ],
  });
}

const reading: readonly Draft[] = [
  asm.load(6, 8, 2, 0),
  asm.load(1, 4, 6, 12),
  asm.load(3, 8, 2, 8),
  asm.aluR('add', 3, 1),
  asm.storeR(8, 2, 8, 3),
  asm.movI(0, 0),
  asm.exit,
];

function typeOf(object: ReturnType<typeof loopWith>, at: number, register: number): ValueType {
  const verified = analyse(object, { skip: true }, new CollectingSink());
  return verified.functions[1]!.before(at)![register]!;
}

function refusal(object: ReturnType<typeof loopWith>): string | undefined {
  try {
    analyse(object, { skip: true }, new CollectingSink());
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.diagnostic.code;
    throw error;
  }
}

test('a callback finds the context in the frame of its caller', () => {
  const type = typeOf(loopWith(reading), 1, 6);
  assert.ok(type.kind === 'pointer' && type.region.kind === 'context');
});

test('what the callback itself writes there is not taken for what was there', () => {
  assert.is(typeOf(loopWith(reading), 3, 3).kind, 'unknown');
});

test('a function that is called finds it too, through one more pointer', () => {
  const object = makeObject({
    kind: 'xdp',
    functions: [
      [
        asm.storeR(8, 10, -8, 1),
        asm.movR(1, 10),
        asm.aluI('add', 1, -8),
        asm.storeR(8, 10, -16, 1),
        asm.movR(1, 10),
        asm.aluI('add', 1, -16),
        asm.call(1),
        asm.exit,
      ],
      [asm.load(1, 8, 1, 0), asm.load(1, 8, 1, 0), asm.load(0, 4, 1, 12), asm.exit],
    ],
  });
  const type = typeOf(object, 2, 1);
  assert.ok(type.kind === 'pointer' && type.region.kind === 'context');
});

test('a context that another function may have replaced, whole or in part, is refused', () => {
  assert.is(refusal(loopWith(reading)), undefined);
  for (const spoil of [
    asm.storeI(8, 2, 0, 0),
    asm.storeI(1, 2, 3, 0),
    asm.storeR(8, 2, 0, 1),
    asm.storeI(4, 2, -2, 0),
  ]) {
    assert.is(
      refusal(loopWith([...reading.slice(0, -2), spoil, ...reading.slice(-2)])),
      'BPF-V015',
    );
  }
  // Read in pieces, it is out of sight.
  assert.is(refusal(loopWith([asm.load(5, 4, 2, 4), ...reading])), undefined);
  assert.is(
    refusal(
      loopWith([
        asm.load(5, 4, 2, 4),
        ...reading.slice(0, 2),
        asm.load(5, 8, 5, 0),
        ...reading.slice(2),
      ]),
    ),
    'BPF-V015',
  );
});

test('paths that put different things there are joined', () => {
  const sometimes = [asm.load(5, 4, 1, 12), asm.branchI('eq', 5, 0, 5), asm.storeI(8, 10, -16, 7)];
  assert.is(refusal(loopWith(reading, sometimes)), 'BPF-V015');
});

test.run();
