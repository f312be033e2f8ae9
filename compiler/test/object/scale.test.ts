import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_PROGBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STT_FUNC,
  STT_OBJECT,
} from '../../src/elf/index.ts';
import { buildBytes, failureOf } from './support.ts';
import { type SectionDraft, type SymbolDraft, writeElf } from './write-elf.ts';

const exit = Buffer.from('9500000000000000', 'hex');
const zero = Buffer.from('b700000000000000', 'hex');
const code = (name: string, data: Uint8Array): SectionDraft => ({
  ...{ name, data, type: SHT_PROGBITS, flags: SHF_ALLOC | SHF_EXECINSTR },
});
const entry = (name: string, section: number, value: number, size: number): SymbolDraft => ({
  ...{ name, section, value, size, type: STT_FUNC, binding: STB_GLOBAL },
});

test('a program of 200,000 instructions with long jumps', () => {
  const count = 200_000;
  const bytes = Buffer.alloc(count * 8);
  for (let slot = 0; slot < count; slot++) zero.copy(bytes, slot * 8);
  // gotol to the last instruction.
  bytes.writeUInt8(0x06, 0);
  bytes.writeInt32LE(count - 2, 4);
  exit.copy(bytes, (count - 1) * 8);
  const { object } = buildBytes(writeElf([code('raw', bytes)], [entry('main', 0, 0, count * 8)]));
  const { instructions } = object.functions[0]!;
  assert.is(instructions.length, count);
  assert.equal(instructions[0], { kind: 'jump', slot: 0, target: count - 1, long: true });
  assert.is(object.place(0, count - 1).offset, (count - 1) * 8);
});

test('30,000 functions that one program calls', () => {
  const count = 30_000;
  const bytes = Buffer.alloc((count + 1 + count) * 8);
  const symbols = [entry('main', 0, 0, (count + 1) * 8)];
  for (let index = 0; index < count; index++) {
    bytes.set([0x85, 0x10], index * 8);
    // From slot `index` to slot `count + 1 + index`.
    bytes.writeInt32LE(count, index * 8 + 4);
    const value = (count + 1 + index) * 8;
    exit.copy(bytes, value);
    symbols.push({ ...entry(`f${index}`, 0, value, 8), binding: STB_LOCAL });
  }
  exit.copy(bytes, count * 8);
  const { object } = buildBytes(writeElf([code('raw', bytes)], symbols));
  assert.is(object.functions.length, count + 1);
  assert.equal(object.functions[0]!.instructions[count - 1], {
    ...{ kind: 'call_function', slot: count - 1, function: count },
  });
  assert.is(object.functions[count]!.name, `f${count - 1}`);
});

test('15,000 program sections beside 15,000 data sections', () => {
  const count = 15_000;
  const sections: SectionDraft[] = [];
  const symbols: SymbolDraft[] = [];
  for (let index = 0; index < count; index++) {
    symbols.push(entry(`p${index}`, sections.length, 0, 8));
    sections.push(code(`raw/${index}`, exit));
    const variable = { ...entry(`v${index}`, sections.length, 0, 4), type: STT_OBJECT };
    symbols.push(variable);
    const data = Uint8Array.of(1, 2, 3, 4);
    const flags = SHF_ALLOC | SHF_WRITE;
    sections.push({ name: `.data.${index}`, type: SHT_PROGBITS, flags, data });
  }
  const { object } = buildBytes(writeElf(sections, symbols));
  assert.is(object.programs.length, count);
  assert.is(object.data.length, count);
  assert.is(object.data[count - 1]!.variables[0]!.name, `v${count - 1}`);
});

test('names that clash', () => {
  const message = (sections: SectionDraft[], symbols: SymbolDraft[]): string =>
    failureOf(() => buildBytes(writeElf(sections, symbols))).message;
  assert.match(
    message([code('raw', exit), code('raw', exit)], [entry('a', 0, 0, 8), entry('b', 1, 0, 8)]),
    /two sections with code have the name 'raw'/,
  );
  assert.match(
    message([code('raw/1', exit), code('raw/2', exit)], [entry('a', 0, 0, 8), entry('a', 1, 0, 8)]),
    /the program 'a' has the name of another program/,
  );
  assert.match(
    message([code('raw', exit)], [entry('a b', 0, 0, 8)]),
    /the program name 'a b' is no C identifier/,
  );
  assert.match(message([code('raw', exit)], [entry('', 0, 0, 8)]), /the function '' has no name/);
  const map = Buffer.alloc(20);
  [2, 4, 4, 1, 0].forEach((field, index) => {
    map.writeUInt32LE(field, index * 4);
  });
  const maps = (names: string[]): [SectionDraft[], SymbolDraft[]] => [
    [
      code('raw', exit),
      {
        ...{ name: 'maps', type: SHT_PROGBITS, flags: SHF_ALLOC | SHF_WRITE },
        data: Buffer.concat(names.map(() => map)),
      },
    ],
    [
      entry('main', 0, 0, 8),
      ...names.map((name, index) => ({ ...entry(name, 1, index * 20, 20), type: STT_OBJECT })),
    ],
  ];
  assert.match(message(...maps(['main'])), /the program 'main' has the name of a map/);
  assert.match(message(...maps(['a', 'a'])), /two maps have the name 'a'/);
  assert.match(message(...maps(['a-b'])), /the map name 'a-b' is no C identifier/);
  const [sections, symbols] = maps(['a', 'b']);
  assert.match(
    message([...sections, sections[1]!], symbols),
    /two sections that define maps have the name 'maps'/,
  );
  assert.is(buildBytes(writeElf(sections, symbols)).object.maps.length, 2);
});

test('maps in .maps need BTF', () => {
  const data = new Uint8Array(32);
  const sections = [
    code('raw', exit),
    { name: '.maps', type: SHT_PROGBITS, flags: SHF_ALLOC | SHF_WRITE, data },
  ];
  const { diagnostic } = failureOf(() => buildBytes(writeElf(sections, [entry('a', 0, 0, 8)])));
  assert.match(diagnostic.message, /has no BTF that describes them/);
  assert.match(diagnostic.help!, /-g/);
});

test.run();
