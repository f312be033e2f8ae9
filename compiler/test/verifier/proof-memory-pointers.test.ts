/** Arithmetic with addresses. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rangeScalar, signedRange, UNKNOWN, ZERO } from '../../src/verifier/domain/index.ts';
import type { Target } from '../../src/verifier/proof/value.ts';
import { HandPath, refusal } from './proof-memory-path.ts';

const MEMORY: Target = { kind: 'memory', size: 64, alignment: 8, writable: true, name: 'memory' };

function pointer(path: HandPath, register: number) {
  const value = path.get(register);
  if (value.kind !== 'pointer') throw new Error(value.kind);
  return value;
}

function refuses(text: string, code: string, words: RegExp, target: Target = MEMORY): void {
  const path = new HandPath();
  path.point(2, target);
  path.set(3, UNKNOWN);
  const said = refusal(() => path.run(text));
  assert.is(said.code, `BPF-${code}`, `${text}: ${said.message}`);
  assert.match(said.message, words);
}

const sums = suite('sums');
sums('constants add up in the constant part', () => {
  const path = new HandPath();
  path.point(2, MEMORY);
  path.run('r2 += 40; r2 -= 8; r3 = -4; r2 += r3; r4 = 100; r4 += r2');
  assert.equal([pointer(path, 2).offset, pointer(path, 4).offset], [28, 128]);
  assert.is(pointer(path, 4).variable, ZERO);
});
sums('the rest adds up in the variable part, and has been relied upon', () => {
  const path = new HandPath();
  path.point(2, MEMORY);
  path.set(3, rangeScalar(0, 10));
  path.set(4, rangeScalar(1, 5));
  path.run('r2 += 8; r2 += r3; r2 -= r4; r3 += r2');
  const { offset, variable } = pointer(path, 2);
  assert.equal([offset, variable.signedMinimum, variable.signedMaximum], [8, -5, 9]);
  assert.equal(path.told, ['precise r3', 'precise r4', 'precise r3']);
  assert.is(pointer(path, 3).variable.signedMaximum, 19);
});
sums('a new variable part is another packet address', () => {
  const path = new HandPath({ kind: 'xdp' });
  path.point(2, { kind: 'packet' }, { range: 20, id: 7 });
  path.set(3, rangeScalar(0, 10));
  path.set(4, signedRange(-1, 10));
  path.run(
    'r5 = r2; r5 += 4; r6 = r2; r6 += r3; r7 = r2; r7 -= r3; r8 = r2; r8 -= r4; r9 = r2; r9 += 0',
  );
  const seen = [5, 6, 7, 8, 9].map((register) => pointer(path, register));
  assert.equal(
    seen.map(({ range }) => range),
    [20, 0, 20, 0, 20],
  );
  assert.is(seen[0]!.id, 7);
  assert.is(new Set([7, ...seen.slice(1, 4).map(({ id }) => id)]).size, 4);
});
sums('ids and references stay with other pointers', () => {
  const path = new HandPath();
  path.point(2, MEMORY, { id: 4, reference: 6 });
  path.set(3, rangeScalar(0, 10));
  path.run('r2 += r3; r2 += 1');
  assert.equal([pointer(path, 2).id, pointer(path, 2).reference], [4, 6]);
});
sums('differences are numbers, and so is what 32 bits of subtraction leave', () => {
  const path = new HandPath();
  path.point(2, MEMORY);
  path.point(4, { kind: 'packet_end' });
  path.run('r5 = r10; r5 -= r2; r6 = r4; r6 -= r2; r7 = r2; w7 -= 1; r8 = 4; w8 -= w2');
  for (const register of [5, 6]) assert.ok(path.scalar(register).range.isUnknown);
  for (const register of [7, 8]) {
    assert.is(path.scalar(register).range.unsignedMaximum, 0xffff_ffff);
  }
});
sums.run();

const refusals = suite('refusals');
refusals('operators', () => {
  for (const operator of ['*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=', 's>>=']) {
    refuses(`r2 ${operator} 8`, 'V031', /pointer/);
    refuses(`r2 ${operator} r10`, 'V031', /one pointer by means of another/);
  }
  refuses('r2 += r10', 'V031', /one pointer by means of another/);
  refuses('r4 = 8; r4 -= r2', 'V031', /subtracted from a number/);
  refuses('r4 = 8; r4 *= r2', 'V031', /multiplying a pointer/);
  refuses('w2 += 4', 'V031', /32-bit/);
  refuses('r2 -= 8', 'V031', /stack/, { kind: 'stack', frame: 0 });
});
refusals('targets', () => {
  const path = new HandPath({ maps: [{}] });
  path.run('r2 = map m0 ll; r2 += 0');
  assert.is(refusal(() => path.run('r2 += 8')).code, 'BPF-V031');
  refuses('r2 += 1', 'V031', /the end of the packet/, { kind: 'packet_end' });
  refuses('r2 += 0', 'V031', /the end of the packet/, { kind: 'packet_end' });
});
refusals('limits', () => {
  refuses('r2 += r3', 'V032', /may be anything/);
  refuses('r2 += 0x20000000', 'V032', /536870912/);
  refuses('r2 -= 0x20000000', 'V032', /536870912/);
  refuses('r4 = 0x8000000000000000 ll; r2 += r4', 'V032', /-9223372036854775808/);
  refuses('r2 += 0x1fffffff; r2 += 1', 'V032', /536870912/);
  refuses('r2 += -0x1fffffff; r2 += -1', 'V032', /-536870912/);
  const path = new HandPath();
  path.point(2, MEMORY);
  path.set(3, rangeScalar(2 ** 29, 2 ** 30));
  assert.is(refusal(() => path.run('r2 += r3')).code, 'BPF-V032');
  path.set(3, rangeScalar(2 ** 29 - 1, 2 ** 40));
  path.run('r2 += r3');
  path.set(3, rangeScalar(1, 2));
  assert.match(refusal(() => path.run('r2 += r3')).message, /536870912 bytes or more/);
});
refusals.run();
