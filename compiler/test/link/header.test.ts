import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { emitHeader } from '../../src/link/index.ts';
import { type BpfObject, buildObject } from '../../src/object/index.ts';
import { findTool } from '../../src/toolchain/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'bpftime-test-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));

/** Every warning is an error, in both languages. */
async function compiles(name: string, source: string): Promise<void> {
  const { path } = await findTool('clang');
  for (const language of [
    ['-x', 'c', '-std=c11', '-pedantic'],
    ['-x', 'c++', '-std=c++17'],
  ]) {
    const file = join(directory, `${name}.source`);
    writeFileSync(file, source);
    const include = join(packageRoot(), 'runtime-native', 'include');
    const run = spawnSync(
      path,
      [
        ...language,
        '-Wall',
        '-Wextra',
        '-Werror',
        '-fsyntax-only',
        '-I',
        include,
        '-I',
        directory,
        file,
      ],
      { encoding: 'utf8' },
    );
    assert.is(run.status, 0, `${name} ${language[1]}: ${run.stderr}`);
  }
}

function fixture(file: string): BpfObject | undefined {
  try {
    return buildObject(parseElf(readFileSync(file), file), {}, { add: () => {} });
  } catch (error) {
    // Some need a kernel configuration or a target's BTF.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

test('headers of real objects compile as C and as C++', async () => {
  const objects = join(packageRoot(), 'fixtures', 'obj', 'clang19-v3');
  let compiled = 0;
  for (const file of readdirSync(objects).filter((name) => name.endsWith('.o'))) {
    const object = fixture(join(objects, file));
    if (object === undefined) continue;
    const text = emitHeader(object);
    assert.is(emitHeader(object), text);
    writeFileSync(join(directory, `${object.name}.h`), text);
    const uses = object.programs.map(
      ({ name }, index) => `\tuse((void *)skeleton.progs.${name}); /* ${index} */`,
    );
    await compiles(
      object.name,
      [
        `#include "${object.name}.h"`,
        `#include "${object.name}.h"`,
        'void use(void *);',
        'void test(void);',
        'void test(void)',
        '{',
        `\tstruct ${object.name}__skeleton skeleton = ${object.name}__skeleton();`,
        '\tuse((void *)skeleton.object);',
        ...uses,
        '}',
        '',
      ].join('\n'),
    );
    compiled++;
  }
  assert.ok(compiled >= 5, `${compiled} headers`);
});

const EMPTY: BpfObject = {
  file: 'odd.o',
  hash: '00'.repeat(32),
  name: 'odd',
  functions: [],
  programs: [],
  maps: [],
  data: [],
  license: 'GPL',
  place: () => ({ file: 'odd.o' }),
};

test('an object without types, with names that C and C++ do not like', async () => {
  const attach = {
    section: 'uprobe/*/x */',
    type: 'uprobe',
    target: '',
    optional: false,
    sleepable: false,
  };
  const map = {
    index: 0,
    name: 'class',
    type: 1,
    typeName: 'hash',
    keySize: 4,
    valueSize: 8,
    maxEntries: 16,
    flags: 0,
    extra: 0n,
    pinning: 0,
    numaNode: 0,
    initial: [],
  };
  const variable = (name: string, offset: number, size: number) => ({
    name,
    offset,
    size,
    volatile: false,
    global: false,
  });
  const text = emitHeader({
    ...EMPTY,
    programs: [
      { index: 0, name: 'new', kind: 'kprobe', attach, entry: 0 },
      { index: 1, name: 'plain', kind: 'raw', attach, entry: 1 },
    ],
    maps: [map],
    data: [
      {
        index: 0,
        name: '.bss',
        kind: 'bss',
        size: 40,
        alignment: 8,
        bytes: new Uint8Array(40),
        // Two statics of one name, one that overlaps, a name with a dot, a gap at the end.
        variables: [
          variable('count', 4, 4),
          variable('count', 8, 8),
          variable('inside', 10, 2),
          variable('f.state', 20, 3),
        ],
      },
    ],
  });
  writeFileSync(join(directory, 'odd.h'), text);
  assert.match(text, /unsigned char count\[4\];\n\tunsigned char count_2\[8\];/);
  assert.match(text, /f_state\[3\]/);
  assert.not.match(text, /inside/);
  assert.match(text, /uint64_t odd__plain\(void \*memory, uint64_t size\);/);
  await compiles(
    'odd',
    [
      '#include "odd.h"',
      'unsigned char *state(void);',
      'unsigned char *state(void)',
      '{',
      '\treturn odd__skeleton().bss->f_state;',
      '}',
      '',
    ].join('\n'),
  );
});

test.run();
