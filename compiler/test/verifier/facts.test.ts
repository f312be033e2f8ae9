import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CollectingSink } from '../../src/diag/index.ts';
import { bounds } from '../../src/verifier/domain/index.ts';
import { analyse, type FunctionFacts, type ValueType } from '../../src/verifier/index.ts';
import { asm, type Draft, makeObject, type ObjectParts } from '../support/object.ts';

const EXIT = [asm.movI(0, 0), asm.exit];

function factsOf(parts: ObjectParts): readonly FunctionFacts[] {
  return analyse(makeObject(parts), { skip: true }, new CollectingSink()).functions;
}

function facts(...code: Draft[]): FunctionFacts {
  return factsOf({ functions: [code], maps: [{}] })[0]!;
}

/** A short text of a value. */
function show(value: ValueType | undefined): string {
  if (value?.kind === 'scalar') {
    const { umin, umax } = bounds(value.range);
    return umin === umax ? `${umin}` : `${umin}..${umax}`;
  }
  if (value?.kind !== 'pointer') return value?.kind ?? 'unreachable';
  const { region, minimum = '?', maximum = '?', nullable, alignment } = value;
  return `${region.kind}${nullable ? '?' : ''}+${minimum}..${maximum}/${alignment}`;
}

const at = (of: FunctionFacts, instruction: number, register: number) =>
  show(of.before(instruction)?.[register]);

test('programs start with their context, raw ones with memory and its length', () => {
  const raw = facts(...EXIT);
  // Neither is read, so neither is kept.
  assert.is(at(raw, 0, 1), 'none');
  const used = facts(asm.movR(0, 1), asm.aluR('add', 0, 2), asm.exit);
  assert.is(at(used, 0, 1), 'memory?+0..0/1');
  assert.is(at(used, 0, 2), '0..18446744073709551615');
  const [probe] = factsOf({ functions: [[asm.load(0, 8, 1, 8), asm.exit]], kind: 'kprobe' });
  assert.is(at(probe!, 0, 1), 'context+0..0/8');
  assert.is(probe!.access(0)?.alignment, 8);
});

test('packet fields give pointers', () => {
  const code = [asm.load(2, 4, 1, 0), asm.load(3, 4, 1, 4), asm.load(4, 4, 1, 12), ...EXIT];
  const [packet] = factsOf({ functions: [code], kind: 'xdp' });
  assert.is(at(packet!, 3, 2), 'packet+0..0/1');
  assert.is(at(packet!, 3, 3), 'packet_end+0..0/1');
  assert.is(at(packet!, 3, 4), '0..4294967295');
  assert.equal(packet!.access(2)?.field?.native, {
    member: 'interface_index',
    offset: 28,
    size: 4,
  });
});

test('a looked-up value is a pointer once it is tested', () => {
  const of = facts(
    asm.storeI(4, 10, -4, 1),
    asm.movR(2, 10),
    asm.aluI('add', 2, -4),
    asm.map(1, 0),
    asm.helper(1),
    asm.branchI('eq', 0, 0, 7),
    asm.load(0, 8, 0, 0),
    asm.exit,
  );
  assert.is(of.constantMap(4), 0);
  assert.is(at(of, 5, 0), 'map_value?+0..0/8');
  assert.is(at(of, 6, 0), 'map_value+0..0/8');
  assert.is(of.access(6)?.alignment, 8);
  assert.equal(of.stackParts, [{ low: -4, high: 0 }]);
  assert.is(of.liveBefore[5], 0b1);
});

test('spilled registers come back as they were', () => {
  const of = facts(
    asm.movR(6, 1),
    asm.storeR(8, 10, -8, 6),
    asm.movI(6, 0),
    asm.load(7, 8, 10, -8),
    asm.storeI(4, 10, -4, 0),
    asm.load(8, 8, 10, -8),
    asm.movR(0, 7),
    asm.aluR('add', 0, 8),
    asm.exit,
  );
  assert.is(at(of, 4, 7), 'memory?+0..0/1');
  assert.is(at(of, 6, 8), 'unknown');
});

test('a loop with a bound keeps it, and what it indexes stays in one part', () => {
  const of = facts(
    asm.storeI(8, 10, -8, 0),
    asm.movI(1, 0),
    asm.movR(2, 10),
    asm.aluI('add', 2, -72),
    asm.aluR('add', 2, 1),
    asm.storeI(1, 2, 0, 7),
    asm.aluI('add', 1, 1),
    asm.branchI('ne', 1, 64, 2),
    asm.load(0, 1, 10, -40),
    asm.exit,
  );
  assert.is(at(of, 4, 1), '0..63');
  assert.is(at(of, 8, 1), 'none', 'dead');
  assert.equal(of.stackParts, [
    { low: -72, high: -8 },
    { low: -8, high: 0 },
  ]);
  assert.equal(of.stackPartOf(of.access(5)!.pointer!), { low: -72, high: -8 });
});

test('a counter of step 4 that ends at 64 stays at or below 60', () => {
  const of = facts(
    asm.movI(1, 0),
    asm.movR(2, 10),
    asm.aluI('add', 2, -72),
    asm.aluR('add', 2, 1),
    asm.storeI(4, 2, 0, 7),
    asm.aluI('add', 1, 4),
    asm.branchI('ne', 1, 64, 1),
    ...EXIT,
  );
  assert.is(at(of, 3, 1), '0..60');
  assert.equal(of.stackParts, [{ low: -72, high: -8 }]);
});

test('a counter that is kept in the frame is bounded by the compare of its register', () => {
  const loop = (...between: Draft[]) =>
    facts(
      asm.movI(1, 0),
      asm.storeR(8, 10, -8, 1),
      asm.load(1, 8, 10, -8),
      asm.movR(2, 10),
      asm.aluI('add', 2, -72),
      asm.aluR('add', 2, 1),
      asm.storeI(1, 2, 0, 7),
      asm.aluI('add', 1, 1),
      asm.storeR(8, 10, -8, 1),
      ...between,
      asm.branchI('ne', 1, 64, 2),
      ...EXIT,
    );
  assert.is(at(loop(), 3, 1), '0..63');
  assert.is(at(loop(asm.storeI(8, 10, -80, 1)), 3, 1), '0..63');
  assert.is(at(loop(asm.storeI(4, 10, -8, 1)), 3, 1), 'unknown', 'overwritten');
});

test('branches on what is known are decided and dead code is not reached', () => {
  const of = facts(asm.movI(1, 5), asm.branchI('gt', 1, 4, 4), asm.movI(0, 1), asm.exit, ...EXIT);
  assert.equal([...of.decided], [[1, 'taken']]);
  assert.is(of.before(2), undefined);
  assert.equal(
    of.blocks.map(({ reachable }) => reachable),
    [true, false, true],
  );
});

test('constants of read-only data are known, those that user space may set are not', () => {
  const bytes = Uint8Array.of(9, 0, 0, 0, 8, 0, 0, 0);
  const variable = (name: string, offset: number, volatile: boolean) => ({
    name,
    offset,
    size: 4,
    type: 1,
    volatile,
    global: true,
  });
  const [of] = factsOf({
    functions: [
      [
        asm.refer(1, { kind: 'data', section: 0, offset: 0 }),
        asm.load(2, 4, 1, 0),
        asm.load(0, 4, 1, 4),
        asm.aluR('add', 0, 2),
        asm.exit,
      ],
    ],
    data: [
      {
        kind: 'rodata',
        size: 8,
        bytes,
        variables: [variable('fixed', 0, false), variable('settable', 4, true)],
      },
    ],
  });
  assert.is(at(of!, 3, 2), '9');
  assert.is(at(of!, 3, 0), '0..4294967295');
  assert.is(of!.access(1)?.alignment, 8);
  assert.is(of!.access(2)?.alignment, 4);
});

test('functions are analysed with what they are called with, callbacks too', () => {
  const [main, callee, callback] = factsOf({
    functions: [
      [
        asm.movR(1, 10),
        asm.aluI('add', 1, -16),
        asm.movI(2, 3),
        asm.call(1),
        asm.movR(6, 0),
        asm.movI(1, 10),
        asm.refer(2, { kind: 'function', function: 2 }),
        asm.movR(3, 10),
        asm.aluI('add', 3, -32),
        asm.movI(4, 0),
        asm.helper(181),
        asm.movR(0, 6),
        asm.exit,
      ],
      [asm.storeR(8, 1, 0, 2), asm.storeR(8, 1, 8, 2), asm.movR(0, 2), asm.exit],
      [asm.storeR(8, 2, 8, 1), ...EXIT],
    ],
  });
  assert.is(show(callee!.parameters[0]), 'stack+-16..-16/16');
  assert.is(show(callee!.parameters[1]), '3');
  assert.is(show(callee!.result), '3');
  assert.is(at(main!, 5, 6), '3');
  assert.is(show(callback!.parameters[0]), '0..4294967295');
  assert.is(show(callback!.parameters[1]), 'stack+-32..-32/16');
  assert.equal(main!.stackParts, [
    { low: -32, high: -16 },
    { low: -16, high: 0 },
  ]);
  assert.is(callee!.liveBefore[0], 0b110);
});

test('a callee that writes to a frame changes what the caller knows of it, and of nothing else', () => {
  const [main] = factsOf({
    functions: [
      [
        asm.storeI(8, 10, -8, 1),
        asm.storeI(8, 10, -16, 2),
        asm.movR(1, 10),
        asm.aluI('add', 1, -16),
        asm.call(1),
        asm.load(1, 8, 10, -8),
        asm.load(2, 8, 10, -16),
        asm.movR(0, 1),
        asm.aluR('add', 0, 2),
        asm.exit,
      ],
      [asm.storeI(8, 1, 0, 7), ...EXIT],
    ],
  });
  assert.is(at(main!, 7, 1), '1');
  assert.is(at(main!, 7, 2), 'unknown');
});

test('an address that gets out of sight makes the frame one part', () => {
  const of = facts(
    asm.storeI(8, 10, -8, 0),
    asm.storeI(8, 10, -64, 0),
    asm.refer(1, { kind: 'map_value', map: 0, offset: 0 }),
    asm.storeR(8, 1, 0, 10),
    ...EXIT,
  );
  assert.equal(of.stackParts, [{ low: -512, high: 0 }]);
});

test('different objects on different paths are a pointer to any of them', () => {
  const of = facts(
    asm.movR(6, 10),
    asm.aluI('add', 6, -8),
    asm.branchI('eq', 2, 0, 4),
    asm.refer(6, { kind: 'map_value', map: 0, offset: 8 }),
    asm.load(0, 8, 6, 0),
    asm.exit,
  );
  assert.is(at(of, 4, 6), 'any+?..?/8');
  assert.equal(of.stackParts, [{ low: -512, high: 0 }]);
});

test('what is proved, and what the user answers for, is recorded', () => {
  const verdict = (skip: boolean) =>
    analyse(makeObject({ functions: [EXIT] }), { skip }, new CollectingSink()).verdict;
  assert.is(verdict(false), 'proved');
  assert.is(verdict(true), 'skipped');
});

test('edges that the proof never followed are not there', () => {
  // r0 equals r2 on either path, which only a walk of both sees.
  const code = [
    asm.load(2, 4, 1, 12),
    asm.aluI('and', 2, 1),
    asm.branchI('eq', 2, 0, 5),
    asm.movI(0, 1),
    asm.jump(6),
    asm.movI(0, 0),
    asm.aluR('xor', 0, 2),
    asm.branchI('eq', 0, 0, 9),
    asm.movI(0, 7),
    asm.exit,
  ];
  const object = makeObject({ functions: [code], kind: 'xdp' });
  const decided = (skip: boolean) =>
    analyse(object, { skip }, new CollectingSink()).functions[0]!.decided.get(7);
  assert.is(decided(true), undefined);
  assert.is(decided(false), 'taken');
});

test.run();
