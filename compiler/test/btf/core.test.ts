import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Btf,
  type CoreKind,
  type CoreRelocation,
  parseBtf,
  parseBtfExt,
  patchCoreInstruction,
  resolveCoreRelocation,
} from '../../src/btf/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { dataFile, sectionsOf } from './objects.ts';

interface Loaded {
  readonly btf: Btf;
  readonly code: Uint8Array;
  readonly relocations: readonly CoreRelocation[];
}

function load(name: string): Loaded {
  const sections = sectionsOf(name);
  const btf = parseBtf(sections.get('.BTF')!, name);
  const ext = parseBtfExt(sections.get('.BTF.ext')!, btf, name);
  return { btf, code: sections.get('socket')!, relocations: ext.coreRelocations.get('socket')! };
}

const target = parseBtf(sectionsOf('core-target.o').get('.BTF')!, 'core-target.o');

/** What our resolution does to an instruction, in the words of the expectations. */
function outcome(loaded: Loaded, relocation: CoreRelocation): string[] {
  const before = loaded.code.subarray(relocation.offset);
  let resolution: ReturnType<typeof resolveCoreRelocation>;
  try {
    resolution = resolveCoreRelocation(loaded.btf, target, relocation);
  } catch (error) {
    if (error instanceof Failure && error.diagnostic.code === 'BPF-B021') return ['ambiguous'];
    throw error;
  }
  if (resolution.kind === 'needs_target') return [resolution.kind];
  const patch = patchCoreInstruction(before, resolution, loaded.btf, relocation);
  if (patch.kind === 'poison') return ['poison'];
  const after = patch.bytes;
  const sizeOf = (bytes: Uint8Array): number => [4, 2, 1, 8][(bytes[0]! >> 3) & 3]!;
  const words = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);
  if (after.length === 16) {
    const value = (bytes: Uint8Array): bigint =>
      BigInt(words(bytes).getUint32(4, true)) | (BigInt(words(bytes).getUint32(12, true)) << 32n);
    return [`imm64 ${value(before)} ${value(after)}`];
  }
  if ((after[0]! & 7) === 7 || (after[0]! & 7) === 4) {
    return [`imm ${words(before).getInt32(4, true)} ${words(after).getInt32(4, true)}`];
  }
  const lines = [`off ${words(before).getInt16(2, true)} ${words(after).getInt16(2, true)}`];
  if (sizeOf(before) !== sizeOf(after)) lines.push(`mem_sz ${sizeOf(before)} ${sizeOf(after)}`);
  return lines;
}

test('every relocation comes to what libbpf makes of it', () => {
  const loaded = load('core.o');
  const expected = new Map<number, string[]>();
  for (const line of readFileSync(dataFile('core.expected'), 'utf8').trim().split('\n')) {
    const [index, ...words] = line.split(' ');
    const list = expected.get(Number(index)) ?? [];
    // libbpf poisons both halves of a 64-bit constant and says so twice.
    if (!(words[0] === 'poison' && list.includes('poison'))) list.push(words.join(' '));
    expected.set(Number(index), list);
  }
  assert.is(loaded.relocations.length, expected.size);
  for (const [index, relocation] of loaded.relocations.entries()) {
    const what = `relocation ${index}: ${relocation.kind} ${relocation.access}`;
    assert.equal(outcome(loaded, relocation), expected.get(index), what);
  }
});

test('the test object has relocations of every kind', () => {
  const kinds = new Set(load('core.o').relocations.map((each) => each.kind));
  assert.is(kinds.size, 13);
});

test('objects of an older compiler resolve to the same values', () => {
  const newer = load('core.o');
  const older = load('core-14.o');
  const key = (loaded: Loaded, each: CoreRelocation): string =>
    `${each.kind} ${loaded.btf.name(each.type)} ${each.access}`;
  const known = new Map<string, string>();
  const last = (lines: readonly string[]): string => lines[0]!.replace(/^(\w+) \S+ /, '');
  for (const each of newer.relocations) {
    if (each.kind !== 'type_id_local') known.set(key(newer, each), last(outcome(newer, each)));
  }
  let compared = 0;
  for (const each of older.relocations) {
    const before = known.get(key(older, each));
    if (before === undefined) continue;
    assert.is(last(outcome(older, each)), before, key(older, each));
    compared += 1;
  }
  assert.ok(compared > 70, `${compared} compared`);
});

test('without a target only local type ids have a value', () => {
  const loaded = load('core.o');
  for (const relocation of loaded.relocations) {
    const { kind } = resolveCoreRelocation(loaded.btf, undefined, relocation);
    assert.is(kind, relocation.kind === 'type_id_local' ? 'value' : 'needs_target');
  }
});

test('registers of user space need no target, fragments of them do', () => {
  const sections = sectionsOf('registers.o');
  const btf = parseBtf(sections.get('.BTF')!, 'registers.o');
  const ext = parseBtfExt(sections.get('.BTF.ext')!, btf, 'registers.o');
  const results = ext.coreRelocations.get('uprobe')!.map((each) => {
    const resolution = resolveCoreRelocation(btf, undefined, each);
    const value = resolution.kind === 'value' ? Number(resolution.value) : resolution.kind;
    return [btf.name(each.type), value];
  });
  assert.equal(results, [
    ['pt_regs', 112],
    ['user_pt_regs', 8],
    ['user_regs_struct', 80],
    ['pt_regs___arm64', 'needs_target'],
    ['pt_regs___again', 104],
  ]);
});

/** A relocation on the first member of the first struct named `sample`. */
function made(loaded: Loaded, kind: CoreKind, access: string): CoreRelocation {
  const type = loaded.btf.find('sample', 'struct')!;
  return { offset: 0, section: 'socket', type, access, kind };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error.diagnostic.code;
    throw error;
  }
  return 'nothing';
}

test('malformed access strings are refused', () => {
  const loaded = load('core.o');
  const cases = ['', ':', '0:', ':0', '0::1', '-1', '0:99', '0:0:0', 'x', '0 :1', '1e3'];
  cases.push(`0${':1'.repeat(64)}`, '9'.repeat(300));
  for (const access of cases) {
    const relocation = made(loaded, 'field_byte_offset', access);
    const code = codeOf(() => resolveCoreRelocation(loaded.btf, target, relocation));
    assert.is(code, 'BPF-B020', access);
  }
  const ofType = made(loaded, 'type_exists', '0:1');
  assert.is(
    codeOf(() => resolveCoreRelocation(loaded.btf, target, ofType)),
    'BPF-B020',
  );
  const notEnum = made(loaded, 'enumerator_value', '0');
  assert.is(
    codeOf(() => resolveCoreRelocation(loaded.btf, target, notEnum)),
    'BPF-B020',
  );
});

test('instructions that a relocation cannot be on are refused', () => {
  const loaded = load('core.o');
  const relocation = made(loaded, 'field_byte_offset', '0:0');
  const patch = (hex: string, value = 48n): string =>
    codeOf(() =>
      patchCoreInstruction(
        Buffer.from(hex, 'hex'),
        { kind: 'value', value, localValue: 0n, check: 'all' },
        loaded.btf,
        relocation,
      ),
    );
  assert.is(patch('61110000'), 'BPF-B022', 'cut off');
  assert.is(patch('9500000000000000'), 'BPF-B022', 'exit');
  assert.is(patch('bf21000000000000'), 'BPF-B022', 'register move');
  assert.is(patch('6111040000000000'), 'BPF-B022', 'holds another offset');
  assert.is(patch('b701000001000000'), 'BPF-B022', 'holds another immediate');
  assert.is(patch('1801000000000000'), 'BPF-B022', 'half a constant');
  assert.is(patch('18110000000000000000000000000000'), 'BPF-B022', 'a map');
  assert.is(patch('6111000000000000', 0x8000n), 'BPF-B023', 'far offset');
  assert.is(patch('b701000000000000', 1n << 31n), 'BPF-B023', 'large immediate');
  assert.is(patch('6111000000000000', 0x7fffn), 'nothing');
});

test.run();
