/** Our log beside the kernel's: what counts as the same, and where the walks part. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareLogs } from '../../src/driver/verify-compare.ts';

const lines = (text: string) => text.trim().split('\n');

test('columns, addresses and the counting of ids make no difference', () => {
  const own = lines(`
0: (18) r1 = map[counts] ; R1=map_ptr(map=counts,ks=4,vs=8)
2: (85) call bpf_map_lookup_elem#1 ; R0=map_value_or_null(id=2,map=counts,ks=4,vs=8)
3: (07) r2 += 4 ; R2=scalar(id=7+4,umax=4)`);
  const kernel = lines(`
0: R1=ctx() R10=fp0
0: (18) r1 = 0xffff88810482f800   ; R1=map_ptr(map=counts,ks=4,vs=8)
2: (85) call bpf_map_lookup_elem#1          ; R0=map_value_or_null(id=9,map=counts,ks=4,vs=8)
3: (07) r2 += 4 ; R2=scalar(id=1+4,umax=4)`);
  const { common, parting, lines: shown } = compareLogs(own, kernel);
  assert.is(common, 3);
  assert.is(parting, undefined);
  assert.ok(
    shown.every((line) => line.startsWith('= ')),
    shown.join('\n'),
  );
});

test('what they know differently is shown by both lines', () => {
  const { lines: shown } = compareLogs(
    ['5: (b7) r1 = 1 ; R1=1', '6: (07) r2 += 4 ; R2=scalar(id=1+4)'],
    ['5: (b7) r1 = 1 ; R1=2', '6: (07) r2 += 4 ; R2=scalar(id=1+8)'],
  );
  assert.equal(shown, [
    '< 5: (b7) r1 = 1 ; R1=1',
    '> 5: (b7) r1 = 1 ; R1=2',
    '< 6: (07) r2 += 4 ; R2=scalar(id=1+4)',
    '> 6: (07) r2 += 4 ; R2=scalar(id=1+8)',
  ]);
});

test('a state that the kernel writes behind its marks of precision belongs to the instruction', () => {
  const marked = (state: string) =>
    lines(`
55: (0f) r8 += r2
mark_precise: frame0: last_idx 55 first_idx 52 subseq_idx -1
mark_precise: frame0: parent state regs=r2 stack=:  R2=Pscalar()
56: ${state}
56: (95) exit`);
  const own = ['55: (0f) r8 += r2 ; R2=3 R8=pkt(off=22)', '56: (95) exit'];
  const starts = (state: string) =>
    compareLogs(own, marked(state)).lines.map((line) => line.slice(0, 1));
  assert.equal(starts('R2=3 R8=pkt(off=22)'), ['=', '=']);
  assert.equal(starts('R2=4 R8=pkt(off=22)'), ['<', '>', '=']);
});

test('a state at the start of a path belongs to no instruction', () => {
  const kernel = lines(`
92: (6b) *(u16 *)(r10 -6) = r1
93: safe

from 80 to 93: R0=0 R10=fp0
93: R0=0 R10=fp0
93: (95) exit`);
  const own = ['92: (6b) *(u16 *)(r10 -6) = r1 ; R1=1 R10=fp0 fp-8=mm', '93: (95) exit'];
  assert.equal(
    compareLogs(own, kernel).lines.map((line) => line.slice(0, 1)),
    ['=', '='],
  );
});

test('the walks part at the first step that is another instruction, or none', () => {
  const own = ['1: (95) exit', '4: (95) exit'];
  const parted = compareLogs(own, ['1: (95) exit', '7: (95) exit']);
  assert.is(parted.common, 1);
  assert.equal(parted.parting, { own: 4, kernel: 7 });
  assert.equal(compareLogs(own, ['1: (95) exit']).parting, { own: 4, kernel: undefined });
});

test.run();
