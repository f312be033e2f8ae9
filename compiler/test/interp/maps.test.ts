import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Interpreter } from '../../src/interp/index.ts';
import type { BpfMap } from '../../src/object/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';

const ENOENT = -2n;
const E2BIG = -7n;
const EAGAIN = -11n;
const EEXIST = -17n;
const EINVAL = -22n;
const hash: Partial<BpfMap> = { type: 1, typeName: 'hash' };

function key(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function value(number: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(number);
  return bytes;
}

/** Key at r10-4, value at r10-16; then r1 = map, r2 = &key, r3 = &value. */
function prepared(map: number, keyValue: number, valueNumber = 0): Draft[] {
  return [
    asm.storeI(4, 10, -4, keyValue),
    asm.storeI(8, 10, -16, valueNumber),
    asm.map(1, map),
    asm.movR(2, 10),
    asm.aluI('add', 2, -4),
    asm.movR(3, 10),
    asm.aluI('add', 3, -16),
  ];
}

/** r0 of a program as a signed number: what helpers return. */
function signedResult(maps: readonly Partial<BpfMap>[], program: Draft[]): bigint {
  const result = new Interpreter(makeObject({ functions: [program], maps })).run();
  assert.is(result.fault?.message, undefined);
  return BigInt.asIntN(64, result.r0!);
}

const update = (map: number, at: number, number: number, flags = 0): Draft[] => [
  ...prepared(map, at, number),
  asm.movI(4, flags),
  asm.helper(2),
];
const remove = (map: number, at: number): Draft[] => [...prepared(map, at), asm.helper(3)];
const find = (map: number, at: number): Draft[] => [...prepared(map, at), asm.helper(1)];
/** r0 = the value found, or 0. The jump passes over the load. */
const load = (before: Draft[], map: number, at: number): Draft[] => {
  const start = [...before, ...find(map, at)];
  return [...start, asm.branchI('eq', 0, 0, start.length + 2), asm.load(0, 8, 0, 0), asm.exit];
};

test('array: results of update, delete and lookup are those of the kernel', () => {
  const maps = [{}];
  const result = (program: Draft[]) => signedResult(maps, [...program, asm.exit]);
  assert.is(result(update(0, 3, 5)), 0n);
  assert.is(result(update(0, 3, 5, 2)), 0n, 'BPF_EXIST');
  assert.is(result(update(0, 4, 5)), E2BIG);
  assert.is(result(update(0, 3, 5, 1)), EEXIST, 'BPF_NOEXIST');
  assert.is(result(update(0, 4, 5, 3)), EINVAL);
  assert.is(result(remove(0, 0)), EINVAL);
  assert.is(result(find(0, 4)), 0n);
  assert.is(result(find(0, -1)), 0n);
  assert.is(signedResult(maps, load(update(0, 3, 5), 0, 3)), 5n);
  assert.is(signedResult(maps, load(update(0, 3, 5), 0, 2)), 0n);
});

test('hash: results of update, delete and lookup are those of the kernel', () => {
  const maps = [{ ...hash, maxEntries: 2 }];
  const result = (program: Draft[]) => signedResult(maps, [...program, asm.exit]);
  assert.is(result(update(0, 77, 5)), 0n);
  assert.is(result(update(0, 77, 5, 2)), ENOENT, 'BPF_EXIST');
  assert.is(result(update(0, 77, 5, 3)), EINVAL);
  assert.is(result([...update(0, 77, 5, 1), ...update(0, 77, 6, 1)]), EEXIST);
  assert.is(result([...update(0, 1, 5), ...update(0, 2, 5), ...update(0, 3, 5)]), E2BIG);
  assert.is(result([...update(0, 1, 5), ...update(0, 2, 5), ...update(0, 1, 6)]), 0n);
  assert.is(result(remove(0, 77)), ENOENT);
  assert.is(result([...update(0, 77, 5), ...remove(0, 77)]), 0n);
  assert.is(signedResult(maps, load([...update(0, 7, 5), ...update(0, 7, 6)], 0, 7)), 6n);
  assert.is(signedResult(maps, load([...update(0, 7, 5), ...remove(0, 7)], 0, 7)), 0n);
});

test('lru hash: a full map gives up the element used longest ago', () => {
  const maps = [{ type: 9, typeName: 'lru_hash', maxEntries: 2 }];
  const filled = [...update(0, 1, 11), ...update(0, 2, 12), ...find(0, 1), ...update(0, 3, 13)];
  assert.is(signedResult(maps, load(filled, 0, 1)), 11n);
  assert.is(signedResult(maps, load(filled, 0, 2)), 0n);
  assert.is(signedResult(maps, load(filled, 0, 3)), 13n);
});

test('values end where they end', () => {
  for (const definition of [{}, hash]) {
    const program = [...update(0, 0, 5), ...find(0, 0), asm.load(0, 8, 0, 1), asm.exit];
    const { fault } = new Interpreter(
      makeObject({ functions: [program], maps: [definition] }),
    ).run();
    assert.match(fault!.message, /offset 1 of m0\[.*which has 8 bytes/);
  }
});

test('a deleted value stays readable for the run', () => {
  const program = [
    ...update(0, 1, 5),
    ...find(0, 1),
    asm.movR(6, 0),
    ...remove(0, 1),
    asm.load(0, 8, 6, 0),
    asm.exit,
  ];
  assert.is(signedResult([hash], program), 5n);
});

test('maps keep their contents from run to run, and callers can set and see them', () => {
  const counting = [
    ...find(0, 1),
    asm.movI(1, 1),
    {
      kind: 'atomic',
      operator: 'add',
      size: 8,
      fetch: true,
      base: 0,
      offset: 0,
      source: 1,
    } as const,
    asm.movR(0, 1),
    asm.exit,
  ];
  const interpreter = new Interpreter(makeObject({ functions: [counting], maps: [hash] }));
  assert.is(interpreter.update('m0', key(1), value(40n)), 0);
  assert.is(interpreter.run().r0, 40n);
  assert.is(interpreter.run().r0, 41n);
  assert.equal(
    interpreter
      .elements('m0')
      .map((element) => [Buffer.from(element.key), Buffer.from(element.value)]),
    [[key(1), value(42n)]],
  );
  assert.throws(() => interpreter.elements('nothing'), /no map nothing/);
});

test('programs do not change a map that is read-only to them', () => {
  const maps = [{ flags: 1 << 7 }];
  const fault = (program: Draft[]) =>
    new Interpreter(makeObject({ functions: [[...program, asm.exit]], maps })).run().fault!.message;
  assert.match(fault(update(0, 0, 1)), /cannot be changed by a program/);
  assert.match(fault(remove(0, 0)), /cannot be changed by a program/);
  assert.match(fault([...find(0, 0), asm.storeI(8, 0, 0, 1)]), /read-only there/);
  const reading = new Interpreter(makeObject({ functions: [load([], 0, 1)], maps }));
  reading.update('m0', key(1), value(6n));
  assert.is(reading.run().r0, 6n);
});

test('data sections are memory, rodata is read-only', () => {
  const bytes = value(5n);
  const adding = [
    asm.refer(6, { kind: 'data', section: 0, offset: 0 }),
    asm.load(0, 8, 6, 0),
    asm.aluI('add', 0, 1),
    asm.storeR(8, 6, 0, 0),
    asm.exit,
  ];
  const data = new Interpreter(makeObject({ functions: [adding], data: [{ bytes }] }));
  data.data('.data').set(value(9n));
  assert.is(data.run().r0, 10n);
  assert.is(data.run().r0, 11n);
  assert.equal(bytes, value(5n), 'the object itself does not change');
  const constant = makeObject({
    functions: [adding],
    data: [{ bytes, kind: 'rodata', name: '.rodata' }],
  });
  assert.match(new Interpreter(constant).run().fault!.message, /\.rodata, which is read-only/);
});

test('a reference to a map value is the address of element 0', () => {
  const program = [
    ...update(0, 0, 0x1234),
    asm.refer(1, { kind: 'map_value', map: 0, offset: 1 }),
    asm.load(0, 1, 1, 0),
    asm.exit,
  ];
  assert.is(signedResult([{}], program), 0x12n);
});

test('maps of maps lead to their inner maps', () => {
  const inner = { name: 'inner', initial: [] };
  const outer = {
    name: 'outer',
    type: 12,
    typeName: 'array_of_maps',
    initial: [{ key: 1, map: 0 }],
  };
  const chosen = (at: number): Draft[] => {
    const start = [...update(0, 2, 77), ...find(1, at)];
    return [
      ...start,
      asm.branchI('eq', 0, 0, start.length + 6),
      asm.movR(1, 0),
      asm.storeI(4, 10, -4, 2),
      asm.movR(2, 10),
      asm.aluI('add', 2, -4),
      asm.helper(1),
      // Reached with an address here, with 0 from the branch.
      asm.branchI('eq', 0, 0, start.length + 8),
      asm.load(0, 8, 0, 0),
      asm.exit,
    ];
  };
  assert.is(signedResult([inner, outer], chosen(1)), 77n);
  assert.is(signedResult([inner, outer], chosen(0)), 0n);
});

const programs: Partial<BpfMap> = {
  type: 3,
  typeName: 'prog_array',
  valueSize: 4,
  initial: [{ key: 1, function: 1 }],
};

/** r0 = 7 behind a tail call of slot `index`; the context is in r6 before. */
const tailCall = (index: number): Draft[] => [
  asm.movR(6, 1),
  asm.map(2, 0),
  asm.movI(3, index),
  asm.helper(12),
  asm.movI(0, 7),
  asm.exit,
];

test('a tail call replaces the program, a failed one falls through', () => {
  const target = [asm.load(0, 8, 1, 0), asm.exit];
  const outcome = (index: number) =>
    new Interpreter(
      makeObject({ functions: [tailCall(index), target], maps: [programs], kind: 'tracepoint' }),
    ).run({ context: value(0x55n) }).r0;
  assert.is(outcome(1), 0x55n);
  assert.is(outcome(0), 7n, 'empty slot');
  assert.is(outcome(4), 7n, 'out of range');
  assert.is(outcome(-1), 7n);
});

test('33 tail calls happen, the 34th falls through', () => {
  const again = [
    asm.refer(7, { kind: 'data', section: 0, offset: 0 }),
    asm.load(8, 8, 7, 0),
    asm.aluI('add', 8, 1),
    asm.storeR(8, 7, 0, 8),
    ...tailCall(1),
  ];
  const object = makeObject({
    functions: [again, again],
    maps: [programs],
    data: [{ bytes: value(0n) }],
    kind: 'tracepoint',
  });
  const interpreter = new Interpreter(object);
  assert.is(interpreter.run().r0, 7n);
  assert.equal(interpreter.data('.data'), new Uint8Array(value(34n)), '1 start and 33 tail calls');
});

test('after a tail call registers and frame hold nothing', () => {
  const maps = [programs];
  const start = [asm.storeI(8, 10, -8, 5), ...tailCall(1)];
  const run = (target: Draft[]) =>
    new Interpreter(makeObject({ functions: [start, target], maps, kind: 'tracepoint' }), {
      strictStack: true,
    }).run();
  assert.match(run([asm.load(0, 8, 10, -8), asm.exit]).fault!.message, /never written/);
  assert.is(run([asm.movR(0, 6), asm.exit]).fault!.message, 'r6 holds no value');
  assert.is(run([asm.movR(0, 6), asm.exit]).fault!.function, 'f1');
});

const ring: Partial<BpfMap> = {
  type: 27,
  typeName: 'ringbuf',
  maxEntries: 4096,
  keySize: 0,
  valueSize: 0,
};

/** r0 = bpf_ringbuf_reserve(map 0, size, 0) */
const reserve = (size: number): Draft[] => [
  asm.map(1, 0),
  asm.movI(2, size),
  asm.movI(3, 0),
  asm.helper(131),
];

test('ring buffer: submitted records arrive in order, discarded ones do not', () => {
  const record = (number: number, end: 132 | 133): Draft[] => [
    ...reserve(8),
    asm.storeI(8, 0, 0, number),
    asm.movR(1, 0),
    asm.movI(2, 0),
    asm.helper(end),
  ];
  const output = [
    asm.storeI(8, 10, -8, 3),
    asm.map(1, 0),
    asm.movR(2, 10),
    asm.aluI('add', 2, -8),
    asm.movI(3, 8),
    asm.movI(4, 0),
    asm.helper(130),
  ];
  const program = [...record(1, 132), ...record(2, 133), ...output, asm.exit];
  const interpreter = new Interpreter(makeObject({ functions: [program], maps: [ring] }));
  assert.is(interpreter.run().r0, 0n);
  assert.equal(
    interpreter.records('m0').map((bytes) => Buffer.from(bytes)),
    [value(1n), value(3n)],
  );
});

test('ring buffer: what does not fit is refused, records end with their submission', () => {
  const result = (program: Draft[]) => signedResult([ring], [...program, asm.exit]);
  assert.is(result(reserve(4096)), 0n);
  assert.is(result([...reserve(4000), ...reserve(100)]), 0n);
  const big = [
    ...reserve(4080),
    asm.storeI(8, 10, -8, 0),
    asm.map(1, 0),
    asm.movR(2, 10),
    asm.aluI('add', 2, -8),
    asm.movI(3, 8),
    asm.movI(4, 0),
    asm.helper(130),
  ];
  assert.is(result(big), EAGAIN);
  const stale = [
    ...reserve(8),
    asm.movR(6, 0),
    asm.movR(1, 0),
    asm.movI(2, 0),
    asm.helper(132),
    asm.storeI(8, 6, 0, 1),
    asm.exit,
  ];
  const { fault } = new Interpreter(makeObject({ functions: [stale], maps: [ring] })).run();
  assert.match(fault!.message, /has ended/);
});

test('queues and stacks', () => {
  const push = (number: number, flags = 0): Draft[] => [
    asm.storeI(8, 10, -8, number),
    asm.map(1, 0),
    asm.movR(2, 10),
    asm.aluI('add', 2, -8),
    asm.movI(3, flags),
    asm.helper(87),
  ];
  const pop: Draft[] = [asm.map(1, 0), asm.movR(2, 10), asm.aluI('add', 2, -8), asm.helper(88)];
  const popped = [...pop, asm.load(0, 8, 10, -8), asm.exit];
  const queue = [{ type: 22, typeName: 'queue', keySize: 0, maxEntries: 2 }];
  const stack = [{ type: 23, typeName: 'stack', keySize: 0, maxEntries: 2 }];
  assert.is(signedResult(queue, [...push(1), ...push(2), ...popped]), 1n);
  assert.is(signedResult(stack, [...push(1), ...push(2), ...popped]), 2n);
  assert.is(signedResult(queue, [...push(1), ...push(2), ...push(3), asm.exit]), E2BIG);
  assert.is(signedResult(queue, [...push(1), ...push(2), ...push(3, 2), ...popped]), 2n);
  assert.is(signedResult(queue, [...pop, asm.exit]), ENOENT);
});

test('operations that a map type does not have fault', () => {
  const { fault } = new Interpreter(
    makeObject({ functions: [[...find(0, 0), asm.exit]], maps: [ring] }),
  ).run();
  assert.match(fault!.message, /cannot be looked up in by a program/);
  const notMap = [asm.movI(1, 1), ...find(0, 0).slice(3), asm.exit];
  const wrong = new Interpreter(
    makeObject({ functions: [[asm.storeI(4, 10, -4, 0), ...notMap]] }),
  ).run();
  assert.is(wrong.fault!.message, 'helper argument r1 is no map');
});

test.run();
