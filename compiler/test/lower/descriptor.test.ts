import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import {
  MAP_TYPE,
  OBJECT_MAGIC,
  OBJECT_TYPE,
  OBJECT_VERSION,
  PACKET_SIZE,
  PROGRAM_KINDS,
  PROGRAM_OPTIONAL,
  PROGRAM_SLEEPABLE,
  PROGRAM_TYPE,
  SLOT_TYPE,
  structureLayout,
  VERDICTS,
} from '../../src/lower/descriptor.ts';

const STRUCTURES = [MAP_TYPE, SLOT_TYPE, PROGRAM_TYPE, OBJECT_TYPE] as const;
const HEADER = join(packageRoot(), 'runtime-native', 'include', 'bpftime', 'object.h');

/** Everything that descriptor.ts claims about the header, as C that compiles only if it is true. */
function assertions(): string[] {
  const lines: string[] = [];
  for (const name of STRUCTURES) {
    const structure = name.replace('%struct.', 'struct ');
    const { offsets, size } = structureLayout(name);
    lines.push(`_Static_assert(sizeof(${structure}) == ${size}, "${structure}");`);
    for (const [member, offset] of offsets) {
      const claim = `offsetof(${structure}, ${member}) == ${offset}`;
      lines.push(`_Static_assert(${claim}, "${structure}.${member}");`);
    }
  }
  const equal = (constant: string, value: number | bigint) =>
    lines.push(`_Static_assert(${constant} == ${value}u, "${constant}");`);
  for (const [kind, value] of Object.entries(PROGRAM_KINDS)) {
    equal(`BPFTIME_PROGRAM_${kind.toUpperCase()}`, value);
  }
  for (const [verdict, value] of Object.entries(VERDICTS)) {
    equal(`BPFTIME_VERDICT_${verdict.toUpperCase()}`, value);
  }
  equal('BPFTIME_PROGRAM_OPTIONAL', PROGRAM_OPTIONAL);
  equal('BPFTIME_PROGRAM_SLEEPABLE', PROGRAM_SLEEPABLE);
  equal('BPFTIME_OBJECT_VERSION', OBJECT_VERSION);
  lines.push(`_Static_assert(BPFTIME_OBJECT_MAGIC == ${OBJECT_MAGIC}ull, "magic");`);
  equal('sizeof(struct bpftime_packet)', PACKET_SIZE);
  return lines;
}

function compile(lines: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync('clang-19', ['-ffreestanding', '-fsyntax-only', '-x', 'c', '-'], {
    input: [`#include "${HEADER}"`, ...lines].join('\n'),
    encoding: 'utf8',
  });
}

const hasClang = spawnSync('clang-19', ['--version']).error === undefined;
if (!hasClang) console.log('skip: structures of object.h: clang-19 is not installed');

if (hasClang) {
  test('structures and constants are those of object.h', () => {
    const { status, stderr } = compile(assertions());
    assert.is(status, 0, stderr);
  });

  test('a wrong offset would be noticed', () => {
    const wrong = '_Static_assert(offsetof(struct bpftime_map, state) == 0, "state");';
    assert.is.not(compile([wrong]).status, 0);
  });
}

test('every member of the structures of object.h is described', () => {
  const header = readFileSync(HEADER, 'utf8');
  for (const name of STRUCTURES) {
    const structure = name.replace('%struct.', '');
    const body = new RegExp(`^struct ${structure} \\{(.*?)^\\};`, 'ms').exec(header)?.[1] ?? '';
    const members = body
      .replace(/\/\*.*?\*\//gs, '')
      .split(';')
      .slice(0, -1).length;
    assert.is(structureLayout(name).offsets.size, members, structure);
  }
});

test.run();
