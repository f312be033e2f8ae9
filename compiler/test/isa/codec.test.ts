import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { decode, encode } from '../../src/isa/index.ts';
import { instructions } from '../support/arbitrary.ts';
import { conformanceCases } from '../support/conformance.ts';

const where = { file: 'test.o', section: '.text' };

/** The bytes of hex text, spaces allowed. */
function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function refusal(code: Uint8Array, place: Parameters<typeof decode>[1] = where): Failure {
  try {
    decode(code, place);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${Buffer.from(code).toString('hex')} was not refused`);
}

test('decoding is the inverse of encoding', () => {
  fc.assert(
    fc.property(instructions, (drawn) => {
      assert.equal(decode(encode(drawn), where).instructions, drawn);
    }),
    { numRuns: 1000 },
  );
});

test('bytes either are refused or encode to themselves again', () => {
  const fitting = fc.tuple(
    fc.integer({ min: 0, max: 255 }),
    fc.nat(11),
    fc.nat(11),
    fc.constantFrom(0, 0, 1, 8, 16, -1),
    fc.constantFrom(0, 0, 1, 16, 32, 64, 0x41, 0xe1, 0xf1, 0x100, 0x110),
  );
  let accepted = 0;
  fc.assert(
    fc.property(fitting, ([opcode, destination, source, offset, immediate]) => {
      // Behind it stands room for a second half and for short branches.
      const code = new Uint8Array(24 * 8);
      for (let slot = 2; slot < 24; slot++) code[slot * 8] = 0x95;
      const view = new DataView(code.buffer);
      code[0] = opcode;
      code[1] = destination | (source << 4);
      view.setInt16(2, offset, true);
      view.setInt32(4, immediate, true);
      if (opcode !== 0x18) code[8] = 0x95;
      try {
        assert.equal(encode(decode(code, where).instructions), code);
        accepted++;
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'input') throw error;
      }
    }),
    { numRuns: 20_000 },
  );
  assert.ok(accepted > 500, `${accepted} accepted`);
});

test('arbitrary bytes never make another exception than a Failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (code) => {
      try {
        assert.equal(encode(decode(code, where).instructions), code);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }),
    { numRuns: 5000 },
  );
});

test('every conformance case decodes and encodes to itself', () => {
  for (const { name, code } of conformanceCases() ?? []) {
    assert.equal(Buffer.from(encode(decode(code, where).instructions)), code, name);
  }
});

test('targets are instruction indices, not slots', () => {
  // goto +3; r1 = 1 ll (two slots); exit; exit
  const decoded = decode(
    bytes('0500030000000000 1801000001000000 0000000000000000 9500000000000000 9500000000000000'),
    where,
  );
  assert.equal(decoded.instructions[0], { kind: 'jump', slot: 0, target: 3 });
  assert.equal([...decoded.indexOfSlot], [0, 1, -1, 2, 3]);
  assert.is(decoded.instructions[3]!.slot, 4);
});

test('the place of a refusal counts from the start of the section', () => {
  const code = bytes('9500000000000000 9500000001000000');
  const { diagnostic } = refusal(code, { file: 'a.o', section: 'xdp', offset: 64 });
  assert.equal(diagnostic.place, { file: 'a.o', section: 'xdp', offset: 72 });
  assert.is(diagnostic.code, 'BPF-I004');
  assert.is(
    diagnostic.message,
    'opcode 0x95: the immediate field is reserved and must be 0, but is 1',
  );
});

const exit = '9500000000000000';
const refused: readonly (readonly [what: string, code: string, id: string])[] = [
  ['length', 'b700000000000000 95', 'BPF-I001'],
  ['constant at the end', '1800000000000000', 'BPF-I006'],
  ['constant with a second half of code', `1800000000000000 ${exit}`, 'BPF-I006'],
  ['constant with a register in the second half', '1800000000000000 0010000000000000', 'BPF-I006'],
  ['constant with an offset', '1800010000000000 0000000000000000', 'BPF-I004'],
  ['constant of pseudo source 7', '1870000000000000 0000000000000000', 'BPF-I004'],
  ['register 11', 'b70b000000000000', 'BPF-I003'],
  ['register 12 as source', 'bfc0000000000000', 'BPF-I003'],
  ['write to r10', 'b70a000000000000', 'BPF-I003'],
  ['load to r10', '791a000000000000', 'BPF-I003'],
  ['swap of r10', 'dc0a000010000000', 'BPF-I003'],
  ['fetch into r10', 'dba1f8ff01000000', 'BPF-I003'],
  ['xchg into r10', 'dba1f8ffe1000000', 'BPF-I003'],
  ['load_acquire into r10', 'db1a000000010000', 'BPF-I003'],
  ['immediate add with a source', '0710000001000000', 'BPF-I004'],
  ['register add with an immediate', '0f10000001000000', 'BPF-I004'],
  ['add with an offset', '0f10010000000000', 'BPF-I004'],
  ['div with offset 2', '3f10020000000000', 'BPF-I004'],
  ['mov immediate with an offset', 'b700080000000000', 'BPF-I004'],
  ['movsx of 32 bits to 32', 'bc10200000000000', 'BPF-I004'],
  ['movsx of 7 bits', 'bf10070000000000', 'BPF-I004'],
  ['movsx with an immediate', 'bf10080001000000', 'BPF-I004'],
  ['addr_space_cast of unknown spaces', 'bf10010002000000', 'BPF-I004'],
  ['negation with a register source bit', '8f00000000000000', 'BPF-I002'],
  ['negation with a source', '8710000000000000', 'BPF-I004'],
  ['negation with an immediate', '8700000001000000', 'BPF-I004'],
  ['ALU operation e', 'e400000000000000', 'BPF-I002'],
  ['swap of 8 bits', 'dc00000008000000', 'BPF-I004'],
  ['swap with a source', 'dc10000010000000', 'BPF-I004'],
  ['bswap with the source bit', 'df00000010000000', 'BPF-I002'],
  ['branch past the end', `1500010000000000 ${exit}`, 'BPF-I005'],
  ['branch before the start', `1500feff00000000 ${exit}`, 'BPF-I005'],
  ['gotol past the end', `0600000000000070 ${exit}`, 'BPF-I005'],
  ['may_goto past the end', `e500010000000000 ${exit}`, 'BPF-I005'],
  ['local call past the end', `8510000001000000 ${exit}`, 'BPF-I005'],
  [
    'jump into a constant',
    `0500010000000000 1800000000000000 0000000000000000 ${exit}`,
    'BPF-I005',
  ],
  [
    'call into a constant',
    `8510000001000000 1800000000000000 0000000000000000 ${exit}`,
    'BPF-I005',
  ],
  ['immediate branch with a source', `1510000000000000 ${exit}`, 'BPF-I004'],
  ['register branch with an immediate', `1d10000001000000 ${exit}`, 'BPF-I004'],
  ['goto with an immediate', `0500000001000000 ${exit}`, 'BPF-I004'],
  ['gotol with an offset', `0600010000000000 ${exit}`, 'BPF-I004'],
  ['goto with the source bit', `0d00000000000000 ${exit}`, 'BPF-I002'],
  ['may_goto with source 1', `e510000000000000 ${exit}`, 'BPF-I004'],
  ['may_goto of 32 bits', `e600000000000000 ${exit}`, 'BPF-I002'],
  ['call of 32 bits', '8600000001000000', 'BPF-I002'],
  ['call with a destination', '8501000001000000', 'BPF-I004'],
  ['call with an offset', '8500010001000000', 'BPF-I004'],
  ['call of kind 3', '8530000001000000', 'BPF-I004'],
  ['callx with both registers', '8d01000001000000', 'BPF-I004'],
  ['callx of register 11', '8d0000000b000000', 'BPF-I003'],
  ['exit of 32 bits', '9600000000000000', 'BPF-I002'],
  ['exit with the source bit', '9d00000000000000', 'BPF-I002'],
  ['exit with a source', '9510000000000000', 'BPF-I004'],
  ['exit with an offset', '9500010000000000', 'BPF-I004'],
  ['load with an immediate', '7910000001000000', 'BPF-I004'],
  ['signed load of 8 bytes', '9910000000000000', 'BPF-I002'],
  ['load mode a0', 'a110000000000000', 'BPF-I002'],
  ['store of an immediate with a source', '7a10000001000000', 'BPF-I004'],
  ['store of a register with an immediate', '7b10000001000000', 'BPF-I004'],
  ['atomic in the immediate class', 'da10000000000000', 'BPF-I002'],
  ['atomic add of 2 bytes', 'cb21000000000000', 'BPF-I004'],
  ['atomic of unknown number', 'db21000002000000', 'BPF-I004'],
  ['atomic load_acquire with fetch', 'db21000001010000', 'BPF-I004'],
  ['legacy load of 8 bytes', '3800000000000000', 'BPF-I002'],
  ['legacy load with a destination', '3001000000000000', 'BPF-I004'],
  ['absolute legacy load with a source', '3010000000000000', 'BPF-I004'],
  ['opcode 0', '0000000000000000', 'BPF-I002'],
];

for (const [what, code, id] of refused) {
  test(`refused: ${what}`, () => {
    const { diagnostic, kind } = refusal(bytes(code));
    assert.is(diagnostic.code, id);
    assert.is(kind, 'input');
    assert.is(diagnostic.place?.section, '.text');
  });
}

test('a branch that does not fit its field is refused by the encoder', () => {
  const far = Array.from({ length: 40_000 }, (_, slot) => ({ kind: 'exit' as const, slot }));
  const jump = { kind: 'jump' as const, slot: 0, target: 39_999 };
  assert.throws(() => encode([jump, ...far.slice(1)]), /16-bit offset/);
  const long = encode([{ ...jump, long: true }, ...far.slice(1)]);
  assert.equal(decode(long, where).instructions[0], { ...jump, long: true });
});

test('200,000 instructions decode and encode in time that grows with their number', () => {
  const code = new Uint8Array(200_000 * 8);
  for (let at = 0; at < code.length; at += 8) code[at] = at % 24 === 0 ? 0x85 : 0xb7;
  const started = performance.now();
  const again = encode(decode(code, where).instructions);
  const elapsed = performance.now() - started;
  assert.is(Buffer.compare(again, code), 0);
  assert.ok(elapsed < 5000, `${elapsed} ms`);
});

test.run();
