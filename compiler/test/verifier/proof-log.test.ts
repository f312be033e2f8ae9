/** The log of a walk: the kernel's notation of instructions, values and states, and its numbers. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { buildObject, objectFromBytecode } from '../../src/object/index.ts';
import { constantScalar, rangeScalar, UNKNOWN } from '../../src/verifier/domain/index.ts';
import { prepareCode } from '../../src/verifier/proof/code.ts';
import { createLogger } from '../../src/verifier/proof/log/log.ts';
import { numbering } from '../../src/verifier/proof/log/log-numbering.ts';
import {
  formatFrame,
  formatSlot,
  formatState,
  formatValue,
} from '../../src/verifier/proof/log/notation.ts';
import { instructionText } from '../../src/verifier/proof/log/notation-instruction.ts';
import { prove } from '../../src/verifier/proof/prove.ts';
import { BYTE, Frame, State } from '../../src/verifier/proof/state.ts';
import { PointerValue, ScalarValue, type Target } from '../../src/verifier/proof/value.ts';
import { type Draft, makeObject } from '../support/object.ts';

/** Code, and how Linux 6.18 writes it in its log. */
const FORMS: readonly (readonly [string, string])[] = [
  ['bf16000000000000', '(bf) r6 = r1'],
  ['b701000005000000', '(b7) r1 = 5'],
  ['7b1af8ff00000000', '(7b) *(u64 *)(r10 -8) = r1'],
  ['7b1af0ff00000000', '(7b) *(u64 *)(r10 -16) = r1'],
  ['b702000003000000', '(b7) r2 = 3'],
  ['b700000001000000', '(b7) r0 = 1'],
  ['db1af8ff01000000', '(db) r1 = atomic64_fetch_add((u64 *)(r10 -8), r1)'],
  ['c31af8ff41000000', '(c3) r1 = atomic_fetch_or((u32 *)(r10 -8), r1)'],
  ['db1af8ffe1000000', '(db) r1 = atomic64_xchg((u64 *)(r10 -8), r1)'],
  ['c31af8ffe1000000', '(c3) r1 = atomic_xchg((u32 *)(r10 -8), r1)'],
  ['db2af8fff1000000', '(db) r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2)'],
  ['c32af8fff1000000', '(c3) r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r2)'],
  ['db2af8ffa0000000', '(db) lock *(u64 *)(r10 -8) ^= r2'],
  ['c32af8ff50000000', '(c3) lock *(u32 *)(r10 -8) &= r2'],
  ['c32af8ff40000000', '(c3) lock *(u32 *)(r10 -8) |= r2'],
  ['91a3f8ff00000000', '(91) r3 = *(s8 *)(r10 -8)'],
  ['81a3f0ff00000000', '(81) r3 = *(s32 *)(r10 -16)'],
  ['89a4f0ff00000000', '(89) r4 = *(s16 *)(r10 -16)'],
  ['bf21080000000000', '(bf) r1 = (s8)r2'],
  ['bc21100000000000', '(bc) w1 = (s16)w2'],
  ['bf21200000000000', '(bf) r1 = (s32)r2'],
  ['8401000000000000', '(84) w1 = -w1'],
  ['8701000000000000', '(87) r1 = -r1'],
  ['d701000010000000', '(d7) r1 = bswap16 r1'],
  ['d701000020000000', '(d7) r1 = bswap32 r1'],
  ['d701000040000000', '(d7) r1 = bswap64 r1'],
  ['dc01000010000000', '(dc) r1 = be16 r1'],
  ['dc01000020000000', '(dc) r1 = be32 r1'],
  ['d401000040000000', '(d4) r1 = le64 r1'],
  ['d401000010000000', '(d4) r1 = le16 r1'],
  ['3701010003000000', '(37) r1 s/= 3'],
  ['9401010003000000', '(94) w1 s%= 3'],
  ['3f21000000000000', '(3f) r1 /= r2'],
  ['97010000f9ffffff', '(97) r1 %= -7'],
  ['47010000ffffffff', '(47) r1 |= -1'],
  ['a4010000ff000000', '(a4) w1 ^= 255'],
  ['c701000003000000', '(c7) r1 s>>= 3'],
  ['740100001f000000', '(74) w1 >>= 31'],
  ['27010000a0860100', '(27) r1 *= 100000'],
  ['1f21000000000000', '(1f) r1 -= r2'],
  ['cc21000000000000', '(cc) w1 s>>= w2'],
  ['c5010100fbffffff', '(c5) if r1 s< 0xfffffffb goto pc+1'],
  ['b701000090eefeff', '(b7) r1 = -70000'],
  ['4601000008000000', '(46) if w1 & 0x8 goto pc+0'],
  ['5d21000000000000', '(5d) if r1 != r2 goto pc+0'],
  ['7e21000000000000', '(7e) if w1 s>= w2 goto pc+0'],
  ['720affff07000000', '(72) *(u8 *)(r10 -1) = 7'],
  ['620afcfffdffffff', '(62) *(u32 *)(r10 -4) = -3'],
  ['7a0af8ffa0860100', '(7a) *(u64 *)(r10 -8) = 100000'],
  ['0600000000000000', '(06) gotol pc+0'],
  ['18050000efcdab890000000067452301', '(18) r5 = 0x123456789abcdef'],
  ['18050000ffffffff00000000ffffffff', '(18) r5 = 0xffffffffffffffff'],
  ['3000000017000000', '(30) r0 = *(u8 *)skb[23]'],
  ['b707000001000000', '(b7) r7 = 1'],
  ['5070000003000000', '(50) r0 = *(u8 *)skb[r7 + 3]'],
  ['4000000005000000', '(40) r0 = *(u32 *)skb[r0 + 5]'],
  ['b700000000000000', '(b7) r0 = 0'],
  ['9500000000000000', '(95) exit'],
];

test('instructions as the kernel writes them', () => {
  const hex = FORMS.map(([code]) => code).join('');
  const object = objectFromBytecode(new Uint8Array(Buffer.from(hex, 'hex')), 'forms');
  const code = prepareCode(object);
  const numbers = numbering(object, object.programs[0]!, code);
  FORMS.forEach(([, expected], pc) => {
    const after = numbers.of(pc) + 1;
    const text = instructionText(code.at(pc), {
      object,
      distance: (target) => numbers.of(target) - after,
      callDistance: (fn) => numbers.startOf(fn) - after,
    });
    assert.is(text, expected);
  });
});

const nothing: Draft = { kind: 'exit' };
const call = (fn: number): Draft => ({ kind: 'call_function', function: fn });
const constant: Draft = {
  kind: 'reference',
  destination: 1,
  reference: { kind: 'value', value: 1n },
};
const address = (fn: number): Draft => ({
  kind: 'reference',
  destination: 2,
  reference: { kind: 'function', function: fn },
});

test('functions are numbered as libbpf puts them together', () => {
  // 0 names 2 first, which names 1 before 0 does; 3 is named by nobody.
  const object = makeObject({
    functions: [
      [constant, address(2), call(1), call(2), nothing],
      [constant, nothing],
      [call(1), constant, nothing],
      [nothing],
    ],
  });
  const code = prepareCode(object);
  const numbers = numbering(object, object.programs[0]!, code);
  assert.equal(numbers.functions, [0, 2, 1]);
  // The entry has 7 slots: constants take two.
  assert.is(numbers.startOf(2), 7);
  assert.is(numbers.startOf(1), 11);
  assert.is(numbers.of(code.startOf(0) + 4), 6);
  assert.is(numbers.of(code.startOf(2) + 2), 10);
  assert.is(numbers.of(code.startOf(1) + 1), 13);
  assert.is(numbers.of(code.startOf(3)), -1);
});

const object = makeObject({
  functions: [[nothing]],
  kind: 'xdp',
  maps: [{ name: 'a_map_with_a_long_name', keySize: 4, valueSize: 8 }],
  data: [{ name: '.rodata', kind: 'rodata', size: 24 }],
});
const map = object.maps[0]!;
const pointer = (target: Target, options = {}) =>
  formatValue(object, new PointerValue(target, options), 0);

test('values as the kernel writes them', () => {
  const scalar = (value: ScalarValue) => formatValue(object, value, 0);
  assert.is(scalar(new ScalarValue(UNKNOWN)), 'scalar()');
  assert.is(scalar(new ScalarValue(UNKNOWN, 3)), 'scalar(id=3)');
  assert.is(scalar(new ScalarValue(UNKNOWN, 3, 4)), 'scalar(id=3+4)');
  assert.is(scalar(new ScalarValue(UNKNOWN, 3, -4)), 'scalar(id=3-4)');
  assert.is(scalar(new ScalarValue(constantScalar(-1), 3)), '-1');
  assert.is(scalar(new ScalarValue(constantScalar(0xffff))), '0xffff');
  assert.is(
    scalar(new ScalarValue(rangeScalar(0, 255), 2)),
    'scalar(id=2,smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))',
  );
  assert.is(pointer({ kind: 'context' }), 'ctx()');
  assert.is(pointer({ kind: 'stack', frame: 0 }, { offset: -8 }), 'fp-8');
  assert.is(pointer({ kind: 'stack', frame: 0 }), 'fp0');
  assert.is(pointer({ kind: 'stack', frame: 1 }, { offset: -8 }), 'fp[1]-8');
  assert.is(pointer({ kind: 'packet' }, { offset: 14, range: 18 }), 'pkt(off=14,r=18)');
  assert.is(
    pointer({ kind: 'packet' }, { id: 2, variable: rangeScalar(0, 60) }),
    'pkt(id=2,r=0,smin=smin32=0,smax=umax=smax32=umax32=60,var_off=(0x0; 0x3f))',
  );
  assert.is(pointer({ kind: 'packet_end' }), 'pkt_end()');
  const shared = 'map=a_map_with_a_lo,ks=4,vs=8';
  assert.is(pointer({ kind: 'map', map, unique: 0 }), `map_ptr(${shared})`);
  const value: Target = { kind: 'map_value', map, unique: 0 };
  assert.is(pointer(value, { nullable: true, id: 5 }), `map_value_or_null(id=5,${shared})`);
  assert.is(pointer(value, { id: 5, offset: 4 }), `map_value(${shared},off=4)`);
  assert.is(pointer({ kind: 'data', section: 0 }), 'map_value(map=made.rodata,ks=4,vs=24)');
  const memory: Target = {
    kind: 'memory',
    size: 16,
    alignment: 8,
    writable: true,
    name: 'ring-buffer record',
  };
  assert.is(
    pointer(memory, { nullable: true, id: 3, reference: 3 }),
    'ringbuf_mem_or_null(id=3,ref_obj_id=3,sz=16)',
  );
  assert.is(pointer({ ...memory, name: 'argument', writable: false }), 'rdonly_mem(sz=16)');
  assert.is(pointer({ kind: 'function', function: 0 }), 'func()');
});

/** Bytes of a slot, the one at the highest address first, as they are printed. */
const bytes = (...kinds: readonly number[]) =>
  kinds.reduce((all, kind, index) => all + kind * 16 ** (7 - index), 0) | 0;

test('slots and frames as the kernel writes them', () => {
  const { UNINITIALISED: _, SPILLED: S, ANYTHING: m, ZERO: z, DYNPTR: d } = BYTE;
  const five = new ScalarValue(constantScalar(5));
  assert.is(
    formatSlot(object, { bytes: bytes(_, _, _, _, z, z, _, _), value: undefined }, 0),
    '????00??',
  );
  assert.is(formatSlot(object, { bytes: bytes(m, m, m, m, S, S, S, S), value: five }, 0), 'mmmm5');
  assert.is(formatSlot(object, { bytes: bytes(S, S, S, S, S, S, S, S), value: five }, 0), '5');
  const state = new State(0);
  const [below, above] = [new Frame(0, -1), new Frame(1, 7)];
  state.frames = [below, above];
  below.registers[10] = new PointerValue({ kind: 'stack', frame: 0 });
  above.registers[1] = new PointerValue({ kind: 'stack', frame: 0 }, { offset: -24 });
  above.registers[10] = new PointerValue({ kind: 'stack', frame: 1 });
  const dynptr = { type: 'ringbuf', id: 2, reference: 3, writable: true } as const;
  const all = bytes(d, d, d, d, d, d, d, d);
  below.setSlot(1, { bytes: all, value: undefined, dynptr: { ...dynptr, first: false } });
  below.setSlot(2, { bytes: all, value: undefined, dynptr: { ...dynptr, first: true } });
  above.setSlot(0, { bytes: bytes(m, m, m, m, m, m, m, m), value: undefined });
  state.references = [{ id: 3, kind: 'ringbuf', at: 0, frame: 0 }];
  assert.is(formatState(object, state), ' frame1: R1=fp[0]-24 R10=fp0 fp-8=mmmmmmmm refs=3');
  assert.is(formatFrame(object, state, 0), ' R10=fp0 fp-24=dynptr_ringbuf(id=2,ref_id=3)');
});

test('nobody listens, nothing is made', () => {
  const code = prepareCode(object);
  const program = object.programs[0]!;
  assert.is(createLogger(object, program, code, {}), undefined);
  assert.is(createLogger(object, program, code, { logLevel: 2 }), undefined);
  assert.is(createLogger(object, program, code, { logLevel: 0, log: () => {} }), undefined);
});

function logOf(name: string, logLevel: 1 | 2): string[] {
  const file = join(packageRoot(), 'fixtures', 'obj', 'clang19-v3', `${name}.bpf.o`);
  const elf = parseElf(new Uint8Array(readFileSync(file)), file);
  const lines: string[] = [];
  prove(buildObject(elf, {}, new CollectingSink()), { logLevel, log: (line) => lines.push(line) });
  return lines;
}

/** What Linux 6.18 writes of fixtures/bpf/packet.bpf.c, as far as it goes without ids and addresses. */
const PACKET = `0: R1=ctx() R10=fp0
; void *end = (void *)(long)ctx->data_end; @ packet.bpf.c:51
0: (61) r6 = *(u32 *)(r1 +4)          ; R1=ctx() R6=pkt_end()
; void *data = (void *)(long)ctx->data; @ packet.bpf.c:50
1: (61) r7 = *(u32 *)(r1 +0)          ; R1=ctx() R7=pkt(r=0)
2: (b4) w0 = 0                        ; R0=0
; void *next = ethernet + 1; @ packet.bpf.c:53
4: (bf) r1 = r7                       ; R1=pkt(r=0) R7=pkt(r=0)
5: (07) r1 += 14                      ; R1=pkt(off=14,r=0)
; if (next > end) @ packet.bpf.c:59
6: (2d) if r1 > r6 goto pc+97         ; R1=pkt(off=14,r=14) R6=pkt_end()
; type = ethernet->h_proto; @ packet.bpf.c:61
7: (71) r3 = *(u8 *)(r7 +12)          ; R3=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff)) R7=pkt(r=14)
9: (64) w2 <<= 8                      ; R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=0xff00,var_off=(0x0; 0xff00))
13: (b4) w0 = 2                       ; R0=2
15: (05) goto pc+88
104: (95) exit
from 14 to 19: R0=2 R1=pkt(off=14,r=14) R2=129 R3=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff)) R6=pkt_end() R7=pkt(r=14) R10=fp0 fp-8=????00??`;

test('level 2 writes what the kernel writes', () => {
  const lines = new Set(logOf('packet', 2));
  for (const line of PACKET.split('\n')) assert.ok(lines.has(line), line);
});

test('level 1 writes branches, calls and exits, with states', () => {
  const lines = logOf('packet', 1);
  const instructions = lines.filter((line) => /^\d+: \(/.test(line));
  assert.ok(instructions.length > 20);
  for (const line of instructions) assert.match(line, /: \(..\) (if |call |exit|may_goto|goto)/);
  const index = lines.findIndex((line) => line.startsWith('6: (2d) if r1 > r6'));
  assert.match(lines.slice(index - 2, index).join('\n'), /^6: R0=0 .*R1=pkt\(off=14,r=0\)/m);
  assert.match(lines.at(-1)!, /^processed \d+ insns \(limit 1000000\)/);
});

test.run();
