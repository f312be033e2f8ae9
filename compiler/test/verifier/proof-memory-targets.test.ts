/** Memory other than the stack: context, maps, global data, packets, what helpers give; atomics. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBtf } from '../../src/btf/index.ts';
import { constantScalar, rangeScalar, signedRange } from '../../src/verifier/domain/index.ts';
import { specialFieldsOfMap } from '../../src/verifier/proof/map-value-fields.ts';
import { checkMemory } from '../../src/verifier/proof/memory.ts';
import type { Target } from '../../src/verifier/proof/value.ts';
import { BtfBuilder } from '../btf/builder.ts';
import { HandPath, outcome, refusal, type Setting } from './proof-memory-path.ts';

type Prepare = (path: HandPath) => void;

/** Rules for one setting. */
function rules(setting: Setting, prepare: Prepare = () => {}) {
  const both = (text: string, more: Prepare) =>
    outcome(
      text,
      (path) => {
        prepare(path);
        more(path);
      },
      setting,
    );
  return {
    accepts: (text: string, more: Prepare = () => {}) =>
      assert.is(both(text, more), 'accepted', text),
    refuses: (text: string, code: string, words: RegExp, more: Prepare = () => {}) => {
      const said = both(text, more);
      assert.ok(said.startsWith(`BPF-${code}: `), `${text}: ${said}`);
      assert.match(said, words);
    },
  };
}

const context = suite('context');
context('loads give numbers of their size, or pointers into the packet', () => {
  const path = new HandPath({ kind: 'xdp' }).run(
    'r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = *(u32 *)(r1 + 8); r5 = *(u32 *)(r1 + 12)',
  );
  const kinds = [2, 3, 4].map((register) => {
    const value = path.get(register);
    return value.kind === 'pointer' ? [value.target.kind, value.range, value.id] : value.kind;
  });
  assert.equal(kinds, [
    ['packet', 0, 0],
    ['packet_end', 0, 0],
    ['packet_meta', 0, 0],
  ]);
  assert.is(path.scalar(5).range.unsignedMaximum, 0xffff_ffff);
});
context('the pointer must not have moved', () => {
  const { accepts, refuses } = rules({ kind: 'tc' });
  refuses('r1 += 8; r0 = *(u32 *)(r1 + 0)', 'V023', /moved by 8 bytes/);
  accepts('r1 += 8; r1 += -8; r0 = *(u32 *)(r1 + 0)');
  refuses('r1 += r3; r0 = *(u32 *)(r1 + 0)', 'V023', /varies/, (path) =>
    path.set(3, rangeScalar(0, 4)),
  );
});
context('the layout decides what may be accessed', () => {
  const { accepts, refuses } = rules({ kind: 'tc' });
  accepts('*(u32 *)(r1 + 8) = 5; *(u32 *)(r1 + 48) = r10');
  refuses('*(u32 *)(r1 + 0) = 5', 'V023', /read-only/);
  refuses('r0 = *(u32 *)(r1 - 4)', 'V023', /offset -4/);
  refuses('r0 = *(s32 *)(r1 + 76)', 'V023', /sign extension/);
});
context('one instruction accesses it always or never', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = 0; r2 = r10; r2 += -8');
  path.run('r0 = *(u64 *)(r1 + 0)');
  const { pc } = path;
  path.pc = pc - 1;
  assert.is(refusal(() => path.run('r0 = *(u64 *)(r2 + 0)')).code, 'BPF-V029');
  path.pc = pc - 1;
  path.run('r0 = *(u64 *)(r1 + 8)');
});
context.run();

const values = suite('map values');
const map = { name: 'm0', valueSize: 64 };
const onValue: Prepare = (path) =>
  path.point(2, { kind: 'map_value', map: path.object.maps[0]!, unique: 0 });
const index =
  (low: number, high: number): Prepare =>
  (path) => {
    path.set(3, signedRange(low, high));
    path.run('r2 += r3');
  };
values('accesses are inside', () => {
  const { accepts, refuses } = rules({ maps: [map] }, onValue);
  accepts('r0 = *(u64 *)(r2 + 56); *(u8 *)(r2 + 63) = 1; r0 = *(u64 *)(r2 + 3)');
  refuses(
    'r0 = *(u64 *)(r2 + 57)',
    'V024',
    /8 bytes at offset 57 of a value of map 'm0', which has only 64/,
  );
  refuses('r0 = *(u8 *)(r2 - 1)', 'V024', /before its start/);
});
values('so are all values of a variable offset', () => {
  const { accepts, refuses } = rules({ maps: [map] }, onValue);
  accepts('r0 = *(u64 *)(r2 + 0)', index(0, 56));
  refuses('r0 = *(u64 *)(r2 + 0)', 'V024', /an offset from 0 to 57/, index(0, 57));
  refuses('r0 = *(u64 *)(r2 + 8)', 'V024', /an offset from 8 to 64/, index(0, 56));
  refuses('r0 = *(u8 *)(r2 + 0)', 'V024', /from -1 to 3 .* before its start/, index(-1, 3));
  refuses('r0 = *(u8 *)(r2 + 8)', 'V032', /without an upper bound/, index(-1, 3));
  refuses('r0 = *(u8 *)(r2 + 0)', 'V032', /without an upper bound/, index(0, 2 ** 29));
});
values('loads give numbers, whatever was stored', () => {
  const path = new HandPath({ maps: [map] });
  onValue(path);
  path.run(
    '*(u64 *)(r2 + 0) = r1; r0 = *(u64 *)(r2 + 0); r4 = *(u8 *)(r2 + 0); r5 = *(s8 *)(r2 + 0)',
  );
  assert.ok(path.scalar(0).range.isUnknown);
  assert.is(path.scalar(4).range.unsignedMaximum, 255);
  assert.is(path.scalar(5).range.signedMinimum, -128);
});
values('flags bind programs', () => {
  const readOnly = rules({ maps: [{ ...map, flags: 0x80 }] }, onValue);
  readOnly.accepts('r0 = *(u64 *)(r2 + 0)');
  readOnly.refuses('*(u64 *)(r2 + 0) = 1', 'V027', /BPF_F_RDONLY_PROG/);
  readOnly.refuses('r0 = 1; lock *(u64 *)(r2 + 0) += r0', 'V027', /BPF_F_RDONLY_PROG/);
  const writeOnly = rules({ maps: [{ ...map, flags: 0x100 }] }, onValue);
  writeOnly.accepts('*(u64 *)(r2 + 0) = 1');
  writeOnly.refuses('r0 = *(u64 *)(r2 + 0)', 'V027', /BPF_F_WRONLY_PROG/);
});
values('keys are read-only', () => {
  const { accepts, refuses } = rules({ maps: [{ ...map, keySize: 8 }] }, (path) =>
    path.point(2, { kind: 'map_key', map: path.object.maps[0]!, unique: 0 }),
  );
  accepts('r0 = *(u64 *)(r2 + 0)');
  refuses('r0 = *(u64 *)(r2 + 1)', 'V024', /a key of map/);
  refuses('*(u32 *)(r2 + 0) = 1', 'V027', /keys cannot be changed/);
});
values('null first', () => {
  const { refuses } = rules({ maps: [map] }, (path) =>
    path.point(
      2,
      { kind: 'map_value', map: path.object.maps[0]!, unique: 0 },
      { nullable: true, id: 5 },
    ),
  );
  refuses('r0 = *(u64 *)(r2 + 0)', 'V028', /may not be in map 'm0'/);
  refuses('*(u64 *)(r2 + 0) = 1', 'V028', /may be null/);
  refuses('r0 = 1; lock *(u64 *)(r2 + 0) += r0', 'V028', /may be null/);
  refuses('r2 += 8', 'V031', /before it was compared with NULL/);
});
values.run();

const special = suite('special fields');
/** `struct { __u32 before; struct bpf_spin_lock lock; struct bpf_timer timers[count]; __u64 after; }` */
function withLock(count: number): Setting {
  const types = new BtfBuilder();
  const int = types.int('int', 4);
  const lock = types.struct('bpf_spin_lock', 4, [['val', int, 0]]);
  const long = types.int('long', 8);
  const timer = types.struct('bpf_timer', 16, [['opaque', types.array(long, int, 2), 0]]);
  const qualified = types.typedef('timer_type', types.modifier(9, timer));
  const timers = types.array(qualified, int, count);
  const value = types.struct('value', 16 + 16 * count, [
    ['before', int, 0],
    ['lock', lock, 32],
    ['timers', timers, 64],
    ['after', long, 64 + 128 * count],
  ]);
  const maps = [{ name: 'm0', valueSize: 16 + 16 * count, valueType: value }];
  return { maps, object: { btf: parseBtf(types.bytes(), 'made') } };
}
special('no load or store touches one', () => {
  const { accepts, refuses } = rules(withLock(2), onValue);
  accepts('r0 = *(u32 *)(r2 + 0); *(u64 *)(r2 + 40) = 1');
  refuses('r0 = *(u32 *)(r2 + 4)', 'V054', /struct bpf_spin_lock at offset 4/);
  refuses('r0 = *(u64 *)(r2 + 0)', 'V054', /bpf_spin_lock/);
  refuses('*(u8 *)(r2 + 8) = 1', 'V054', /struct bpf_timer at offset 8/);
  refuses('*(u8 *)(r2 + 39) = 1', 'V054', /struct bpf_timer at offset 24/);
  refuses('*(u8 *)(r2 + 0) = 1', 'V054', /bpf_spin_lock/, index(0, 4));
  accepts('*(u8 *)(r2 + 0) = 1', index(0, 3));
});
special('nor does a helper', () => {
  const path = new HandPath(withLock(2));
  onValue(path);
  checkMemory(path, 2, 4, { read: true, write: false });
  const said = refusal(() => checkMemory(path, 2, 5, { read: true, write: false }));
  assert.is(said.code, 'BPF-V054');
});
special('a million of them are one', () => {
  const setting = withLock(1_000_000);
  const path = new HandPath(setting);
  const fields = specialFieldsOfMap(path.object, path.object.maps[0]!);
  assert.equal(fields, [
    { type: 'struct bpf_spin_lock', offset: 4, size: 4 },
    { type: 'struct bpf_timer', offset: 8, size: 16_000_000 },
  ]);
});
special('types nested without end take no time', () => {
  const types = new BtfBuilder();
  const int = types.int('int', 4);
  let inner = types.struct('bpf_spin_lock', 4, [['val', int, 0]]);
  for (let depth = 0; depth < 40; depth++) {
    inner = types.struct(`s${depth}`, 4, [
      ['a', inner, 0],
      ['b', inner, 0],
    ]);
  }
  const path = new HandPath({
    maps: [{ name: 'm0', valueSize: 4, valueType: inner }],
    object: { btf: parseBtf(types.bytes(), 'made') },
  });
  assert.equal(specialFieldsOfMap(path.object, path.object.maps[0]!), []);
});
special('pointers that the kernel would look after are among them', () => {
  const types = new BtfBuilder();
  const target = types.struct('task_struct', 8, []);
  const tag = types.record(18, types.string('kptr'), 0, 0, target);
  const other = types.record(18, types.string('user'), 0, 0, target);
  const value = types.struct('value', 16, [
    ['plain', types.pointer(other), 0],
    ['task', types.pointer(tag), 64],
  ]);
  const { accepts, refuses } = rules(
    {
      maps: [{ name: 'm0', valueSize: 16, valueType: value }],
      object: { btf: parseBtf(types.bytes(), 'made') },
    },
    onValue,
  );
  accepts('r0 = *(u64 *)(r2 + 0)');
  refuses('r0 = *(u64 *)(r2 + 8)', 'V054', /kptr pointer at offset 8/);
});
special('variables of a section have them, too', () => {
  const types = new BtfBuilder();
  const int = types.int('int', 4);
  const lock = types.struct('bpf_spin_lock', 4, [['val', int, 0]]);
  const variable = (name: string, offset: number, type: number) => ({
    ...{ name, offset, type, size: 4, volatile: false, global: true },
  });
  const bss = {
    ...({ name: '.bss', kind: 'bss', size: 8 } as const),
    bytes: new Uint8Array(8),
    variables: [variable('a', 0, int), variable('lock', 4, lock)],
  };
  const { accepts, refuses } = rules({
    data: [bss],
    object: { btf: parseBtf(types.bytes(), 'made') },
  });
  accepts('r2 = data .bss + 0 ll; *(u32 *)(r2 + 0) = 1');
  refuses('r2 = data .bss + 4 ll; *(u32 *)(r2 + 0) = 1', 'V054', /bpf_spin_lock/);
});
special.run();

const data = suite('data sections');
const variable = (name: string, offset: number, size: number, volatile: boolean) => ({
  ...{ name, offset, size, volatile, type: 1, global: true },
});
const rodata = {
  ...({ name: '.rodata', kind: 'rodata', size: 12 } as const),
  bytes: Uint8Array.from([0xff, 0xff, 0x34, 0x12, 5, 0, 0, 0, 7, 0, 0, 0]),
  variables: [variable('a', 0, 4, false), variable('b', 4, 4, true)],
};
const plain = { name: '.data', kind: 'data', size: 8, bytes: new Uint8Array(8) } as const;
data('accesses are inside, and not to constants', () => {
  const { accepts, refuses } = rules({ data: [rodata, plain] });
  accepts('r2 = data .data + 4 ll; *(u32 *)(r2 + 0) = 1; r0 = *(u64 *)(r2 - 4)');
  refuses(
    'r2 = data .data + 4 ll; *(u32 *)(r2 + 1) = 1',
    'V026',
    /section '.data', which has only 8/,
  );
  refuses(
    'r2 = data .rodata + 0 ll; *(u32 *)(r2 + 0) = 1',
    'V027',
    /'.rodata', which is read-only/,
  );
  refuses('r2 = data .rodata + 0 ll; r0 = 1; r0 = xchg_64(r2 + 0, r0)', 'V027', /read-only/);
});
data('constants are known, what user space may set is not', () => {
  const path = new HandPath({ data: [rodata, plain] }).run(
    `r2 = data .rodata + 0 ll
     r0 = *(u32 *)(r2 + 0); r3 = *(s16 *)(r2 + 0); r4 = *(u32 *)(r2 + 4)
     r5 = *(u32 *)(r2 + 8); r6 = *(u64 *)(r2 + 0)
     r2 = data .data + 0 ll; r7 = *(u32 *)(r2 + 0)`,
  );
  assert.is(path.scalar(0).range.constantValue, 0x1234_ffffn);
  assert.is(path.scalar(3).range.constantNumber, -1);
  for (const register of [4, 5, 6, 7]) assert.not(path.scalar(register).range.isConstant);
});
data('what may be set beside what is constant', () => {
  const overlapping = {
    ...rodata,
    variables: [
      ...[variable('a', 0, 4, false), variable('b', 4, 2, false), variable('c', 8, 4, false)],
      variable('d', 10, 1, true),
    ],
  };
  const path = new HandPath({ data: [overlapping] }).run(
    `r2 = data .rodata + 0 ll
     r0 = *(u32 *)(r2 + 2); r3 = *(u32 *)(r2 + 4); r4 = *(u16 *)(r2 + 8)
     r5 = *(u16 *)(r2 + 10); r6 = *(u8 *)(r2 + 11)`,
  );
  const known = [0, 3, 4, 5, 6].map((register) => path.scalar(register).range.constantNumber);
  assert.equal(known, [0x5_1234, undefined, 7, undefined, 0]);
});
data('a variable offset gives no constant', () => {
  const path = new HandPath({ data: [rodata] });
  path.run('r2 = data .rodata + 0 ll');
  path.set(3, rangeScalar(0, 1));
  path.run('r2 += r3; r0 = *(u8 *)(r2 + 0)');
  assert.not(path.scalar(0).range.isConstant);
});
data.run();

const packets = suite('packets');
const onPacket =
  (range: number): Prepare =>
  (path) =>
    path.point(2, { kind: 'packet' }, { range });
packets('only what is proved may be accessed', () => {
  const { accepts, refuses } = rules({ kind: 'xdp' }, onPacket(14));
  accepts('r0 = *(u8 *)(r2 + 13); *(u16 *)(r2 + 12) = 1; r2 += 14; r0 = *(u8 *)(r2 - 14)');
  refuses('r0 = *(u32 *)(r2 + 12)', 'V025', /needs 16 bytes, but only 14 are proved/);
  refuses('r0 = *(u8 *)(r2 - 1)', 'V025', /before the address/);
  refuses('r0 = *(u8 *)(r2 + 0)', 'V025', /none are proved/, onPacket(0));
  refuses('r0 = *(u8 *)(r2 + 0)', 'V025', /none are proved/, onPacket(-1));
});
packets('variable parts are no negative numbers', () => {
  const at = (low: number, high: number): Prepare => {
    return (path) =>
      path.point(2, { kind: 'packet' }, { range: 8, variable: signedRange(low, high), id: 5 });
  };
  const { accepts, refuses } = rules({ kind: 'xdp' });
  accepts('r0 = *(u64 *)(r2 + 0)', at(0, 99));
  refuses('r0 = *(u8 *)(r2 + 0)', 'V025', /may be negative/, at(-1, 99));
  refuses('r0 = *(u8 *)(r2 + 8)', 'V025', /offset 8 of this pointer/, at(0, 99));
});
packets('some programs only look', () => {
  const { accepts, refuses } = rules({ kind: 'socket_filter' }, onPacket(14));
  accepts('r0 = *(u8 *)(r2 + 0)');
  refuses('*(u8 *)(r2 + 0) = 1', 'V027', /only read/);
});
packets('the end is no memory', () => {
  const { refuses } = rules({ kind: 'xdp' }, (path) => path.point(2, { kind: 'packet_end' }));
  refuses('r0 = *(u8 *)(r2 - 1)', 'V029', /the end of the packet/);
});
packets('memory of raw programs is such a packet', () => {
  const { accepts, refuses } = rules({ kind: 'raw' }, onPacket(8));
  accepts('*(u64 *)(r2 + 0) = 1');
  refuses('r0 = *(u8 *)(r2 + 8)', 'V025', /into the memory: it needs 9 bytes/);
});
packets.run();

const others = suite('other memory');
others('of a helper: its size and whether it may be written', () => {
  const memory = (writable: boolean): Prepare => {
    const target: Target = {
      kind: 'memory',
      size: 16,
      alignment: 8,
      writable,
      name: 'ring-buffer record',
    };
    return (path) => path.point(2, target);
  };
  const { accepts, refuses } = rules({});
  accepts('*(u64 *)(r2 + 8) = r10; r0 = *(u8 *)(r2 + 15)', memory(true));
  refuses(
    '*(u64 *)(r2 + 9) = 1',
    'V026',
    /the ring-buffer record, which has only 16/,
    memory(true),
  );
  refuses('*(u64 *)(r2 + 8) = 1', 'V027', /ring-buffer record, which is read-only/, memory(false));
  refuses('r0 = *(u8 *)(r2 + 0)', 'V026', /from 0 to 16/, (path) => {
    memory(true)(path);
    index(0, 16)(path);
  });
});
others('what is no memory', () => {
  const { refuses } = rules({ maps: [map] });
  refuses('r2 = map m0 ll; r0 = *(u64 *)(r2 + 0)', 'V029', /map 'm0' itself/);
  refuses('r0 = *(u64 *)(r2 + 0)', 'V029', /function 'f0'/, (path) =>
    path.point(2, { kind: 'function', function: 0 }),
  );
  refuses('*(u64 *)(r2 + 0) = 1', 'V029', /the dynptr/, (path) =>
    path.point(2, { kind: 'dynptr', name: 'sample' }),
  );
  refuses('r2 = 4096; r0 = *(u64 *)(r2 + 0)', 'V029', /r2, which is a number/);
  refuses('r2 = 0; r0 = *(u64 *)(r2 + 0)', 'V029', /null on this path/);
  refuses('r0 = *(u64 *)(r2 + 0)', 'V020', /r2/);
  refuses('*(u64 *)(r10 - 8) = r2', 'V020', /r2/);
  refuses('r10 = *(u64 *)(r1 + 0)', 'V012', /r10/);
});
others.run();

const atomics = suite('atomics');
atomics('read and write, and give what was there', () => {
  const path = new HandPath({ maps: [map] });
  onValue(path);
  path.run('r3 = 1; r3 = atomic_fetch_add((u32 *)(r2 + 4), r3)');
  assert.is(path.scalar(3).range.unsignedMaximum, 0xffff_ffff);
  path.run('r0 = 0; r3 = 1; r0 = cmpxchg_64(r2 + 0, r0, r3)');
  assert.ok(path.scalar(0).range.isUnknown);
  assert.is(path.scalar(3).range.constantNumber, 1);
});
atomics('on the stack: what was there comes out, and is relied upon', () => {
  const path = new HandPath().run('*(u64 *)(r10 - 8) = r1; r2 = 0; r2 = xchg_64(r10 - 8, r2)');
  assert.is(path.get(2).kind, 'pointer');
  path.run('r3 = *(u64 *)(r10 - 8)');
  assert.ok(path.scalar(3).range.isUnknown);
  path.run('*(u64 *)(r10 - 8) = 7; r2 = 1; r2 = atomic_fetch_or((u64 *)(r10 - 8), r2)');
  assert.is(path.scalar(2).range.constantNumber, 7);
  assert.ok(path.told.includes('precise 0:0'));
});
atomics('what they need', () => {
  const { accepts, refuses } = rules({ maps: [map] }, onValue);
  accepts('r3 = 1; lock *(u64 *)(r2 + 8) += r3; lock *(u64 *)(r2 + 8) += r2');
  refuses('r3 = 1; lock *(u64 *)(r2 + 4) += r3', 'V030', /no multiple of 8/);
  refuses('r3 = load_acquire((u32 *)(r2 + 2))', 'V030', /no multiple of 4/);
  refuses('lock *(u64 *)(r2 + 8) += r3', 'V020', /r3/);
  refuses('r3 = 1; r0 = cmpxchg_64(r2 + 0, r0, r3)', 'V020', /r0/);
  refuses('r3 = 1; lock *(u64 *)(r10 - 8) += r3', 'V021', /not written/);
  refuses('r3 = 1; lock *(u64 *)(r1 + 0) += r3', 'V050', /the context/);
  refuses('r3 = load_acquire((u64 *)(r1 + 0))', 'V050', /the context/);
  refuses('r3 = 1; r2 = map m0 ll; lock *(u64 *)(r2 + 0) += r3', 'V029', /map 'm0' itself/);
  refuses('r2 = atomic_fetch_add((u64 *)(r2 + 0), r2)', 'V050', /replaces the address in r2/);
  refuses(
    '*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r4 = r10; r4 += -16; r4 += r3; lock *(u64 *)(r4 + 0) += r5',
    'V050',
    /varies/,
    (path) => {
      path.set(3, rangeScalar(0, 15));
      path.set(5, constantScalar(1));
      path.run('r3 &= 8');
    },
  );
});
atomics('packets have none', () => {
  const { refuses } = rules({ kind: 'xdp' }, onPacket(16));
  refuses('r3 = 1; lock *(u64 *)(r2 + 0) += r3', 'V050', /the packet/);
  refuses('r3 = load_acquire((u64 *)(r2 + 0))', 'V050', /the packet/);
});
atomics('acquire and release are a load and a store', () => {
  const path = new HandPath().run(
    'store_release((u64 *)(r10 - 8), r1); r2 = load_acquire((u64 *)(r10 - 8))',
  );
  assert.is(path.get(2).kind, 'pointer');
  path.run('r3 = 5; store_release((u8 *)(r10 - 16), r3); r4 = load_acquire((u8 *)(r10 - 16))');
  assert.is(path.scalar(4).range.constantNumber, 5);
});
atomics.run();

const legacy = suite('loads from the packet by LD_ABS');
legacy('they need the context in r6, and take the arguments', () => {
  const { accepts, refuses } = rules({ kind: 'socket_filter' });
  accepts('r6 = r1; r0 = *(u32 *)skb[12]; r7 = r0');
  refuses('r0 = *(u32 *)skb[12]', 'V020', /r6/);
  refuses('r6 = r10; r0 = *(u32 *)skb[12]', 'V023', /context, unmoved, in r6/);
  refuses('r6 = r1; r6 += 4; r0 = *(u32 *)skb[12]', 'V023', /unmoved/);
  refuses('r6 = r1; r0 = *(u32 *)skb[12]; r0 = *(u32 *)(r1 + 0)', 'V020', /r1/);
  refuses('r6 = r1; r0 = *(u32 *)skb[r7 + 12]', 'V020', /r7/);
  rules({ kind: 'xdp' }).refuses('r6 = r1; r0 = *(u32 *)skb[12]', 'V023', /LD_ABS/);
});
legacy('nothing is held, since they may end the program', () => {
  const { refuses } = rules({ kind: 'tc' });
  refuses('r6 = r1; r0 = *(u32 *)skb[12]', 'V036', /may end/, (path) => {
    path.state.references = [{ id: 5, kind: 'ringbuf', at: 0, frame: 0 }];
  });
  refuses('r6 = r1; r0 = *(u32 *)skb[12]', 'V038', /may end/, (path) => {
    path.state.lock = { id: 5, map: 'm0', at: 0 };
  });
});
legacy('a function that was called may end with 0 there', () => {
  const path = new HandPath({ kind: 'tc', functions: ['r0 = 1; exit'] });
  const caller = path.get(1);
  path.enter(1);
  path.set(6, caller);
  path.run('r0 = *(u8 *)skb[0]');
  assert.is(path.forked.length, 1);
  const [ended] = path.forked;
  assert.is(path.code.at(ended!.pc).kind, 'exit');
  assert.is(path.code.functionOf(ended!.pc), 1);
  const result = ended!.frame.registers[0]!;
  assert.is(result.kind === 'scalar' ? result.range.constantNumber : undefined, 0);
  assert.ok(path.scalar(0).range.isUnknown);
});
legacy.run();
