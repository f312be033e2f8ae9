import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ByteReader,
  fromHalves,
  highHalf,
  lowHalf,
  OutOfBounds,
  signed64,
  unsigned64,
} from '../../src/base/index.ts';

const bytes = Uint8Array.of(0x01, 0x82, 0x03, 0x84, 0x05, 0x06, 0x07, 0x88);

test('integers are little-endian', () => {
  const reader = new ByteReader(bytes);
  assert.is(reader.u8(1), 0x82);
  assert.is(reader.u16(0), 0x8201);
  assert.is(reader.i16(0), 0x8201 - 0x10000);
  assert.is(reader.u32(0), 0x84038201);
  assert.is(reader.i32(0), 0x84038201 - 2 ** 32);
  assert.is(reader.u64(0), 0x8807060584038201n);
  assert.equal([...reader.slice(2, 3)], [0x03, 0x84, 0x05]);
});

test('a view into a larger buffer starts at its own beginning and ends at its own end', () => {
  const reader = new ByteReader(bytes.subarray(2, 6));
  assert.is(reader.length, 4);
  assert.is(reader.u16(0), 0x8403);
  assert.throws(
    () => reader.u32(1),
    (error: unknown) => error instanceof OutOfBounds,
  );
  assert.throws(
    () => reader.slice(0, 5),
    (error: unknown) => error instanceof OutOfBounds,
  );
});

test('every offset reads what is there or is out of bounds', () => {
  const reader = new ByteReader(bytes);
  const reads: [number, (offset: number) => unknown][] = [
    [1, (offset) => reader.u8(offset)],
    [2, (offset) => reader.u16(offset)],
    [2, (offset) => reader.i16(offset)],
    [4, (offset) => reader.u32(offset)],
    [4, (offset) => reader.i32(offset)],
    [8, (offset) => reader.u64(offset)],
    [3, (offset) => reader.slice(offset, 3)],
  ];
  const offsets = fc.oneof(fc.integer({ min: -2, max: 10 }), fc.double(), fc.maxSafeInteger());
  fc.assert(
    fc.property(fc.constantFrom(...reads), offsets, ([size, read], offset) => {
      const inside = Number.isInteger(offset) && offset >= 0 && offset + size <= bytes.length;
      if (inside) read(offset);
      else
        assert.throws(
          () => read(offset),
          (error: unknown) => error instanceof OutOfBounds,
        );
    }),
    { numRuns: 2000 },
  );
  for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => reader.slice(0, length),
      (error: unknown) => error instanceof OutOfBounds,
    );
  }
});

test('halves and signs of 64-bit integers', () => {
  assert.is(fromHalves(-1, 0), 0xffffffffn);
  assert.is(fromHalves(0, -1), 0xffffffff00000000n);
  assert.is(lowHalf(-1n), 0xffffffff);
  assert.is(highHalf(-2n), 0xffffffff);
  assert.is(signed64(0xffffffffffffffffn), -1n);
  assert.is(unsigned64(-1n), 0xffffffffffffffffn);
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }), (value) => {
      assert.is(fromHalves(lowHalf(value), highHalf(value)), unsigned64(value));
      assert.is(unsigned64(signed64(value)), unsigned64(value));
    }),
  );
});

test.run();
