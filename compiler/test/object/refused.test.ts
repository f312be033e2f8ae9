import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findSection,
  parseElf,
  SHN_ABS,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_NOTYPE,
} from '../../src/elf/index.ts';
import {
  build,
  buildBytes,
  data,
  failureOf,
  objectBytes,
  objectNames,
  withBytes,
  withSymbol,
} from './support.ts';

// Every source in data/refused holds one mistake and says what must be reported.
for (const name of objectNames('clang19/refused')) {
  test(name, () => {
    const source = readFileSync(join(data, 'refused', `${basename(name)}.c`), 'utf8');
    const expected = /^\/\/ expect: (.*)$/m.exec(source)![1]!;
    const { diagnostic } = failureOf(() => build(name));
    assert.match(`${diagnostic.message}\n${diagnostic.help ?? ''}`, new RegExp(expected));
    assert.match(diagnostic.code, /^BPF-O\d{3}$/);
    // Mistakes in code are reported with their line.
    if (/^\.\/refused/.test(diagnostic.place?.file ?? '')) {
      assert.ok(source.split('\n')[diagnostic.place!.line! - 1] === diagnostic.place!.sourceText);
    } else {
      assert.is(diagnostic.place?.file, `${name}.o`);
    }
  });
}

const functions = objectBytes('clang19/accepted/functions');
const maps = objectBytes('clang19/accepted/maps');
const refused = (bytes: Uint8Array): string => failureOf(() => buildBytes(bytes)).message;

test('functions that overlap, or lie between instructions', () => {
  assert.match(refused(withSymbol(functions, 'entry', { size: 8000 })), /outside its section/);
  assert.match(
    refused(withSymbol(functions, 'global_in_text', { size: 96 })),
    /'global_in_text' overlaps the function/,
  );
  assert.match(
    refused(withSymbol(functions, 'entry', { size: 12 })),
    /'entry' does not begin and end between instructions/,
  );
  // Two symbols for one place.
  assert.match(
    refused(withSymbol(functions, 'nobody_calls', { value: 0 })),
    /'.*' overlaps the function '.*'/,
  );
});

test('a symbol without a size reaches to the next function', () => {
  const whole = buildBytes(functions).object;
  for (const name of ['in_text', 'entry', 'global_in_text']) {
    const { object } = buildBytes(withSymbol(functions, name, { size: 0 }));
    assert.equal(object.functions, whole.functions);
  }
});

test('a function cut inside a 64-bit constant', () => {
  // `entry` begins with setting up bpf_loop; its first 64-bit constant is the callback's address.
  const { object } = buildBytes(functions);
  const entry = object.functions.find(({ name }) => name === 'entry')!;
  const constant = entry.instructions.find(({ kind }) => kind === 'reference')!;
  const size = (constant.slot + 1) * 8;
  assert.match(refused(withSymbol(functions, 'entry', { size })), /inside a 64-bit constant/);
});

test('a branch that leaves its function', () => {
  const called = buildBytes(functions).object.functions.find(({ name }) => name === 'in_text')!;
  const distance = called.instructions.at(-1)!.slot.toString(16).padStart(2, '0');
  // A jump to the first instruction after the function, which is still in the section.
  const text = withBytes(functions, '.text', called.sectionOffset, `0500${distance}0000000000`);
  assert.match(refused(text), /a branch leaves the function 'in_text'/);
});

test('a call into the middle of a function', () => {
  const { object } = buildBytes(functions);
  const beside = object.functions.find(({ name }) => name === 'other_entry')!;
  const call = beside.instructions.find(({ kind }) => kind === 'call_function')!;
  const at = beside.sectionOffset + call.slot * 8;
  // A call of the instruction after the next one, in the same section and without a relocation.
  const bytes = withBytes(functions, 'xdp', at + 4, '00000000');
  assert.match(
    refused(bytes),
    /goes into the middle of the function 'other_entry'|no function is at/,
  );
});

test('kernel objects by number and arenas', () => {
  assert.match(refused(withBytes(functions, '.text', 0, '8520000007000000')), /BTF id 7/);
  assert.match(
    refused(withBytes(functions, 'tc', 0, '18110000010000000000000000000000')),
    /names a map, variable or kernel object by number \(source 1\)|takes none/,
  );
  assert.match(refused(withBytes(functions, '.text', 0, 'bf11010001000000')), /arenas/);
});

test('relocations on instructions that take none', () => {
  const { object } = buildBytes(maps);
  const start = object.functions.find(({ name }) => name === 'start')!;
  const constant = start.instructions.find(({ kind }) => kind === 'reference')!;
  const offset = start.sectionOffset + constant.slot * 8;
  const bytes = withBytes(maps, 'xdp', offset, 'b7020000000000000500000000000000');
  assert.match(refused(bytes), /a relocation of type 1 against 'steps' is on an instruction/);
});

test('addends that leave what they refer to', () => {
  const { object } = buildBytes(maps);
  const start = object.functions.find(({ name }) => name === 'start')!;
  const constant = start.instructions.find(({ kind }) => kind === 'reference')!;
  const offset = start.sectionOffset + constant.slot * 8;
  assert.match(
    refused(withBytes(maps, 'xdp', offset + 4, '04000000')),
    /the address of 'steps' is not that of a map/,
  );
  assert.match(
    refused(withBytes(maps, 'xdp', offset + 12, '01000000')),
    /'steps' has an addend beyond 32 bits/,
  );
  const variables = objectBytes('clang19/accepted/data');
  const sum = buildBytes(variables).object.functions[0]!;
  const reference = sum.instructions.find(
    (one) => one.kind === 'reference' && one.reference.kind === 'data',
  )!;
  for (const addend of ['00000010', 'f0feffff']) {
    assert.match(
      refused(withBytes(variables, 'raw', reference.slot * 8 + 4, addend)),
      /the address lies outside section/,
    );
  }
});

test('absolute symbols belong nowhere', () => {
  assert.match(
    refused(withSymbol(functions, 'total', { section: SHN_ABS })),
    /the symbol 'total' is absolute/,
  );
});

test('a call of something that is no code', () => {
  const bss = findSection(parseElf(functions, 'whole.o'), '.bss')!.index;
  const bytes = withSymbol(functions, 'global_in_text', { section: bss, value: 0, size: 4 });
  assert.match(refused(bytes), /'global_in_text' is called, but holds no code/);
});

test('BTF that places variables and maps outside their sections', () => {
  /** Replaces the size of a DATASEC's entry: the last place in .BTF with this offset and size. */
  const resized = (bytes: Uint8Array, size: number): Uint8Array => {
    const section = findSection(parseElf(bytes, 'whole.o'), '.BTF')!;
    const { data: btf } = section;
    const view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength);
    const types = view.getUint32(4, true) + view.getUint32(12, true);
    for (let at = types + 24 - 4; at > 24; at -= 4) {
      if (view.getUint32(at, true) !== size) continue;
      return withBytes(bytes, '.BTF', at, 'ffff0000');
    }
    throw new Error('no such size');
  };
  const variables = objectBytes('clang19/accepted/data');
  assert.match(
    refused(resized(variables, 400)),
    /BTF places the variable 'zeros' outside its section '.bss'/,
  );
  // `ring` is the only definition of 16 bytes that comes last.
  assert.match(refused(resized(maps, 16)), /BTF places the map '\w+' outside its section/);
});

test('weak symbols that nothing defines', () => {
  const undefinedFunction = objectBytes('clang19/refused/undefined-function');
  const weak = withSymbol(undefinedFunction, 'elsewhere', { binding: STB_WEAK });
  const instructions = buildBytes(weak).object.functions[0]!.instructions;
  assert.is(instructions.filter(({ kind }) => kind === 'poison').length, 1);
  const undefinedVariable = objectBytes('clang19/refused/undefined-variable');
  const zero = withSymbol(undefinedVariable, 'elsewhere', { binding: STB_WEAK });
  const first = buildBytes(zero).object.functions[0]!.instructions[0]!;
  assert.ok(first.kind === 'reference' && first.reference.kind === 'value');
});

test('assembly without types of symbols', () => {
  const text = objectBytes('clang19/accepted/text');
  const untyped = withSymbol(withSymbol(text, 'entry', { type: STT_NOTYPE }), 'checksum', {
    type: STT_NOTYPE,
  });
  assert.equal(
    buildBytes(untyped).object.functions.map(({ name }) => name),
    ['entry', 'checksum'],
  );
  // With one typed function in the section, the others are labels.
  const half = withSymbol(text, 'checksum', { type: STT_NOTYPE });
  assert.match(refused(half), /no function is at byte/);
  const local = withSymbol(withSymbol(text, 'checksum', { binding: STB_LOCAL }), 'entry', {
    binding: STB_LOCAL,
  });
  assert.match(refused(local), /the object has no programs/);
  const back = withSymbol(local, 'entry', { binding: STB_GLOBAL, type: STT_FUNC });
  assert.is(buildBytes(back).object.programs.length, 1);
});

test('addresses in data that no code uses are only warned of', () => {
  const { sink } = buildBytes(objectBytes('clang19/accepted/addresses'));
  assert.equal(
    sink.diagnostics.map(({ code, severity }) => [code, severity]),
    [['BPF-O032', 'warning']],
  );
  assert.match(
    sink.diagnostics[0]!.message,
    /'names' holds the address of something in section '.rodata.str1.1': it will be 0/,
  );
});

test.run();
