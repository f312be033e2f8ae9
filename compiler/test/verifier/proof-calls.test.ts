/** Rules of calls that the corpus has no case for: types of BTF, formats, what callbacks are lent. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBtf } from '../../src/btf/index.ts';
import type { BpfMap, BpfObject } from '../../src/object/index.ts';
import { findHelper } from '../../src/verifier/index.ts';
import { mapMisfit } from '../../src/verifier/proof/calls/map-helpers.ts';
import { formatProblem } from '../../src/verifier/proof/calls/strings.ts';
import { BtfBuilder } from '../btf/builder.ts';
import { accepts, rejects } from './proof-calls-verdict.ts';

test('formats of bpf_snprintf', () => {
  const problem = (text: string, count: number) =>
    formatProblem(Buffer.from(text, 'latin1'), count);
  for (const [text, count] of [
    ['', 0],
    ['plain\n\t', 0],
    ['100%%', 0],
    ['%d %i %u %x %X', 5],
    ['%lu %lld %08x % +d %-5d', 5],
    ['%c%s|%s', 3],
    ['%p %pK %px %ps %pS %pB', 6],
    ['%pks %pus %pi4 %pI6', 4],
    ['%s.', 1],
  ] as const) {
    assert.is(problem(text, count), undefined, text);
  }
  for (const [text, count] of [
    ['%d', 0],
    ['%d %d', 1],
    ['%', 1],
    ['%y', 1],
    ['%lly', 1],
    ['%sx', 1],
    ['%pi5', 1],
    ['%pz', 1],
    ['%lllu', 1],
    ['\x01', 0],
    ['\xe4', 0],
  ] as const) {
    assert.type(problem(text, count), 'string', text);
  }
});

test('maps and helpers', () => {
  const map = (typeName: string) => ({ name: 'm', typeName }) as BpfMap;
  const fits = (helper: number, typeName: string) =>
    mapMisfit(findHelper(helper)!, map(typeName)) === undefined;
  assert.ok(fits(1, 'lpm_trie') && fits(2, 'lru_percpu_hash') && fits(1, 'hash_of_maps'));
  assert.not(fits(2, 'array_of_maps'));
  assert.not(fits(1, 'prog_array'));
  assert.not(fits(12, 'array'));
  assert.ok(fits(12, 'prog_array') && fits(130, 'ringbuf') && fits(209, 'user_ringbuf'));
  assert.not(fits(131, 'user_ringbuf'));
  assert.not(fits(88, 'bloom_filter'));
  assert.not(fits(164, 'lpm_trie'));
  assert.not(fits(1, 'arena'));
  assert.match(mapMisfit(findHelper(12)!, map('hash'))!.help, /BPF_MAP_TYPE_PROG_ARRAY/);
});

const RING = 'map ring ringbuf key 0 value 0 entries 4096\n';

test('what a function acquired is its callers when it returns', () => {
  // A callback then leaves without it being taken for the callback's own.
  accepts(`${RING}
    call f1
    if r0 == 0 goto l1
    r6 = r0; r1 = 4; r2 = function cb ll; r3 = 0; r4 = 0
    call loop
    r1 = r6; r2 = 0
    call ringbuf_submit
    l1: r0 = 0; exit
    static f1:
    r1 = map ring ll; r2 = 8; r3 = 0
    call ringbuf_reserve
    exit
    static cb:
    r0 = 0; exit`);
  rejects(
    /^BPF-V036 .* when this callback returns/,
    `${RING}
    r1 = 1; r2 = function cb ll; r3 = 0; r4 = 0
    call loop
    r0 = 0; exit
    static cb:
    call f1
    r0 = 0; exit
    static f1:
    r1 = map ring ll; r2 = 8; r3 = 0
    call ringbuf_reserve
    r0 = 0; exit`,
  );
});

const EACH = `map m hash key 4 value 8 entries 4
    *(u64 *)(r10 - 8) = 0
    r1 = map m ll; r2 = function cb ll; r3 = r10; r3 += -8; r4 = 0
    call for_each_map_elem
    r1 = *(u64 *)(r10 - 8)
    if r1 == 0 goto l1
    r0 = *(u32 *)(r1 + 0)
    l1: r0 = 0; exit
    static cb:
    `;

test('a key is lent to a callback only, a value is not', () => {
  rejects(/^BPF-V029 /, `${EACH}*(u64 *)(r4 + 0) = r2; r0 = 0; exit`);
  accepts(`${EACH}*(u64 *)(r4 + 0) = r3; r0 = 0; exit`);
});

test('a key that another callback was lent stays good inside', () => {
  accepts(`map m hash key 4 value 8 entries 4
    r1 = map m ll; r2 = function outer ll; r3 = 0; r4 = 0
    call for_each_map_elem
    r0 = 0; exit
    static outer:
    r6 = r2; r1 = map m ll; r2 = function inner ll; r3 = 0; r4 = 0
    call for_each_map_elem
    r0 = *(u32 *)(r6 + 0); r0 = 0; exit
    static inner:
    r0 = 0; exit`);
});

test('constant keys of arrays, on one path and on two', () => {
  const lookup = (key: string) => `map a array key 4 value 8 entries 4
    ${key}
    r2 = r10; r2 += -8; r1 = map a ll
    call map_lookup_elem
    r0 = *(u64 *)(r0 + 0); r0 = 0; exit`;
  accepts(lookup('*(u32 *)(r10 - 8) = 3'));
  rejects(/^BPF-V028 /, lookup('*(u32 *)(r10 - 8) = 4'));
  rejects(/^BPF-V028 /, lookup('*(u32 *)(r10 - 8) = -1'));
  const chosen = (other: number) =>
    lookup(`r6 = 0; r7 = *(u32 *)(r1 + 0)
    if r7 == 0 goto l1
    r6 = ${other}
    l1: *(u32 *)(r10 - 8) = r6`);
  accepts(chosen(3));
  // The state with 0 must not stand for the one with 9.
  rejects(/^BPF-V028 /, chosen(9));
});

/**
 * A program on whose first path r6 is `first`, and on whose second path it is `second`, with enough behind
 * where they meet for states to be kept and compared there.
 */
function onTwoPaths(first: string, second: string, then: string): string {
  const stretch = `${'r8 = 0; '.repeat(5)}if r8 != 0 goto end\n`;
  return `program kprobe
    map a array key 4 value 8 entries 4
    map ring ringbuf key 0 value 0 entries 4096
    ${Array.from({ length: 8 }, (_, slot) => `*(u64 *)(r10 - ${8 * slot + 8}) = 0`).join('; ')}
    call ktime_get_ns
    r7 = r0
    if r7 == 0 goto l1
    ${first}
    goto l2
    l1: ${second}
    l2: ${stretch.repeat(8)}
    ${then}
    end: r0 = 0; exit
    static bound:
    r0 = r1; r0 = 0; exit
    static result:
    r0 = *(u64 *)(r2 + 0); exit
    static writes:
    r1 = 99; *(u64 *)(r2 + 0) = r1; r0 = 0; exit`;
}

test('a state with harmless numbers does not stand for one with others', () => {
  const unused = `
    r1 = 0; r2 = function bound ll; r3 = 0; r4 = 0; call loop
    r1 = 0; r2 = function result ll; r3 = 0; r4 = 0; call loop
    r1 = 0; r2 = function writes ll; r3 = 0; r4 = 0; call loop
    `;
  const size = `${unused}r1 = map ring ll; r2 = r10; r2 += -64; r3 = r6; r4 = 0; call ringbuf_output`;
  accepts(onTwoPaths('r6 = 8', 'r6 = 64', size));
  rejects(/^BPF-V022 /, onTwoPaths('r6 = 8', 'r6 = 65', size));
  const allocation = `${unused}r1 = map ring ll; r2 = r6; r3 = 0; call ringbuf_reserve
    if r0 == 0 goto end
    *(u64 *)(r0 + 8) = 1; r1 = r0; r2 = 0; call ringbuf_submit`;
  accepts(onTwoPaths('r6 = 16', 'r6 = 24', allocation));
  rejects(/^BPF-V026 /, onTwoPaths('r6 = 16', 'r6 = 8', allocation));
  const key = `${unused}r2 = r10; r2 += -8; r1 = map a ll; call map_lookup_elem
    r0 = *(u64 *)(r0 + 0)`;
  const stored = (value: number) => `r6 = ${value}; *(u32 *)(r10 - 8) = r6`;
  accepts(onTwoPaths(stored(1), stored(3), key));
  rejects(/^BPF-V028 /, onTwoPaths(stored(1), stored(9), key));
  // Never called on the first path, so its result does not matter there.
  const turns = `${unused}*(u64 *)(r10 - 8) = 7
    r1 = r6; r2 = function result ll; r3 = r10; r3 += -8; r4 = 0; call loop`;
  accepts(onTwoPaths('r6 = 0', 'r6 = 0', turns));
  rejects(/^BPF-V045 /, onTwoPaths('r6 = 0', 'r6 = 1', turns));
  const result = `${unused}r1 = 1; r2 = function result ll; r3 = r10; r3 += -8; r4 = 0; call loop`;
  const spilled = (value: number) => `r6 = ${value}; *(u64 *)(r10 - 8) = r6`;
  accepts(onTwoPaths(spilled(0), spilled(1), result));
  rejects(/^BPF-V045 /, onTwoPaths(spilled(1), spilled(2), result));
});

test('what a program of a session returns decides whether its twin runs', () => {
  const session = (object: BpfObject) => ({
    ...object,
    programs: object.programs.map((program) => ({
      ...program,
      attach: { ...program.attach, type: 'kprobe.session' },
    })),
  });
  const text = (second: number) => onTwoPaths('r6 = 0', `r6 = ${second}`, 'r0 = r6; exit');
  accepts(text(1), session);
  accepts(text(2));
  rejects(/^BPF-V044 .*must return 0 to 1, but this may return 2/, text(2), session);
});

test('a tail call into a map that holds a program of another type', () => {
  const text = `program tc
    map progs prog_array key 4 value 4 entries 4
    r2 = map progs ll; r3 = 0
    call tail_call
    r0 = 0; exit
    global other:
    r0 = 0; exit`;
  const holding = (kind: 'tc' | 'xdp') => (object: BpfObject) => ({
    ...object,
    programs: [
      ...object.programs,
      { ...object.programs[0]!, index: 1, name: 'other', kind, entry: 1 },
    ],
    functions: object.functions.map((fn) => (fn.index === 1 ? { ...fn, program: 1 } : fn)),
    maps: object.maps.map((map) => ({ ...map, initial: [{ key: 0, function: 1 }] })),
  });
  accepts(text, holding('tc'));
  rejects(/^BPF-V039 .*other, a program of another type/, text, holding('xdp'));
});

test('calls through registers', () => {
  accepts('r6 = 5; callx r6; r0 = 0; exit');
  accepts('r6 = function f1 ll; callx r6; exit\nstatic f1:\nr0 = 0; exit');
  rejects(/^BPF-V007 /, 'r6 = *(u32 *)(r1 + 0); callx r6; r0 = 0; exit');
  rejects(/^BPF-V007 /, 'r6 = r10; callx r6; r0 = 0; exit');
  rejects(/^BPF-V004 /, 'r6 = 35; callx r6; r0 = 0; exit');
  rejects(/^BPF-V003 /, 'r6 = 60000; callx r6; r0 = 0; exit');
});

test('kernel functions are not there', () => {
  rejects(/^BPF-V006 /, 'r0 = 0; exit', (object) => ({
    ...object,
    functions: object.functions.map((fn) => ({
      ...fn,
      instructions: [{ kind: 'call_kernel', slot: 0, btfId: 7, btfFd: 0 }, ...fn.instructions],
    })),
  }));
});

/** Gives function f1 the signature `int f1(struct pair *p)`, with declaration tags on the parameter. */
function withPointer(...tags: readonly string[]): (object: BpfObject) => BpfObject {
  const types = new BtfBuilder();
  const int = types.int('int', 4);
  const long = types.int('long', 8);
  const pair = types.struct('pair', 16, [
    ['a', long, 0],
    ['b', long, 64],
  ]);
  const pointer = types.pointer(pair);
  const prototype = types.prototype(int, [pointer]);
  const fn = types.record(12, types.string('f1'), 0, 1, prototype);
  for (const tag of tags) types.record(17, types.string(tag), 0, 0, fn, [0]);
  const btf = parseBtf(types.bytes(), 'types');
  return (object) => ({
    ...object,
    btf,
    functions: object.functions.map((one) =>
      one.name === 'f1' ? { ...one, btfFunction: fn } : one,
    ),
  });
}

test('global functions and tags of their parameters', () => {
  const text = (given: string, body: string) => `program tc
    map m hash key 4 value 16 entries 4
    r6 = r1; *(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 8) = 0
    ${given}
    call f1
    r0 = 0; exit
    global f1:
    ${body}`;
  const stack = 'r1 = r10; r1 += -16';
  const checked = 'if r1 == 0 goto l1; r0 = *(u64 *)(r1 + 8)\nl1: r0 = 0; exit';
  const unchecked = 'r0 = *(u64 *)(r1 + 8); r0 = 0; exit';
  const lookup = 'r1 = map m ll; r2 = r10; r2 += -8; call map_lookup_elem; r1 = r0';
  accepts(text(stack, checked), withPointer());
  accepts(text('r1 = 0', checked), withPointer());
  accepts(text(lookup, checked), withPointer());
  rejects(/^BPF-V028 /, text(stack, unchecked), withPointer());
  accepts(text(stack, unchecked), withPointer('arg:nonnull'));
  rejects(/^BPF-V049 .*never null/, text('r1 = 0', unchecked), withPointer('arg:nonnull'));
  rejects(/^BPF-V049 .*may be null/, text(lookup, unchecked), withPointer('arg:nonnull'));
  rejects(/^BPF-V049 .*not supported/, text(stack, checked), withPointer('arg:arena'));
  const length = 'r0 = *(u32 *)(r1 + 0); exit';
  accepts(text('r1 = r6', length), withPointer('arg:ctx'));
  rejects(/^BPF-V049 .*the context/, text(stack, length), withPointer('arg:ctx'));
  rejects(
    /^BPF-V049 .*do not go together/,
    text(stack, length),
    withPointer('arg:ctx', 'arg:nonnull'),
  );
  // Tags that are not about arguments mean nothing here.
  accepts(text(stack, checked), withPointer('mine'));
});

test('a global function without types is walked at its calls', () => {
  accepts('r1 = 5; call f1; exit\nglobal f1:\nr0 = r1; exit');
  rejects(/^BPF-V020 /, 'call f1; exit\nglobal f1:\nr0 = r2; exit');
});

test.run();
