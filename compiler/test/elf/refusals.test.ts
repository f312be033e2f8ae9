import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import {
  parseElf,
  readElfSection,
  SHF_COMPRESSED,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
} from '../../src/elf/index.ts';
import { failureOf, sample } from './samples.ts';
import {
  relocationTable,
  stringTable,
  symbolTable,
  type WrittenSection,
  writeElf,
} from './writer.ts';

function patched(offset: number, ...values: number[]): Uint8Array {
  const bytes = Uint8Array.from(sample('sample.clang19.o'));
  bytes.set(values, offset);
  return bytes;
}

function refused(bytes: Uint8Array, code: string, message: RegExp): void {
  const failure = failureOf(bytes);
  assert.is(failure.code, code, failure.message);
  assert.match(failure.message, message);
}

test('files that are no ELF are named', () => {
  refused(new Uint8Array(0), 'BPF-E001', /empty/);
  refused(Buffer.from('int main(void) { return 0; }'), 'BPF-E001', /^not an ELF object$/);
  refused(Uint8Array.of(0x42, 0x43, 0xc0, 0xde, 0, 0), 'BPF-E001', /LLVM bitcode/);
  refused(Buffer.from('; ModuleID = x'), 'BPF-E001', /LLVM assembly/);
  refused(Buffer.from('!<arch>\n'), 'BPF-E001', /archive/);
  refused(Uint8Array.of(0x9f, 0xeb, 1, 0), 'BPF-E001', /raw BTF/);
});

test('files for other machines, sizes, byte orders and kinds are named', () => {
  refused(patched(4, 1), 'BPF-E003', /32-bit/);
  refused(patched(4, 9), 'BPF-E003', /unknown class/);
  refused(patched(5, 2), 'BPF-E004', /big-endian/);
  refused(patched(18, 62, 0), 'BPF-E005', /x86-64/);
  refused(patched(18, 243, 0), 'BPF-E005', /RISC-V/);
  refused(patched(18, 183, 0), 'BPF-E005', /AARCH64/);
  refused(patched(18, 0xfe, 0xfe), 'BPF-E005', /machine 65278/);
  refused(patched(16, 2), 'BPF-E006', /executable/);
  refused(patched(16, 77), 'BPF-E006', /kind '77'/);
});

test('absurd section header tables are refused', () => {
  refused(patched(40, 0, 0, 0, 0, 0, 0, 0, 0), 'BPF-E007', /no section headers/);
  refused(patched(40, ...Array(8).fill(255)), 'BPF-E002', /truncated/);
  refused(patched(58, 63, 0), 'BPF-E007', /63 bytes/);
  refused(patched(58, 0, 0), 'BPF-E007', /0 bytes/);
  refused(patched(60, 0xff, 0xfe), 'BPF-E002', /section headers end/);
  refused(patched(62, 0xf0, 0), 'BPF-E007', /section 240/);
  refused(patched(60, 0, 0), 'BPF-E007', /no section headers/);
});

const names = stringTable(['.symtab', 'code', 'main']);
const [symtabName, codeName, mainName] = names.at as [number, number, number];

/** Sections 1 names, 2 code of 32 bytes, 3 symbols, 4 relocations of 2; each test replaces one. */
function small(replace: Partial<Record<1 | 2 | 3 | 4, Partial<WrittenSection>>> = {}): Uint8Array {
  const sections: WrittenSection[] = [
    { type: SHT_STRTAB, data: names.data },
    { type: SHT_PROGBITS, name: codeName, flags: 6n, data: new Uint8Array(32), alignment: 8n },
    {
      type: SHT_SYMTAB,
      name: symtabName,
      data: symbolTable([{ name: mainName, section: 2, size: 32n }]),
      link: 1,
      entrySize: 24n,
    },
    {
      type: SHT_REL,
      data: relocationTable([{ offset: 16n, type: 1, symbol: 1 }]),
      link: 3,
      info: 2,
      entrySize: 16n,
    },
  ];
  return writeElf(
    sections.map((section, index) => ({ ...section, ...replace[(index + 1) as 1 | 2 | 3 | 4] })),
  );
}

test('the small object itself is accepted', () => {
  const elf = parseElf(small(), 'small.o');
  assert.is(elf.symbols[1]!.name, 'main');
  assert.equal(elf.relocations.get(2), [{ offset: 16, type: 1, symbol: elf.symbols[1] }]);
});

test('contents outside the file, overlapping, compressed or boundless are refused', () => {
  refused(small({ 2: { offset: 1n << 40n } }), 'BPF-E009', /'code' lies outside the file/);
  refused(small({ 2: { size: (1n << 64n) - 1n } }), 'BPF-E009', /lies outside the file/);
  refused(small({ 2: { offset: 60n } }), 'BPF-E009', /'code' overlaps the file header/);
  refused(small({ 3: { offset: 70n } }), 'BPF-E009', /overlaps/);
  refused(small({ 2: { flags: BigInt(SHF_COMPRESSED) } }), 'BPF-E009', /compressed/);
  refused(small({ 2: { flags: 1n << 63n } }), 'BPF-E009', /flags/);
  refused(small({ 2: { alignment: 3n } }), 'BPF-E009', /alignment 3/);
  refused(small({ 2: { alignment: 1n << 62n } }), 'BPF-E009', /alignment/);
  refused(
    small({ 2: { type: SHT_NOBITS, flags: 3n, size: 1n << 60n } }),
    'BPF-E009',
    /bytes of zeros/,
  );
  refused(small({ 2: { type: SHT_NOBITS, flags: 6n } }), 'BPF-E009', /executable/);
});

test("compressed debug information is nobody's concern, nor are relocations of it", () => {
  const table = stringTable(['.debug_info']);
  const elf = parseElf(
    small({
      1: { data: table.data },
      2: { name: table.at[0]!, flags: BigInt(SHF_COMPRESSED) },
      3: { name: 0, data: symbolTable([{ name: table.at[0]!, section: 2 }]) },
      4: { data: relocationTable([{ offset: 4000n, type: 3, symbol: 1 }]) },
    }),
    'compressed.o',
  );
  assert.is(elf.sections[2]!.name, '.debug_info');
  assert.is(elf.relocations.size, 0);
});

test('names outside their table are refused', () => {
  refused(small({ 2: { name: 0xffffffff } }), 'BPF-E010', /name of section 2/);
  refused(small({ 1: { data: Buffer.from('\0abc') } }), 'BPF-E010', /outside its string table/);
  refused(small({ 1: { type: SHT_PROGBITS } }), 'BPF-E010', /no string table/);
  const symbols = symbolTable([{ name: 5000, section: 2 }]);
  refused(small({ 3: { data: symbols } }), 'BPF-E010', /name of symbol 1/);
});

test('damaged symbols are refused', () => {
  const symbols = (symbol: Partial<Parameters<typeof symbolTable>[0][number]>) =>
    small({ 3: { data: symbolTable([{ name: mainName, section: 2, ...symbol }]) } });
  refused(symbols({ value: 33n }), 'BPF-E011', /'main' lies outside its section 'code'/);
  refused(symbols({ value: 32n, size: 1n }), 'BPF-E011', /lies outside/);
  refused(symbols({ value: (1n << 64n) - 1n }), 'BPF-E011', /lies outside/);
  refused(symbols({ section: 9 }), 'BPF-E011', /section 9, which does not exist/);
  refused(symbols({ section: 0xff05 }), 'BPF-E011', /reserved/);
  refused(symbols({ section: 0xffff }), 'BPF-E011', /reserved/);
  refused(symbols({ section: 0xfff1, value: 1n << 60n }), 'BPF-E011', /53 bits/);
  refused(small({ 3: { entrySize: 0n } }), 'BPF-E011', /entries of 0/);
  refused(small({ 3: { link: 2 } }), 'BPF-E011', /no string table/);
  refused(small({ 2: { type: SHT_SYMTAB, entrySize: 24n } }), 'BPF-E011', /2 symbol tables/);
});

test('damaged relocations are refused', () => {
  const relocations = (relocation: { offset?: bigint; type?: number; symbol?: number }) =>
    small({ 4: { data: relocationTable([{ offset: 0n, type: 1, symbol: 1, ...relocation }]) } });
  refused(relocations({ offset: 24n }), 'BPF-E012', /outside section 'code'/);
  refused(relocations({ offset: (1n << 64n) - 8n }), 'BPF-E012', /outside/);
  refused(relocations({ type: 99 }), 'BPF-E012', /type 99/);
  refused(relocations({ symbol: 2 }), 'BPF-E012', /symbol 2/);
  refused(small({ 4: { info: 0 } }), 'BPF-E012', /section 0/);
  refused(small({ 4: { info: 4000 } }), 'BPF-E012', /section 4000/);
  refused(small({ 4: { link: 1 } }), 'BPF-E012', /symbol table/);
  refused(small({ 4: { entrySize: 8n } }), 'BPF-E012', /entries of 8/);
  const rela = (addend: bigint): Partial<WrittenSection> => ({
    type: SHT_RELA,
    entrySize: 24n,
    data: relocationTable([{ offset: 16n, type: 1, symbol: 1, addend }]),
  });
  refused(small({ 4: rela(8n) }), 'BPF-E012', /addend/);
  assert.is(parseElf(small({ 4: rela(0n) }), 'rela.o').relocations.get(2)!.length, 1);
});

test('what a message says of a hostile name is short and harmless', () => {
  const table = stringTable([`\x1b[31m${'x'.repeat(1 << 20)}`]);
  const bytes = writeElf([
    { type: SHT_STRTAB, data: table.data },
    { type: SHT_PROGBITS, name: table.at[0]!, data: new Uint8Array(8), offset: 1n << 50n },
  ]);
  const { message } = failureOf(bytes);
  assert.ok(message.length < 300, message);
  assert.not.ok(message.includes('\x1b'));
});

test('reading one section refuses the same damage', () => {
  const read = (bytes: Uint8Array, name: string) => () => readElfSection(bytes, 'one.o', name);
  const code = (expected: string) => (error: unknown) =>
    error instanceof Failure && error.diagnostic.code === expected;
  assert.throws(read(new Uint8Array(0), '.BTF'), code('BPF-E001'));
  assert.throws(read(small({ 2: { offset: 1n << 40n } }), 'code'), code('BPF-E009'));
  assert.throws(read(small({ 2: { flags: BigInt(SHF_COMPRESSED) } }), 'code'), code('BPF-E009'));
  assert.throws(read(patched(5, 2), '.BTF'), code('BPF-E004'));
});

test.run();
