import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Btf,
  type BtfType,
  essentialName,
  loadTargetBtf,
  parseBtf,
  parseBtfExt,
} from '../../src/btf/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { dataFile, sectionsOf } from './objects.ts';

const OBJECTS = ['kinds.o', 'core.o', 'core-14.o', 'core-target.o', 'registers.o'];

function btfOf(name: string): Btf {
  return parseBtf(sectionsOf(name).get('.BTF')!, name);
}

function named<K extends BtfType['kind']>(btf: Btf, name: string, kind: K) {
  const id = btf.find(name, kind);
  assert.ok(id !== undefined, `${kind} ${name}`);
  const type = btf.type(id);
  assert.is(type.kind, kind);
  return type as BtfType & { kind: K };
}

test('the test object has types of every kind that a compiler writes', () => {
  const btf = btfOf('kinds.o');
  const kinds = new Set<string>();
  for (let id = 0; id < btf.typeCount; id += 1) kinds.add(btf.kind(id));
  assert.is(kinds.size, 20, [...kinds].join(' '));
});

/** Our types in the words of `bpftool btf dump ... format raw`, as far as both name a thing. */
function dumpLine(btf: Btf, id: number): string {
  const type = btf.type(id);
  const words: Partial<Record<BtfType['kind'], string>> = {
    pointer: 'PTR',
    function: 'FUNC',
    function_prototype: 'FUNC_PROTO',
    variable: 'VAR',
    data_section: 'DATASEC',
    forward: 'FWD',
    declaration_tag: 'DECL_TAG',
  };
  const kind = words[type.kind] ?? type.kind.toUpperCase();
  const name = btf.name(id) === '' ? '(anon)' : btf.name(id);
  const head = `[${id}] ${kind} '${name}'`;
  switch (type.kind) {
    case 'int':
      return `${head} size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits}`;
    case 'struct':
    case 'union':
      return `${head} size=${type.size} vlen=${type.members.length}${type.members
        .map((each) => {
          const bits = each.bitfieldSize > 0 ? ` bitfield_size=${each.bitfieldSize}` : '';
          const memberName = each.name === '' ? '(anon)' : each.name;
          return `\n\t'${memberName}' type_id=${each.type} bits_offset=${each.bitOffset}${bits}`;
        })
        .join('')}`;
    case 'enum':
    case 'enum64':
      return `${head} encoding=${type.signed ? 'SIGNED' : 'UNSIGNED'} size=${type.size} vlen=${
        type.values.length
      }${type.values.map((each) => `\n\t'${each.name}' val=${each.value}`).join('')}`;
    case 'array':
      return `${head} type_id=${type.element} index_type_id=${type.index} nr_elems=${type.count}`;
    case 'pointer':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'type_tag':
      return `${head} type_id=${type.target}`;
    case 'function':
      return `${head} type_id=${type.prototype} linkage=${type.linkage}`;
    case 'function_prototype': {
      const list = type.parameters.map((each) => {
        return `\n\t'${each.name === '' ? '(anon)' : each.name}' type_id=${each.type}`;
      });
      if (type.variadic) list.push("\n\t'(anon)' type_id=0");
      return `${head} ret_type_id=${type.result} vlen=${list.length}${list.join('')}`;
    }
    case 'variable':
      return `${head} type_id=${type.type}, linkage=${type.linkage}`;
    case 'data_section':
      return `${head} size=${type.size} vlen=${type.variables.length}${type.variables
        .map((each) => `\n\ttype_id=${each.type} offset=${each.offset} size=${each.size}`)
        .join('')}`;
    case 'forward':
      return `${head} fwd_kind=${type.union ? 'union' : 'struct'}`;
    case 'declaration_tag':
      return `${head} type_id=${type.target} component_idx=${type.component}`;
    default:
      return `${head} size=${btf.size(id)}`;
  }
}

test('types are those that bpftool reads', () => {
  if (spawnSync('bpftool', ['version']).status !== 0) {
    console.log('skip: bpftool is not installed');
    return;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'btf-test-'));
  try {
    for (const object of OBJECTS) {
      const raw = join(scratch, 'btf');
      writeFileSync(raw, sectionsOf(object).get('.BTF')!);
      const dump = execFileSync('bpftool', ['btf', 'dump', 'file', raw, 'format', 'raw'], {
        encoding: 'utf8',
      });
      const expected = dump
        .trimEnd()
        .replace(/ encoding=(\(none\)|SIGNED|BOOL|CHAR)$/gm, '')
        .replace(/(val=-?\d+)U?LL$/gm, '$1')
        // Names of the variables of a section: ours are looked up by id.
        .replace(/ \((?:VAR|FUNC) '[^']*'\)$/gm, '');
      const btf = btfOf(object);
      const ours: string[] = [];
      for (let id = 1; id < btf.typeCount; id += 1) ours.push(dumpLine(btf, id));
      assert.fixture(ours.join('\n'), expected, object);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('sizes, alignment, aliases and members', () => {
  const btf = btfOf('kinds.o');
  const nested = named(btf, 'nested', 'struct');
  assert.is(btf.size(nested.id), nested.size);
  assert.is(btf.alignment(btf.find('packed')!), 1);
  assert.is(btf.alignment(btf.find('later')!), 8);
  assert.is(btf.size(btf.find('matrix')!), 48);
  assert.is(btf.alignment(btf.find('matrix')!), 4);
  assert.is(btf.kind(btf.resolve(btf.find('u64_alias')!)), 'int');
  const inner = btf.findMember(nested.id, 'y');
  const outer = btf.findMember(nested.id, 'xy');
  assert.is(inner!.bitOffset, outer!.bitOffset + 32);
  assert.is(btf.findMember(nested.id, 'bytes'), undefined, 'members of members with a name');
  const bits = btf.findMember(btf.find('bits')!, 'b')!;
  assert.equal([bits.bitOffset, bits.member.bitfieldSize], [8, 9]);
  assert.is(named(btf, 'huge', 'enum64').values[0]!.value, 1n << 63n);
  assert.is(named(btf, 'negative', 'enum').values[0]!.value, -3n);
  assert.is(named(btf, 'large', 'enum').values[0]!.value, 0xffffffffn);
  assert.is(named(btf, 'tiny', 'enum').size, 1);
  const constant = named(btf, 'constant', 'variable');
  assert.is(btf.kind(constant.type), 'const');
  assert.is(btf.kind(btf.skipModifiers(constant.type)), 'int');
  assert.is(named(btf, 'kernel_version', 'variable').linkage, 'extern');
  assert.is(btf.find('no_such_type'), undefined);
  for (const id of [-1, 1.5, btf.typeCount, 2 ** 40, Number.NaN]) {
    assert.throws(
      () => btf.type(id),
      (error: unknown) => error instanceof Failure,
      `${id}`,
    );
  }
});

test('flavours', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['task_struct___old', 'task_struct'],
    ['a___b___c', 'a___b'],
    ['a____b', 'a____b'],
    ['___a', '___a'],
    ['a___', 'a___'],
    ['a__b', 'a__b'],
    ['', ''],
  ];
  for (const [name, essential] of cases) assert.is(essentialName(name), essential, name);
  const btf = btfOf('core.o');
  const all = btf.findAll('sample').map((id) => btf.name(id));
  assert.equal(
    all.sort(),
    ['sample', 'sample___flavour', 'sample___first'].filter((each) => all.includes(each)).sort(),
  );
  assert.is(btf.name(btf.find('sample___flavour')!), 'sample___flavour');
  assert.is(btf.name(btf.find('sample')!), 'sample');
});

test('functions and lines', () => {
  const sections = sectionsOf('kinds.o');
  const btf = btfOf('kinds.o');
  const ext = parseBtfExt(sections.get('.BTF.ext')!, btf, 'kinds.o');
  const functions = [...ext.functionInfo].map(([section, list]) => [
    section,
    list.map((each) => [each.offset, btf.name(each.type)]),
  ]);
  assert.equal(functions.sort(), [
    ['.text', [[0, 'helper_function']]],
    ['uprobe/libc.so.6:malloc', [[0, 'program']]],
  ]);
  const source = readFileSync(dataFile('kinds.bpf.c'), 'utf8').split('\n');
  for (const [section, lines] of ext.lineInfo) {
    let previous = 0;
    let columns = 0;
    for (let index = 0; index < lines.length; index += 1) {
      const line = lines.at(index)!;
      assert.ok(line.offset >= previous);
      previous = line.offset;
      assert.is(line.text, source[line.line - 1], `${section} ${index}`);
      assert.match(line.fileName, /kinds\.bpf\.c$/);
      assert.ok(line.column <= line.text.length, `${line.column}`);
      columns += line.column > 0 ? 1 : 0;
    }
    assert.ok(columns > 0);
    assert.is(lines.at(lines.length), undefined);
    assert.is(lines.find(-1), undefined);
    assert.is(lines.find(2 ** 31)!.offset, previous);
    assert.is(lines.find(lines.at(1)!.offset - 1)!.offset, lines.at(0)!.offset);
  }
});

test('a target is raw BTF or an ELF file with BTF', () => {
  const raw = loadTargetBtf(sectionsOf('core-target.o').get('.BTF')!, 'raw');
  const elf = loadTargetBtf(readFileSync(dataFile('core-target.o')), 'elf');
  assert.is(raw.typeCount, elf.typeCount);
  assert.is(elf.find('sample'), raw.find('sample'));
  const file = readFileSync(dataFile('core-target.o'));
  for (let length = 0; length < file.length; length += 1) {
    try {
      loadTargetBtf(file.subarray(0, length), 'cut');
    } catch (error) {
      assert.instance(error, Failure, `${length}`);
    }
  }
  const noBtf = Buffer.from(file);
  noBtf.set(Buffer.from('.XTF\0'), noBtf.indexOf('.BTF\0'));
  assert.throws(() => loadTargetBtf(noBtf, 'none'), /no \.BTF section/);
});

test.run();
