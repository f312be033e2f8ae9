// What programs rely on: results that must be as narrow as these, worked out by hand.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AluOperator, BranchOperator } from '../../src/isa/index.ts';
import {
  arithmetic,
  constantScalar,
  contains,
  decide,
  equal,
  formatScalar,
  intersect,
  isAligned,
  join,
  rangeScalar,
  refine,
  type Scalar,
  signExtend,
  signedOfSize,
  signedRange,
  swap,
  trailingZeroes,
  truncate,
  UNKNOWN,
  unsignedOfSize,
  ZERO,
  zeroOrAllOnes,
} from '../../src/verifier/domain/index.ts';
import { knownBits } from './domain-samples.ts';

const c = constantScalar;
const range = rangeScalar;
const byte = unsignedOfSize(1);
const word = unsignedOfSize(4);

function calculated(
  operator: AluOperator,
  left: Scalar,
  right: Scalar | number,
  expected: Scalar,
  width: 32 | 64 = 64,
): void {
  const result = arithmetic(operator, width, left, typeof right === 'number' ? c(right) : right);
  assert.is(formatScalar(result), formatScalar(expected), `${operator}${width}`);
}

test('sums', () => {
  calculated('add', byte, 1, range(1, 256));
  calculated('add', range(10, 20), range(5, 7), range(15, 27));
  calculated('add', signedRange(-8, 8), 8, range(0, 16));
  calculated('sub', range(10, 20), range(5, 7), range(3, 15));
  calculated('sub', range(0, 7), 8, signedRange(-8, -1));
  calculated('sub', byte, byte, signedRange(-255, 255));
  // All sums wrap: the range survives.
  calculated('add', range(2n ** 64n - 10n, 2n ** 64n - 5n), 20, range(10, 15));
  calculated('add', word, 1, range(1, 2 ** 32));
  // Some sums wrap.
  calculated('add', word, 1, word, 32);
  calculated('add', UNKNOWN, 4, UNKNOWN);
  calculated(
    'add',
    knownBits(0n, ~7n & (2n ** 64n - 1n)),
    4,
    knownBits(4n, ~7n & (2n ** 64n - 1n)),
  );
});

test('products', () => {
  const times8 = arithmetic('mul', 64, byte, c(8));
  assert.is(times8.unsignedMaximum, 2040);
  assert.ok(isAligned(times8, 8));
  const times24 = arithmetic('mul', 64, range(0, 9), c(24));
  assert.is(times24.unsignedMaximum, 216);
  assert.is(trailingZeroes(times24), 3);
  assert.is(arithmetic('mul', 64, signedRange(-3, 4), c(-10)).signedMaximum, 30);
  assert.is(arithmetic('mul', 64, signedRange(-3, 4), c(-10)).signedMinimum, -40);
  assert.is(arithmetic('mul', 32, range(0, 0xffff), range(0, 0xffff)).unsignedMaximum, 0xfffe0001);
  calculated('mul', UNKNOWN, 0, ZERO);
  calculated('mul', UNKNOWN, 1, UNKNOWN);
});

test('bits', () => {
  calculated('and', UNKNOWN, 0xff, byte);
  calculated('and', UNKNOWN, 0x3f, range(0, 63));
  calculated('and', word, 0xffff, unsignedOfSize(2), 32);
  calculated('and', range(0, 100), range(0, 30), range(0, 30));
  calculated('or', byte, 0x100, range(0x100, 0x1ff));
  calculated('xor', byte, byte, byte);
  assert.is(arithmetic('or', 64, range(16, 20), byte).unsignedMinimum, 16);
});

test('shifts', () => {
  const shifted = arithmetic('lsh', 64, byte, c(2));
  assert.equal(
    [shifted.unsignedMinimum, shifted.unsignedMaximum, trailingZeroes(shifted)],
    [0, 1020, 2],
  );
  calculated('rsh', UNKNOWN, 32, word);
  calculated('rsh', UNKNOWN, 56, byte);
  calculated('rsh', word, 24, byte, 32);
  calculated('arsh', signedRange(-64, 63), 3, signedRange(-8, 7));
  // The pair with which compilers sign- or zero-extend 32 bits.
  const up = arithmetic('lsh', 64, range(3, 5), c(32));
  calculated('rsh', up, 32, range(3, 5));
  calculated('rsh', arithmetic('lsh', 64, UNKNOWN, c(32)), 32, word);
  const narrow = refine('slt', 32, true, UNKNOWN, c(10))![0];
  const known = refine('sgt', 32, true, narrow, c(-10))![0];
  calculated('arsh', arithmetic('lsh', 64, known, c(32)), 32, signedRange(-9, 9));
  // Amounts that are not constant.
  assert.is(arithmetic('lsh', 64, c(1), range(0, 7)).unsignedMaximum, 128);
  assert.is(arithmetic('rsh', 64, byte, range(4, 6)).unsignedMaximum, 15);
});

test('division', () => {
  calculated('div', byte, 16, range(0, 15));
  calculated('div', byte, 10, range(0, 25));
  calculated('div', range(100, 200), range(0, 4), range(0, 200));
  calculated('mod', UNKNOWN, 16, range(0, 15));
  calculated('mod', UNKNOWN, 10, range(0, 9));
  calculated('mod', range(3, 5), 10, range(3, 5));
  calculated('mod', range(3, 5), UNKNOWN, range(0, 5));
  calculated('div', UNKNOWN, 0, ZERO);
  calculated('mod', byte, 0, byte);
  calculated('mod', UNKNOWN, 0, word, 32);
  calculated('sdiv', signedRange(-100, 100), -7, signedRange(-14, 14));
  calculated('smod', signedRange(-100, 3), 10, signedRange(-9, 3));
});

test('conversions', () => {
  calculated('mov', ZERO, signedRange(-1, -1), range(0xffff_ffff, 0xffff_ffff), 32);
  calculated('mov', ZERO, range(5, 6), range(5, 6), 32);
  assert.is(truncate(UNKNOWN, 4), unsignedOfSize(4));
  assert.is(truncate(UNKNOWN, 2), unsignedOfSize(2));
  assert.ok(equal(truncate(range(0x1_0004, 0x1_0008), 2), range(4, 8)));
  assert.ok(equal(signExtend(64, 32, UNKNOWN), signedOfSize(4)));
  assert.ok(equal(signExtend(64, 8, range(250, 253)), signedRange(-6, -3)));
  assert.ok(equal(signExtend(64, 8, range(120, 130)), signedOfSize(1)));
  assert.ok(equal(swap('be', 16, c(0x1234)), c(0x3412)));
  assert.ok(equal(swap('be', 16, UNKNOWN), unsignedOfSize(2)));
  assert.ok(isAligned(swap('swap', 64, byte), 2 ** 31));
});

function refined(
  operator: BranchOperator,
  taken: boolean,
  left: Scalar,
  right: Scalar | number,
  width: 32 | 64 = 64,
): string {
  const edge = refine(operator, width, taken, left, typeof right === 'number' ? c(right) : right);
  return edge ? formatScalar(edge[0]) : 'impossible';
}

test('branches', () => {
  assert.is(refined('gt', false, UNKNOWN, 63), formatScalar(range(0, 63)));
  assert.is(refined('lt', true, byte, 10), formatScalar(range(0, 9)));
  assert.is(refined('lt', false, byte, 10), formatScalar(range(10, 255)));
  assert.is(refined('lt', true, byte, 0), 'impossible');
  assert.is(refined('ge', false, byte, 0), 'impossible');
  assert.is(refined('gt', true, UNKNOWN, -1), 'impossible');
  assert.is(refined('sge', true, signedRange(-5, 5), 0), formatScalar(range(0, 5)));
  assert.is(refined('slt', true, byte, 10), formatScalar(range(0, 9)));
  assert.is(refined('eq', true, byte, 10), '10');
  assert.is(refined('eq', true, byte, 300), 'impossible');
  assert.is(refined('ne', true, byte, 0), formatScalar(range(1, 255)));
  assert.is(refined('ne', true, range(0, 1), 0), '1');
  assert.is(refined('set', true, range(0, 3), 2), formatScalar(range(2, 3)));
  assert.is(refined('set', false, byte, 0xf8), formatScalar(range(0, 7)));
  assert.is(refined('set', true, byte, 0x100), 'impossible');
  // A 32-bit check of a zero-extended value holds for all of it.
  assert.is(refined('lt', true, word, 10, 32), formatScalar(range(0, 9)));
  assert.is(refined('slt', true, word, 0, 32), formatScalar(range(2 ** 31, 2 ** 32 - 1)));
  // Both sides learn.
  const both = refine('lt', 64, true, range(10, 100), range(0, 50))!;
  assert.equal(both.map(formatScalar), [range(10, 49), range(11, 50)].map(formatScalar));
  const same = refine('eq', 64, true, range(10, 100), range(0, 50))!;
  assert.is(same[0], same[1]);
  assert.ok(equal(same[0], range(10, 50)));
  // Nothing learned: the same objects.
  const open = refine('lt', 64, true, byte, c(1000))!;
  assert.is(open[0], byte);
});

test('decisions', () => {
  assert.is(decide('lt', 64, byte, c(256)), true);
  assert.is(decide('lt', 64, byte, c(255)), undefined);
  assert.is(decide('ge', 64, byte, c(0)), true);
  assert.is(decide('sgt', 64, byte, c(-1)), true);
  assert.is(decide('sgt', 32, word, c(-1)), undefined);
  assert.is(decide('eq', 64, arithmetic('or', 64, UNKNOWN, c(1)), c(4)), false);
  assert.is(decide('eq', 32, UNKNOWN, c(4)), undefined);
  assert.is(decide('eq', 32, c(2n ** 32n + 4n), c(4)), true);
  assert.is(decide('eq', 64, c(2n ** 32n + 4n), c(4)), false);
  assert.is(decide('set', 64, arithmetic('or', 64, UNKNOWN, c(4)), c(6)), true);
  assert.is(decide('set', 64, byte, c(0x100)), false);
});

test('every part is deduced from the others', () => {
  const twice = (s: Scalar) => [
    s.unsignedMinimum,
    s.unsignedMaximum,
    s.signedMinimum,
    s.signedMaximum,
  ];
  // From the unsigned to the signed range and the bits.
  assert.equal(twice(range(5, 9)), [5, 9, 5, 9]);
  assert.ok(contains(knownBits(0n, 15n), range(5, 9)));
  // From the signed to the unsigned, of 64 and 32 bits.
  const negative = signedRange(-4, -2);
  assert.is(negative.unsigned32Minimum, 0xffff_fffc);
  assert.is(negative.signed32Maximum, -2);
  // From 32 to 64 bits, where the sign extension is known.
  const small = refine('sgt', 32, true, signedOfSize(4), c(-3))![0];
  assert.is(small.signedMinimum, -2);
  // The high half is fixed: the low one follows.
  const high = range(0x1_0000_0005n, 0x1_0000_0009n);
  assert.equal([high.unsigned32Minimum, high.unsigned32Maximum, high.signed32Maximum], [5, 9, 9]);
  // And back.
  const again = refine('gt', 32, true, high, c(6))![0];
  assert.is(again.unsignedMinimum, 0x1_0000_0007);
  // Bits that are known bound the range.
  const aligned = refine('lt', 64, true, arithmetic('and', 64, UNKNOWN, c(-8)), c(128))![0];
  assert.equal([aligned.unsignedMaximum, trailingZeroes(aligned)], [120, 3]);
});

test('unions, intersections, inclusion', () => {
  assert.is(join(byte, range(3, 9)), byte);
  assert.ok(equal(join(c(3), c(5)), intersect(range(3, 5), knownBits(1n, 6n))!));
  assert.is(intersect(byte, range(3, 300))!.unsignedMaximum, 255);
  assert.is(intersect(range(0, 3), range(4, 9)), undefined);
  assert.is(intersect(arithmetic('or', 64, UNKNOWN, c(1)), c(4)), undefined);
  assert.ok(contains(UNKNOWN, byte));
  assert.not.ok(contains(byte, UNKNOWN));
  assert.not.ok(contains(arithmetic('and', 64, byte, c(0xfe)), c(3)));
});

test('zero or all ones', () => {
  const wide = arithmetic('arsh', 64, UNKNOWN, c(63));
  assert.is(zeroOrAllOnes(wide), c(-1));
  assert.is(zeroOrAllOnes(arithmetic('arsh', 32, UNKNOWN, c(31)))?.constantValue, 0xffff_ffffn);
  assert.is(zeroOrAllOnes(arithmetic('arsh', 64, UNKNOWN, c(62))), undefined);
  assert.is(zeroOrAllOnes(signedRange(-(2n ** 32n), 0)), undefined);
  assert.is(zeroOrAllOnes(range(0, 1)), undefined);
});

test('the common scalars are shared', () => {
  assert.is(c(7), arithmetic('add', 64, c(3), c(4)));
  assert.is(c(0), ZERO);
  assert.is(c(2n ** 64n - 1n), c(-1));
  assert.is(range(0, 2n ** 64n - 1n), UNKNOWN);
  assert.is(unsignedOfSize(8), UNKNOWN);
  assert.ok(UNKNOWN.isUnknown && !byte.isUnknown);
  assert.throws(() => range(2, 1));
  assert.throws(() => signedRange(2, 1));
});

test('notation of the kernel log', () => {
  const shown: readonly (readonly [Scalar, string])[] = [
    [c(42), '42'],
    [c(-1), '-1'],
    [c(0x12345), '0x12345'],
    [c(-0x12345), '0xfffffffffffedcbb'],
    [UNKNOWN, 'scalar()'],
    [byte, 'scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))'],
    [word, 'scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))'],
    [signedOfSize(4), 'scalar(smin=0xffffffff80000000,smax=0x7fffffff)'],
    [signedRange(-8, 7), 'scalar(smin=smin32=-8,smax=smax32=7)'],
    [
      range(1, 70000),
      'scalar(smin=umin=smin32=umin32=1,smax=umax=smax32=umax32=0x11170,var_off=(0x0; 0x1ffff))',
    ],
  ];
  for (const [scalar, text] of shown) assert.is(formatScalar(scalar), text);
});

test.run();
