/** Values and keys of maps, their special fields, and global data. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBtf } from '../../src/btf/index.ts';
import { rangeScalar } from '../../src/verifier/domain/index.ts';
import { specialFieldsOfMap } from '../../src/verifier/proof/memory/map-value-fields.ts';
import { checkMemory } from '../../src/verifier/proof/memory/memory.ts';
import { BtfBuilder } from '../btf/builder.ts';
import {
  HandPath,
  index,
  map,
  onValue,
  refusal,
  rules,
  type Setting,
} from './proof-memory-path.ts';

const values = suite('map values');
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
