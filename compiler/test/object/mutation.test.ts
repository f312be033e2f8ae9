import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/diag/index.ts';
import { findSection, parseElf } from '../../src/elf/index.ts';
import { type BpfObject, formatBpfInstruction } from '../../src/object/index.ts';
import { buildBytes, objectBytes } from './support.ts';

const names = [
  ...['accepted/maps', 'accepted/functions', 'accepted/data', 'accepted/externs'],
  ...['accepted/core', 'accepted/linked', 'accepted/legacy', 'accepted/text'],
].map((name) => `clang19/${name}`);
const objects = names.map(objectBytes);
const kernelConfig = 'CONFIG_BOOL=y\nCONFIG_MODULE=m\nCONFIG_LETTER=n\nCONFIG_NEGATIVE=-7\n'.concat(
  'CONFIG_LARGE=1\nCONFIG_SHORT=2\nCONFIG_TEXT="x"\n',
);

/** Everything of an object that later rooms may rely on. */
function check(object: BpfObject): void {
  object.functions.forEach((one, position) => {
    assert.is(one.index, position);
    assert.ok(one.instructions.length > 0);
    one.instructions.forEach((instruction, index) => {
      if ('target' in instruction) assert.ok(one.instructions[instruction.target] !== undefined);
      if (instruction.kind === 'call_function') {
        const callee = object.functions[instruction.function]!;
        assert.is(callee.program, undefined);
      }
      if (instruction.kind === 'reference') checkReference(object, instruction.reference);
      formatBpfInstruction(object, instruction, one);
      object.place(position, index);
    });
  });
  object.programs.forEach((program, index) => {
    assert.is(program.index, index);
    assert.is(object.functions[program.entry]!.program, index);
  });
  object.maps.forEach((map, index) => {
    assert.is(map.index, index);
    for (const slot of map.initial) {
      const held =
        slot.map === undefined ? object.functions[slot.function!] : object.maps[slot.map];
      assert.ok(held !== undefined);
    }
  });
  object.data.forEach((section, index) => {
    assert.is(section.index, index);
    assert.is(section.bytes.length, section.size);
    for (const { offset, size } of section.variables) {
      assert.ok(offset >= 0 && size >= 0 && offset + size <= section.size);
    }
  });
}

function checkReference(
  object: BpfObject,
  reference: Extract<
    BpfObject['functions'][0]['instructions'][0],
    { kind: 'reference' }
  >['reference'],
): void {
  switch (reference.kind) {
    case 'value':
      assert.ok(reference.value >= 0n && reference.value < 1n << 64n);
      break;
    case 'map':
    case 'map_value':
      assert.ok(object.maps[reference.map] !== undefined);
      break;
    case 'data': {
      const section = object.data[reference.section]!;
      assert.ok(reference.offset >= 0 && reference.offset <= section.size);
      break;
    }
    case 'function':
      assert.ok(object.functions[reference.function] !== undefined);
  }
}

/** Builds and checks, or is refused by a `Failure` with a message; says which. */
function survives(bytes: Uint8Array): boolean {
  try {
    check(buildBytes(bytes, { kernelConfig, kernelVersion: '6.1.0' }).object);
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    assert.ok(error.diagnostic.message.length > 0);
    assert.match(error.diagnostic.code, /^BPF-[A-Z]\d{3}$/);
    return false;
  }
}

test('the objects themselves keep every promise', () => {
  names.forEach((name, index) => {
    assert.ok(survives(objects[index]!), name);
  });
});

test('changed bytes anywhere end in an object that keeps them, or in a Failure', () => {
  const which = fc.nat({ max: objects.length - 1 });
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(which, edits, (index, changes) => {
      const bytes = objects[index]!.slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      survives(bytes);
    }),
    { numRuns: 1500 },
  );
});

test('changed words in the sections that this room reads', () => {
  const places = objects.map((bytes, index) => {
    const elf = parseElf(bytes, 'whole.o');
    return ['.symtab', 'xdp', '.text', 'raw', 'tc', '.maps', 'maps', '.BTF', '.BTF.ext', 'uprobe']
      .flatMap((name) => [findSection(elf, name), findSection(elf, `.rel${name}`)])
      .filter((section) => section !== undefined && section.data.length > 0)
      .map((section) => ({ index, offset: section!.offset, length: section!.data.length }));
  });
  const interesting = fc.oneof(
    fc.nat({ max: 0xffffffff }),
    fc.constantFrom(0, 1, 2, 7, 8, 0xff, 0x7fffffff, 0x80000000, 0xffffffff),
    fc.nat({ max: 64 }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...places.flat()),
      fc.array(fc.tuple(fc.nat(), interesting), { minLength: 1, maxLength: 3 }),
      (place, changes) => {
        const bytes = objects[place.index]!.slice();
        const view = new DataView(bytes.buffer);
        for (const [at, value] of changes) {
          const offset = place.offset + ((at * 4) % place.length);
          if (offset + 4 <= bytes.length) view.setUint32(offset, value >>> 0, true);
        }
        survives(bytes);
      },
    ),
    { numRuns: 3000 },
  );
});

test('objects cut off at any byte', () => {
  const bytes = objects[0]!;
  for (let length = 0; length < bytes.length; length += 7) {
    assert.not.ok(survives(bytes.slice(0, length)));
  }
});

test.run();
