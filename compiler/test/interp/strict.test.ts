import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Interpreter, type RunOptions } from '../../src/interp/index.ts';
import { asm, type Draft, makeObject, type ObjectParts } from '../support/object.ts';

const RINGBUF = { type: 27, typeName: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096 };
const BLOOM = { type: 30, typeName: 'bloom_filter', keySize: 0, valueSize: 8 };
const PREFIXES = { type: 11, typeName: 'lpm_trie', keySize: 8, valueSize: 8 };

function outcome(parts: ObjectParts, options: RunOptions = {}): string {
  const { fault, r0 } = new Interpreter(makeObject(parts), { strict: true }).run(options);
  return fault?.code ?? String(BigInt.asIntN(64, r0!));
}

function ofMain(main: readonly Draft[], parts: Partial<ObjectParts> = {}): string {
  return outcome({ functions: [main], ...parts });
}

/** The address of frame byte `offset` in a register. */
function frame(register: number, offset: number): Draft[] {
  return [asm.movR(register, 10), asm.aluI('add', register, offset)];
}

const { exit } = asm;
const end = [asm.movI(0, 0), exit];
/** r0 = the value of element 0 of m0, never null. */
const value = [asm.storeI(4, 10, -4, 0), asm.map(1, 0), ...frame(2, -4), asm.helper(1)];
const reserve = (map = 0) => [asm.map(1, map), asm.movI(2, 16), asm.movI(3, 0), asm.helper(131)];

test('accesses outside their object', () => {
  assert.is(ofMain([asm.load(0, 8, 10, 0), exit]), 'outside_object');
  assert.is(ofMain([asm.storeI(8, 10, -520, 0), exit]), 'outside_object');
  assert.is(ofMain([...value, asm.load(0, 8, 0, 1), exit], { maps: [{}] }), 'outside_object');
  assert.is(ofMain([...value, asm.load(0, 8, 0, -8), exit], { maps: [{}] }), 'outside_object');
  const data = [{ bytes: new Uint8Array(8) }, { bytes: new Uint8Array(8) }];
  const past = asm.refer(1, { kind: 'data', section: 0, offset: 8 });
  assert.is(ofMain([past, asm.load(0, 1, 1, 0), exit], { data }), 'outside_object');
  assert.is(
    outcome(
      { functions: [[asm.load(0, 8, 1, 168), exit]], kind: 'kprobe' },
      {
        context: new Uint8Array(168),
      },
    ),
    'outside_object',
  );
});

test('no round offset leads from one object into another', () => {
  for (let shift = 0; shift < 64; shift++) {
    const main = [
      ...value,
      asm.movI(1, 1),
      asm.aluI('lsh', 1, shift),
      asm.aluR('add', 0, 1),
      asm.load(0, 8, 0, 0),
      exit,
    ];
    assert.match(ofMain(main, { maps: [{}, {}] }), /outside_object|null_pointer/);
  }
});

test('null, uninitialised and misaligned', () => {
  assert.is(ofMain([asm.movI(1, 0), asm.load(0, 8, 1, 4), exit]), 'null_pointer');
  assert.is(ofMain([asm.load(0, 1, 10, -1), exit]), 'uninitialised_stack');
  assert.is(
    ofMain([asm.storeI(4, 10, -8, 0), asm.load(0, 8, 10, -8), exit]),
    'uninitialised_stack',
  );
  assert.is(ofMain([asm.movR(0, 3), exit]), 'uninitialised_register');
  assert.is(ofMain([asm.helper(5), asm.movR(0, 1), exit]), 'uninitialised_register');
  assert.is(ofMain([exit]), 'uninitialised_register');
  assert.is(ofMain([asm.storeI(8, 10, -12, 0), ...end]), 'misaligned');
  assert.is(
    outcome(
      { functions: [[asm.load(0, 4, 1, 2), exit]], kind: 'kprobe' },
      {
        context: new Uint8Array(168),
      },
    ),
    'misaligned',
  );
  // Map values may be read at any alignment, as the kernel has it on CPUs that can.
  assert.is(ofMain([...value, asm.load(0, 4, 0, 3), exit], { maps: [{}] }), '0');
});

test('a frame that has ended is gone, also when the next call begins where it was', () => {
  const functions = [
    [asm.call(1), asm.movR(6, 0), asm.call(2), asm.load(0, 8, 6, 0), exit],
    [asm.storeI(8, 10, -8, 1), ...frame(0, -8), exit],
    [asm.storeI(8, 10, -8, 2), ...end],
  ];
  assert.is(outcome({ functions }), 'ended_object');
});

test('records are released exactly once, and not used afterwards', () => {
  const maps = [RINGBUF];
  const submit = (register: number) => [asm.movR(1, register), asm.movI(2, 0), asm.helper(132)];
  assert.is(ofMain([...reserve(), ...end], { maps }), 'reference_held');
  const kept = [...reserve(), asm.movR(6, 0)];
  assert.is(ofMain([...kept, ...submit(6), ...end], { maps }), '0');
  assert.is(ofMain([...kept, ...submit(6), ...submit(6), ...end], { maps }), 'bad_release');
  const after = [...kept, ...submit(6), asm.load(0, 8, 6, 0), exit];
  assert.is(ofMain(after, { maps }), 'ended_object');
  const inside = [...kept, asm.aluI('add', 6, 8), ...submit(6), ...end];
  assert.is(ofMain(inside, { maps }), 'bad_release');
  // A void helper leaves no result.
  assert.is(ofMain([...kept, ...submit(6), exit], { maps }), 'uninitialised_register');
});

test('locks', () => {
  const maps = [{}];
  const taken = [...value, asm.movR(6, 0), asm.movR(1, 0), asm.helper(93)];
  const given = [asm.movR(1, 6), asm.helper(94)];
  assert.is(ofMain([...taken, ...given, ...end], { maps }), '0');
  assert.is(ofMain([...taken, ...end], { maps }), 'lock');
  assert.is(ofMain([...taken, asm.helper(5), ...given, ...end], { maps }), 'lock');
  assert.is(ofMain([...taken, asm.movR(1, 6), asm.helper(93), exit], { maps }), 'lock');
  assert.is(ofMain([...value, asm.movR(1, 0), asm.helper(94), exit], { maps }), 'lock');
});

test('arguments of helpers are held against the signature', () => {
  const read = (size: number) => [
    ...frame(1, -16),
    asm.movI(2, size),
    asm.movI(3, 0),
    asm.helper(4),
  ];
  assert.is(ofMain([...read(16), exit]), '-14');
  assert.is(ofMain([...read(17), exit]), 'outside_object');
  assert.is(ofMain([...read(-1), exit]), 'helper_argument');
  // What the helper may leave as it was counts as written afterwards.
  assert.is(ofMain([...read(16), asm.load(0, 8, 10, -8), exit]), '0');
  const comm = [...frame(1, -16), asm.movI(2, 0), asm.helper(16), exit];
  assert.is(ofMain(comm), 'helper_argument');
  const key = [asm.map(1, 0), ...frame(2, -4), asm.helper(1), exit];
  assert.is(ofMain(key, { maps: [{}] }), 'uninitialised_stack');
  assert.is(ofMain([asm.helper(9999), exit]), 'bad_call');
  assert.is(ofMain([asm.helper(35), exit]), 'not_interpreted');
  const context = [asm.aluI('add', 1, 8), asm.helper(173), exit];
  assert.is(outcome({ functions: [context], kind: 'kprobe' }), 'helper_argument');
});

test('callbacks return 0 or 1 and keep the books', () => {
  const loop = [
    asm.movI(1, 3),
    asm.refer(2, { kind: 'function', function: 1 }),
    asm.movI(3, 0),
    asm.movI(4, 0),
    asm.helper(181),
    exit,
  ];
  const calling = (callback: readonly Draft[]) =>
    outcome({ functions: [loop, callback], maps: [RINGBUF] });
  assert.is(calling([asm.movI(0, 0), exit]), '3');
  assert.is(calling([asm.movI(0, 1), exit]), '1');
  assert.is(calling([asm.movI(0, 2), exit]), 'callback_result');
  assert.is(calling([...reserve(), ...end]), 'reference_held');
});

test('dynptrs', () => {
  const maps = [{ valueSize: 32 }, RINGBUF];
  const made = [
    ...value,
    asm.movR(1, 0),
    asm.movI(2, 32),
    asm.movI(3, 0),
    ...frame(4, -24),
    asm.helper(197),
  ];
  const slice = (offset: number, size: number) => [
    ...frame(1, -24),
    asm.movI(2, offset),
    asm.movI(3, size),
    asm.helper(203),
  ];
  assert.is(ofMain([...made, exit], { maps }), '0');
  assert.is(ofMain([...made, ...slice(8, 8), asm.load(0, 8, 0, 0), exit], { maps }), '0');
  // The dynptr goes on behind the slice, but the slice does not.
  assert.is(
    ofMain([...made, ...slice(8, 8), asm.load(0, 1, 0, 8), exit], { maps }),
    'outside_object',
  );
  assert.is(ofMain([...made, ...slice(28, 8), exit], { maps }), '0');
  assert.is(ofMain([...made, asm.load(0, 8, 10, -24), exit], { maps }), 'uninitialised_stack');
  const overwritten = [...made, asm.storeI(8, 10, -16, 0), ...slice(0, 8), exit];
  assert.is(ofMain(overwritten, { maps }), 'dynptr');
  const write = (offset: number) => [
    asm.storeI(8, 10, -32, 7),
    ...frame(1, -24),
    asm.movI(2, offset),
    ...frame(3, -32),
    asm.movI(4, 8),
    asm.movI(5, 0),
    asm.helper(202),
  ];
  const read = [
    ...frame(1, -40),
    asm.movI(2, 8),
    ...frame(3, -24),
    asm.movI(4, 8),
    asm.movI(5, 0),
    asm.helper(201),
    asm.load(0, 8, 10, -40),
    exit,
  ];
  assert.is(ofMain([...made, ...write(8), ...read], { maps }), '7');
  assert.is(ofMain([...made, ...write(25), exit], { maps }), '-7');

  const reserved = [
    asm.map(1, 1),
    asm.movI(2, 16),
    asm.movI(3, 0),
    ...frame(4, -24),
    asm.helper(198),
  ];
  const submit = [...frame(1, -24), asm.movI(2, 0), asm.helper(199)];
  assert.is(ofMain([...reserved, ...end], { maps }), 'reference_held');
  assert.is(ofMain([...reserved, ...submit, ...end], { maps }), '0');
  assert.is(ofMain([...reserved, ...submit, ...submit, ...end], { maps }), 'dynptr');
  assert.is(ofMain([...made, ...submit, ...end], { maps }), 'bad_release');
  const late = [...reserved, ...slice(0, 8), asm.movR(6, 0), ...submit, asm.load(0, 1, 6, 0), exit];
  assert.is(ofMain(late, { maps }), 'ended_object');
});

test('packets end at their last byte and move when helpers change them', () => {
  const memory = new Uint8Array(20).fill(9);
  const xdp = (main: readonly Draft[], options: RunOptions = {}) =>
    outcome({ functions: [[asm.movR(6, 1), ...main]], kind: 'xdp' }, { memory, ...options });
  assert.is(xdp([asm.load(7, 4, 6, 0), asm.load(0, 1, 7, 19), exit]), '9');
  assert.is(xdp([asm.load(7, 4, 6, 0), asm.load(0, 1, 7, 20), exit]), 'outside_object');
  assert.is(xdp([asm.load(7, 4, 6, 0), asm.load(0, 1, 7, -1), exit]), 'outside_object');
  const adjust = (helper: number, delta: number) => [
    asm.load(7, 4, 6, 0),
    asm.movR(1, 6),
    asm.movI(2, delta),
    asm.helper(helper),
  ];
  const length = [asm.load(0, 4, 6, 4), asm.load(1, 4, 6, 0), asm.aluR('sub', 0, 1), exit];
  assert.is(xdp([...adjust(44, 4), asm.load(0, 1, 7, 0), exit]), 'ended_object');
  assert.is(xdp([...adjust(44, 4), ...length]), '16');
  assert.is(xdp([...adjust(44, -8), ...length]), '28');
  assert.is(xdp([...adjust(44, 7), ...length]), '20');
  assert.is(xdp([...adjust(65, -5), ...length]), '15');
  assert.is(xdp([...adjust(65, 10), ...length]), '30');
  const meta = [asm.load(0, 4, 6, 0), asm.load(1, 4, 6, 8), asm.aluR('sub', 0, 1), exit];
  assert.is(xdp([...adjust(54, -8), ...meta]), '8');
  assert.is(xdp([...adjust(54, -6), exit]), '-13');
  assert.is(xdp(meta, { metadata: new Uint8Array(4) }), '4');
});

test('Bloom filters and tries', () => {
  const push = [asm.map(1, 0), ...frame(2, -8), asm.movI(3, 0), asm.helper(87)];
  const peek = [asm.map(1, 0), ...frame(2, -8), asm.helper(89), exit];
  const known = [asm.storeI(8, 10, -8, 5)];
  assert.is(ofMain([...known, ...push, ...peek], { maps: [BLOOM] }), '0');
  assert.is(ofMain([...known, ...peek], { maps: [BLOOM] }), '-2');
  assert.is(ofMain(peek, { maps: [BLOOM] }), 'uninitialised_stack');
  const object = makeObject({
    functions: [
      [
        asm.storeI(4, 10, -8, 24),
        asm.storeI(4, 10, -4, 0x0302010a),
        asm.map(1, 0),
        ...frame(2, -8),
        asm.helper(1),
        asm.load(0, 8, 0, 0),
        exit,
      ],
    ],
    maps: [PREFIXES],
  });
  const trie = new Interpreter(object, { strict: true });
  const entry = (...bytes: number[]) => Uint8Array.from(bytes);
  assert.is(trie.run().fault?.code, 'null_pointer');
  assert.is(trie.update('m0', entry(8, 0, 0, 0, 10, 0, 0, 0), entry(1, 0, 0, 0, 0, 0, 0, 0)), 0);
  assert.is(trie.update('m0', entry(16, 0, 0, 0, 10, 1, 0, 0), entry(2, 0, 0, 0, 0, 0, 0, 0)), 0);
  assert.is(trie.update('m0', entry(32, 0, 0, 0, 10, 1, 2, 3), entry(3, 0, 0, 0, 0, 0, 0, 0)), 0);
  assert.is(trie.update('m0', entry(33, 0, 0, 0, 10, 1, 2, 3), new Uint8Array(8)), -22);
  assert.is(trie.run().r0, 2n);
});

test.run();
