/** Memory other than stack and maps: context, packets, what helpers give; atomics. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { constantScalar, rangeScalar, signedRange } from '../../src/verifier/domain/index.ts';
import type { Target } from '../../src/verifier/proof/value.ts';
import {
  HandPath,
  index,
  map,
  onValue,
  type Prepare,
  refusal,
  rules,
} from './proof-memory-path.ts';

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
