import { type ELFRelocationSection, type ELFSymbolSection, open } from 'elfinfo';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findSection,
  parseElf,
  R_BPF_64_32,
  R_BPF_64_64,
  readElfSection,
  SHN_UNDEF,
  STB_GLOBAL,
  STT_FUNC,
  sectionSymbols,
} from '../../src/elf/index.ts';
import { SAMPLES, sample } from './samples.ts';

for (const name of SAMPLES) {
  test(`${name}: programs, maps and data are found by name`, () => {
    const elf = parseElf(sample(name), name);
    assert.is(elf.file, name);
    const programs = findSection(elf, 'uprobe')!;
    const functions = sectionSymbols(elf, programs.index).filter(({ type }) => type === STT_FUNC);
    assert.equal(
      functions.map((symbol) => symbol.name),
      ['count', 'second'],
    );
    assert.is(functions[0]!.binding, STB_GLOBAL);
    assert.is(functions[0]!.value, 0);
    assert.is(functions[1]!.value, functions[0]!.size);
    assert.is(functions[1]!.value + functions[1]!.size, programs.size);
    assert.equal([...findSection(elf, 'license')!.data], [...Buffer.from('GPL\0')]);
    assert.equal([...findSection(elf, '.rodata')!.data], [7, 0, 0, 0]);
    const bss = findSection(elf, '.bss')!;
    assert.is(bss.size, 8);
    assert.is(bss.data.length, 0);
    assert.is(elf.symbols.find((symbol) => symbol.name === 'CONFIG_HZ')!.sectionIndex, SHN_UNDEF);
    assert.is(findSection(elf, 'absent'), undefined);
  });

  test(`${name}: relocations name their symbols, in order`, () => {
    const elf = parseElf(sample(name), name);
    const list = elf.relocations.get(findSection(elf, 'uprobe')!.index)!;
    assert.equal(
      list.map(({ type, symbol }) => [type, symbol.name]).slice(0, 4),
      [
        [R_BPF_64_64, 'limit'],
        [R_BPF_64_64, 'counters'],
        [R_BPF_64_64, '.text'],
        [R_BPF_64_32, 'global_subprogram'],
      ].map(([type, symbol]) => [
        type,
        // Symbols of sections have no name of their own in what clang writes.
        symbol === '.text' ? elf.symbols[list[2]!.symbol.index]!.name : symbol,
      ]),
    );
    assert.is(list[2]!.symbol.sectionIndex, findSection(elf, '.text')!.index);
    for (let index = 1; index < list.length; index++) {
      assert.ok(list[index - 1]!.offset <= list[index]!.offset);
    }
  });

  test(`${name}: agrees with elfinfo on every table`, async () => {
    const bytes = sample(name);
    const elf = parseElf(bytes, name);
    const other = (await open(bytes)).elf!;
    assert.is(other.sections.length, elf.sections.length);
    for (const theirs of other.sections) {
      const ours = elf.sections[theirs.index]!;
      const label = `section ${theirs.index}`;
      if (theirs.index > 0) assert.is(ours.name, theirs.name, label);
      assert.is(ours.type, theirs.type, label);
      assert.is(ours.flags, theirs.flags, label);
      assert.is(ours.offset, theirs.offset, label);
      assert.is(ours.size, theirs.size, label);
      assert.is(ours.link, theirs.link, label);
      assert.is(ours.info, theirs.info, label);
      assert.is(ours.alignment, theirs.addralign, label);
      assert.is(ours.entrySize, theirs.entsize, label);
      if ('symbols' in theirs) {
        assert.equal(
          elf.symbols.map(({ name, value, size, type, binding, visibility, sectionIndex }) => [
            name,
            BigInt(value),
            size,
            type,
            binding,
            visibility,
            sectionIndex,
          ]),
          (theirs as ELFSymbolSection).symbols.map(
            ({ name, value, size, type, binding, visibility, shndx }) => [
              name,
              value,
              size,
              type,
              binding,
              visibility,
              shndx,
            ],
          ),
        );
      }
      if ('relocations' in theirs) {
        assert.equal(
          elf.relocations
            .get(theirs.info)!
            .map(({ offset, type, symbol }) => [BigInt(offset), type, symbol.index]),
          (theirs as ELFRelocationSection).relocations
            .map(({ addr, type, symbolIndex }) => [addr, type, symbolIndex])
            .sort((left, right) => Number(left[0]) - Number(right[0])),
        );
      }
    }
  });

  test(`${name}: one section can be read alone`, () => {
    const bytes = sample(name);
    const btf = readElfSection(bytes, name, '.BTF')!;
    assert.equal([...btf.subarray(0, 3)], [0x9f, 0xeb, 1]);
    assert.ok(Buffer.from(btf).equals(findSection(parseElf(bytes, name), '.BTF')!.data));
    // A name that is only the beginning or the end of others is not found.
    assert.is(readElfSection(bytes, name, '.BT'), undefined);
    assert.is(readElfSection(bytes, name, 'BTF'), undefined);
    const foreign = Uint8Array.from(bytes);
    foreign.set([62, 0], 18);
    assert.ok(Buffer.from(btf).equals(readElfSection(foreign, name, '.BTF')!));
  });
}

test.run();
