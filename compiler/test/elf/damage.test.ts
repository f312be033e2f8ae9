import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import {
  parseElf,
  readElfSection,
  SHT_PROGBITS,
  SHT_STRTAB,
  SHT_SYMTAB,
} from '../../src/elf/index.ts';
import { failureOf, parseOrFailure, SAMPLES, sample } from './samples.ts';
import { stringTable, symbolTable, type WrittenSection, writeElf } from './writer.ts';

function milliseconds(run: () => void): number {
  const started = performance.now();
  run();
  return performance.now() - started;
}

for (const name of SAMPLES) {
  test(`${name}: cut off at every byte`, () => {
    const bytes = sample(name);
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      // Section headers stand last in what these tools write, so that no shorter file is whole.
      assert.instance(parseOrFailure(cut), Failure, `accepted at ${length} bytes`);
      try {
        readElfSection(cut, name, '.BTF');
        assert.unreachable(`read at ${length} bytes`);
      } catch (error) {
        assert.instance(error, Failure);
      }
    }
  });
}

test('flipped bits give a result or a failure, never another exception', () => {
  const originals = SAMPLES.map(sample);
  // Damage in the headers and tables matters most, so half of it goes there.
  const place = fc.oneof(
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.double({ min: 0.6, max: 1, maxExcluded: true, noNaN: true }),
  );
  const damage = fc.array(fc.tuple(place, fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...originals), damage, (original, changes) => {
      const bytes = Uint8Array.from(original);
      for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)]! ^= value;
      if (parseOrFailure(bytes) instanceof Failure) refused++;
      else accepted++;
    }),
    { numRuns: 5000 },
  );
  assert.ok(accepted > 100 && refused > 100, `${accepted} accepted, ${refused} refused`);
});

test('every single byte of the headers set to 0, 255 and 128', () => {
  const original = sample('linked.o');
  const table = Number(Buffer.from(original).readBigUInt64LE(40));
  const places = [
    ...Array(64).keys(),
    ...Array.from({ length: original.length - table }, (_, index) => table + index),
  ];
  for (const at of places) {
    for (const value of [0, 255, 128]) {
      const bytes = Uint8Array.from(original);
      bytes[at] = value;
      parseOrFailure(bytes);
    }
  }
});

function manySections(count: number, count16?: number): Uint8Array {
  const table = stringTable(Array.from({ length: count }, (_, index) => `section_${index}`));
  const sections: WrittenSection[] = [{ type: SHT_STRTAB, data: table.data }];
  for (let index = 0; index < count; index++) {
    sections.push({ type: SHT_PROGBITS, name: table.at[index]!, data: new Uint8Array(8) });
  }
  return writeElf(sections, count16 === undefined ? {} : { count: count16 });
}

test('65,000 sections parse in well under a second', () => {
  const bytes = manySections(65_000);
  const time = milliseconds(() => {
    const elf = parseElf(bytes, 'many.o');
    assert.is(elf.sections.length, 65_002);
    assert.is(elf.sections[65_001]!.name, 'section_64999');
  });
  assert.ok(time < 1000, `${time} ms`);
});

test('100,000 sections are refused at once', () => {
  const bytes = manySections(100_000);
  const time = milliseconds(() => {
    const { code, message } = failureOf(bytes);
    assert.is(code, 'BPF-E008');
    assert.match(message, /too many sections: 100002, at most 65279/);
  });
  assert.ok(time < 100, `${time} ms`);
});

test('names of a megabyte are read; overlapping without bound they are refused quickly', () => {
  const long = 'n'.repeat(1 << 20);
  const table = stringTable([long]);
  const start = table.at[0]!;
  const one = writeElf([
    { type: SHT_STRTAB, data: table.data },
    { type: SHT_PROGBITS, name: start, data: new Uint8Array(8) },
  ]);
  assert.is(parseElf(one, 'long.o').sections[2]!.name, long);

  const count = 50_000;
  const names = Array.from({ length: count }, (_, index) => start + index);
  const symbols = symbolTable(names.map((name) => ({ name, section: 2 })));
  const many = writeElf([
    { type: SHT_STRTAB, data: table.data },
    { type: SHT_PROGBITS, data: new Uint8Array(8) },
    { type: SHT_SYMTAB, link: 1, entrySize: 24n, data: symbols },
  ]);
  const time = milliseconds(() => assert.match(failureOf(many).message, /overlap so much/));
  assert.ok(time < 1000, `${time} ms`);
});

test('a hundred thousand symbols parse in well under a second', () => {
  const table = stringTable(Array.from({ length: 100_000 }, (_, index) => `symbol_${index}`));
  const symbols = symbolTable(table.at.map((name) => ({ name, section: 2 })));
  const bytes = writeElf([
    { type: SHT_STRTAB, data: table.data },
    { type: SHT_PROGBITS, data: new Uint8Array(8) },
    { type: SHT_SYMTAB, link: 1, entrySize: 24n, data: symbols },
  ]);
  const time = milliseconds(() => {
    assert.is(parseElf(bytes, 'symbols.o').symbols[100_000]!.name, 'symbol_99999');
  });
  assert.ok(time < 1000, `${time} ms`);
});

test.run();
