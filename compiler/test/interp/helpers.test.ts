import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Interpreter,
  type InterpreterOptions,
  type RunOptions,
  run,
} from '../../src/interp/index.ts';
import type { ProgramKind } from '../../src/object/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';

const E2BIG = -7n;
const EFAULT = -14n;
const EINVAL = -22n;

/** A program with a format at .data+0, a text at .data+64; gives r0, signed, and what was traced. */
function printk(format: string, values: readonly bigint[], text = ''): [bigint, readonly string[]] {
  const bytes = new Uint8Array(128);
  bytes.set(Buffer.from(`${format}\0`));
  bytes.set(Buffer.from(`${text}\0`), 64);
  const program = [
    asm.refer(1, { kind: 'data', section: 0, offset: 0 }),
    asm.movI(2, format.length + 1),
    ...values.map((value, index) =>
      value === TEXT
        ? asm.refer(3 + index, { kind: 'data', section: 0, offset: 64 })
        : asm.constant(3 + index, value),
    ),
    asm.helper(6),
    asm.exit,
  ];
  const result = run(makeObject({ functions: [program], data: [{ bytes }] }));
  assert.is(result.fault?.message, undefined);
  return [BigInt.asIntN(64, result.r0!), result.trace];
}

/** Stands for the address of the text. */
const TEXT = -0x7e57_7e57n;

test('bpf_trace_printk formats as the kernel does', () => {
  const cases: readonly [string, readonly bigint[], string][] = [
    ['plain', [], 'plain'],
    ['%d %u', [-1n, -1n], '-1 4294967295'],
    ['%ld %lu', [-1n, -1n], '-1 18446744073709551615'],
    ['%lld %llx', [-5n, 0xabcdef0123n], '-5 abcdef0123'],
    ['%x %X %i', [0x1_0000_00abn, 0xabn, 3n], 'ab AB 3'],
    ['100%% %s!', [TEXT], '100% a text!'],
    ['%pks %pus', [TEXT, TEXT], 'a text a text'],
    ['%c', [0x41n], 'A'],
    ['%p.', [0x1234n], '0000000000001234.'],
    ['[%5d] [%-5d] [%05d]', [42n, 42n, -42n], '[   42] [42   ] [-0042]'],
    ['%+d % d', [1n, 1n], '+1  1'],
    ['%s', [0x10n], ''],
    ['%pI4 %pi4', [TEXT, TEXT], '97.32.116.101 097.032.116.101'],
    ['%pI6', [TEXT], '6120:7465:7874:0000:0000:0000:0000:0000'],
    ['%px %10c|', [0xffn, 0x42n], '00000000000000ff          B|'],
    ['line\n', [], 'line\n'],
  ];
  for (const [format, values, expected] of cases) {
    const [length, trace] = printk(format, values, 'a text');
    assert.equal(trace, [expected], format);
    assert.is(length, BigInt(expected.length));
  }
});

test('bpf_trace_printk refuses what the kernel refuses', () => {
  for (const format of [
    '%f',
    '%',
    '%q',
    '%hd',
    '%lp',
    '%sx',
    '%pkx',
    '%pz',
    '\u0001',
    'é',
    '%10',
  ]) {
    assert.equal(printk(format, [1n]), [EINVAL, []], format);
  }
  assert.equal(printk('%d %d', [1n]), [EINVAL, []]);
});

const frame = (offset: number, register: number): Draft[] => [
  asm.movR(register, 10),
  asm.aluI('add', register, offset),
];

function outcome(program: Draft[], options: RunOptions & InterpreterOptions = {}): bigint {
  const result = run(makeObject({ functions: [program] }), options);
  assert.is(result.fault?.message, undefined);
  return BigInt.asIntN(64, result.r0!);
}

test('probe_read copies, or fills with zeros and returns -EFAULT', () => {
  const read = (address: Draft[]): Draft[] => [
    asm.storeI(8, 10, -8, -1),
    asm.storeI(8, 10, -16, 0x77),
    ...frame(-8, 1),
    asm.movI(2, 8),
    ...address,
    asm.helper(113),
  ];
  const loaded = [asm.load(0, 8, 10, -8), asm.exit];
  assert.is(outcome([...read(frame(-16, 3)), asm.exit]), 0n);
  assert.is(outcome([...read(frame(-16, 3)), ...loaded]), 0x77n);
  assert.is(outcome([...read([asm.movI(3, 0)]), asm.exit]), EFAULT);
  assert.is(outcome([...read([asm.movI(3, 0)]), ...loaded]), 0n);
  assert.is(outcome([...read(frame(-4, 3)), asm.exit]), EFAULT, 'across the end of the frame');
});

test('probe_read_str stops at the end of the text or of the buffer', () => {
  const memory = Buffer.from('hello\0world');
  const read = (size: number, from: number): Draft[] => [
    asm.movR(3, 1),
    asm.aluI('add', 3, from),
    asm.storeI(8, 10, -8, -1),
    ...frame(-8, 1),
    asm.movI(2, size),
    asm.helper(115),
  ];
  const loaded = [asm.load(0, 8, 10, -8), asm.exit];
  assert.is(outcome([...read(8, 0), asm.exit], { memory }), 6n);
  assert.is(
    outcome([...read(8, 0), ...loaded], { memory }),
    BigInt.asIntN(64, 0xffff006f6c6c6568n),
  );
  assert.is(outcome([...read(3, 0), asm.exit], { memory }), 3n);
  assert.is(
    outcome([...read(3, 0), ...loaded], { memory }),
    BigInt.asIntN(64, 0xffffffffff006568n),
  );
  assert.is(outcome([...read(8, 6), asm.exit], { memory }), EFAULT, 'memory ends before the text');
  assert.is(outcome([...read(0, 0), asm.exit], { memory }), 0n);
});

test('the environment is what the caller says', () => {
  const environment = {
    time: () => 123n,
    random: () => -1,
    cpu: 5,
    pidTgid: (7n << 32n) | 8n,
    uidGid: 9n,
    comm: 'a name that is too long',
  };
  const result = (helper: number) => outcome([asm.helper(helper), asm.exit], { environment });
  assert.is(result(5), 123n);
  assert.is(result(7), 0xffff_ffffn);
  assert.is(result(8), 5n);
  assert.is(result(14), (7n << 32n) | 8n);
  assert.is(result(15), 9n);
  const comm = [
    ...frame(-16, 1),
    asm.movI(2, 16),
    asm.helper(16),
    asm.load(0, 8, 10, -8),
    asm.exit,
  ];
  assert.is(outcome(comm, { environment }), Buffer.from('hat is \0').readBigInt64LE());
  assert.is(outcome(comm, { environment: { comm: 'x' } }), 0n, 'the rest is zeros');
});

test('runs without an environment repeat themselves', () => {
  const program = [asm.helper(7), asm.movR(6, 0), asm.helper(5), asm.aluR('xor', 0, 6), asm.exit];
  assert.is(outcome(program), outcome(program));
});

/** A loop over a callback that adds its first argument to the context's u64, and ends at `last`. */
function loops(count: number, flags: number, last: number): [bigint, bigint] {
  const start = [
    asm.storeI(8, 10, -8, 0),
    asm.movI(1, count),
    asm.refer(2, { kind: 'function', function: 1 }),
    ...frame(-8, 3),
    asm.movI(4, flags),
    asm.helper(181),
  ];
  const callback: Draft[] = [
    asm.load(3, 8, 2, 0),
    asm.aluR('add', 3, 1),
    asm.storeR(8, 2, 0, 3),
    asm.movI(0, 0),
    asm.branchI('ne', 1, last, 6),
    asm.movI(0, 1),
    asm.exit,
  ];
  const results = [asm.exit, asm.load(0, 8, 10, -8)].map((end) => {
    const main = end.kind === 'exit' ? [...start, end] : [...start, end, asm.exit];
    return BigInt.asIntN(64, run(makeObject({ functions: [main, callback] })).r0!);
  });
  return [results[0]!, results[1]!];
}

test('bpf_loop calls back until it is told to stop', () => {
  assert.equal(loops(5, 0, -1), [5n, 10n]);
  assert.equal(loops(100, 0, 3), [4n, 6n]);
  assert.equal(loops(0, 0, -1), [0n, 0n]);
  assert.equal(loops(5, 1, -1), [EINVAL, 0n]);
  assert.equal(loops((1 << 23) + 1, 0, -1), [E2BIG, 0n]);
});

test('bpf_for_each_map_elem visits every element and counts them', () => {
  const main = [
    asm.storeI(8, 10, -8, 0),
    asm.map(1, 0),
    asm.refer(2, { kind: 'function', function: 1 }),
    ...frame(-8, 3),
    asm.movI(4, 0),
    asm.helper(164),
    asm.aluI('mul', 0, 1000),
    asm.load(1, 8, 10, -8),
    asm.aluR('add', 0, 1),
    asm.exit,
  ];
  // *context += *key * *value
  const callback = [
    asm.load(5, 4, 2, 0),
    asm.load(3, 8, 3, 0),
    asm.aluR('mul', 3, 5),
    asm.load(5, 8, 4, 0),
    asm.aluR('add', 3, 5),
    asm.storeR(8, 4, 0, 3),
    asm.movI(0, 0),
    asm.exit,
  ];
  for (const [type, typeName, visited] of [
    [2, 'array', 4000n],
    [1, 'hash', 2000n],
  ] as const) {
    const object = makeObject({ functions: [main, callback], maps: [{ type, typeName }] });
    const interpreter = new Interpreter(object);
    for (const at of [2, 3]) {
      interpreter.update(
        'm0',
        Uint8Array.of(at, 0, 0, 0),
        Uint8Array.of(at * 10, 0, 0, 0, 0, 0, 0, 0),
      );
    }
    assert.is(interpreter.run().r0, visited + 130n, typeName);
  }
});

test('callbacks count as frames', () => {
  const main = [
    asm.movI(1, 1),
    asm.refer(2, { kind: 'function', function: 0 }),
    asm.movI(3, 0),
    asm.movI(4, 0),
    asm.helper(181),
    asm.exit,
  ];
  assert.match(run(makeObject({ functions: [main] })).fault!.message, /more than 8 frames/);
});

const packet = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a);

function onPacket(kind: ProgramKind, program: Draft[], options: RunOptions = {}) {
  return run(makeObject({ functions: [program], kind }), { memory: packet, ...options });
}

test('legacy loads are big-endian; outside the packet the program ends with 0', () => {
  const load = (size: 1 | 2 | 4, immediate: number, index?: number): Draft[] => [
    asm.movR(6, 1),
    asm.movI(7, index ?? 0),
    { kind: 'legacy_load', size, immediate, ...(index !== undefined && { index: 7 }) },
    asm.aluI('add', 0, 1),
    asm.exit,
  ];
  assert.is(onPacket('socket_filter', load(4, 1)).r0, 0x3456789bn);
  assert.is(onPacket('socket_filter', load(2, 0)).r0, 0x1235n);
  assert.is(onPacket('socket_filter', load(1, 1, 3)).r0, 0x9bn);
  assert.is(onPacket('socket_filter', load(4, 2)).r0, 0n);
  assert.is(onPacket('socket_filter', load(1, 0, -1)).r0, 0n);
  assert.match(onPacket('kprobe', load(1, 0)).fault!.message, /no packet/);
  const clobbering = [asm.movI(1, 1), ...load(1, 0).slice(1, 3), asm.movR(0, 1), asm.exit];
  const { fault } = onPacket('tc', [asm.movR(6, 1), ...clobbering]);
  assert.is(fault!.message, 'r1 holds no value');
});

test('packet contexts lead to the packet', () => {
  const reading = (data: number, end: number): Draft[] => [
    asm.load(2, 4, 1, data),
    asm.load(3, 4, 1, end),
    asm.movR(4, 2),
    asm.aluI('add', 4, 4),
    {
      kind: 'branch',
      operator: 'gt',
      width: 64,
      left: 4,
      right: { kind: 'register', register: 3 },
      target: 8,
    },
    asm.load(0, 4, 2, 0),
    asm.storeI(1, 2, 0, 0xff),
    asm.exit,
    asm.movI(0, 0),
    asm.exit,
  ];
  const xdp = onPacket('xdp', reading(0, 4));
  assert.is(xdp.r0, 0x78563412n);
  assert.equal(xdp.memory, Uint8Array.of(0xff, 0x34, 0x56, 0x78, 0x9a));
  assert.is(onPacket('tc', reading(76, 80)).r0, 0x78563412n);
  assert.is(onPacket('xdp', reading(0, 4), { memory: packet.slice(0, 3) }).r0, 0n);
  assert.match(
    onPacket('socket_filter', reading(76, 80)).fault!.message,
    /packet, which is read-only/,
  );
});

test('packet contexts have their fields, and protect them', () => {
  const field = (offset: number): Draft[] => [asm.load(0, 4, 1, offset), asm.exit];
  assert.is(onPacket('tc', field(0)).r0, 5n, 'len');
  const context = new Uint8Array(192);
  context[8] = 42;
  assert.is(onPacket('tc', field(8), { context }).r0, 42n, 'mark');
  const writing = (offset: number): Draft[] => [
    asm.storeI(4, 1, offset, 7),
    asm.load(0, 4, 1, offset),
    asm.exit,
  ];
  assert.is(onPacket('tc', writing(48)).r0, 7n, 'cb[0]');
  assert.match(onPacket('tc', writing(0)).fault!.message, /read-only there/);
  assert.match(onPacket('socket_filter', writing(8)).fault!.message, /read-only there/);
  assert.match(onPacket('xdp', writing(12)).fault!.message, /read-only there/);
  const half = [asm.load(0, 2, 1, 2), asm.exit];
  assert.match(onPacket('xdp', half).fault!.message, /in a pointer/);
});

test('other contexts are bytes that programs only read', () => {
  const registers = new Uint8Array(168);
  registers[112] = 99;
  const program = [asm.load(0, 8, 1, 112), asm.exit];
  const kprobe = makeObject({ functions: [program], kind: 'kprobe' });
  assert.is(run(kprobe, { context: registers }).r0, 99n);
  assert.is(run(kprobe, { memory: registers }).r0, 99n);
  const writing = makeObject({ functions: [[asm.storeI(8, 1, 0, 1), asm.exit]], kind: 'kprobe' });
  assert.match(run(writing).fault!.message, /context, which is read-only/);
});

test('an unknown program is a diagnostic', () => {
  const object = makeObject({ functions: [[asm.movI(0, 0), asm.exit]] });
  assert.is(run(object, { program: 'main' }).r0, 0n);
  assert.throws(() => run(object, { program: 'other' }), /no program other/);
  assert.throws(
    () => run(makeObject({ functions: [[]], maps: [{ type: 99, typeName: 'new' }] })),
    /map m0 of type new is not interpreted/,
  );
});

test.run();
