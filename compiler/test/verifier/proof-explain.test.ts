/**
 * Messages of the proof as people see them, on programs with one common mistake each, and the parts they
 * are made of. `BLESS=1` writes the expected text anew; read the difference before committing it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink, renderJson, renderText } from '../../src/diag/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { buildObject } from '../../src/object/index.ts';
import {
  constantScalar,
  rangeScalar,
  signedRange,
  UNKNOWN,
  unsignedOfSize,
} from '../../src/verifier/domain/index.ts';
import { prepareCode } from '../../src/verifier/proof/code.ts';
import { type PathStep, traceHistory } from '../../src/verifier/proof/explain/explain-history.ts';
import { numberWords, scalarWords } from '../../src/verifier/proof/explain/explain-words.ts';
import {
  assignment,
  counterStep,
  declaration,
} from '../../src/verifier/proof/explain/variables-text.ts';
import { prove } from '../../src/verifier/proof/prove.ts';
import { type Draft, makeObject } from '../support/object.ts';

const DIRECTORY = join(packageRoot(), 'fixtures', 'bad', 'verify');

function messages() {
  const path = join(DIRECTORY, 'messages.bpf.o');
  const object = buildObject(
    parseElf(new Uint8Array(readFileSync(path)), 'messages.bpf.o'),
    {},
    new CollectingSink(),
  );
  return prove(object);
}

test('messages of programs with common mistakes', () => {
  const text = messages()
    .map(({ program, rejection }) => {
      assert.ok(rejection !== undefined, `${program} is rejected`);
      return `${program}:\n${renderText([rejection], { color: false })}`;
    })
    .join('\n');
  const file = join(DIRECTORY, 'messages.txt');
  if (process.env.BLESS === '1') writeFileSync(file, text);
  assert.fixture(text, readFileSync(file, 'utf8'));
});

test('every message has a source line, and a way out or the values that matter', () => {
  for (const { program, rejection } of messages()) {
    assert.type(rejection?.place?.line, 'number', program);
    assert.type(rejection?.place?.sourceText, 'string', program);
    assert.ok(rejection?.help !== undefined || (rejection?.notes ?? []).length > 0, program);
    assert.ok((rejection?.notes ?? []).length <= 16, `${program}: not too many notes`);
    // Notes survive in JSON with their places.
    const record = JSON.parse(renderJson([rejection!]))[0];
    assert.is(record.notes?.length ?? 0, rejection?.notes?.length ?? 0);
  }
});

test('numbers and ranges in words', () => {
  assert.is(numberWords(12n), '12');
  assert.is(numberWords(-65536n), '-65536');
  assert.is(numberWords(65537n), '65537 (2^16 + 1)');
  assert.is(numberWords(0xffff_ffffn), '4294967295 (2^32 - 1)');
  assert.is(numberWords(-(1n << 31n)), '-2147483648 (-2^31)');
  assert.is(scalarWords(UNKNOWN), 'can be any number');
  assert.is(scalarWords(constantScalar(-5)), 'is -5');
  assert.is(scalarWords(rangeScalar(0, 7)), 'is between 0 and 7');
  assert.is(scalarWords(rangeScalar(0, 1)), 'is 0 or 1');
  assert.is(scalarWords(unsignedOfSize(4)), 'can be any 32-bit unsigned number');
  assert.is(scalarWords(signedRange(-(2 ** 31), 2 ** 31 - 1)), 'can be any int');
  assert.is(scalarWords(signedRange(-3, 99)), 'is between -3 and 99');
  assert.is(
    scalarWords(signedRange(-(1n << 63n), 99)),
    'is at most 99 and may be negative, since nothing bounds it below',
  );
  assert.is(
    scalarWords(signedRange(0, (1n << 63n) - 1n)),
    'is not negative, and has no upper bound',
  );
  assert.is(scalarWords(rangeScalar(1, (1n << 64n) - 1n)), 'is any number but 0');
});

test('variables that lines assign', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['\tlength = bpf_ntohs(header->length);', 'length'],
    ['\tint length = ctx->len; /* bytes */', 'length'],
    ['struct stats *stats = bpf_map_lookup_elem(&table, &key);', 'stats'],
    ['const volatile unsigned long long x = y << 2;', 'x'],
    ['total += size;', 'total'],
    ['bits <<= 3;', 'bits'],
    ['value = bpf_map_lookup_elem(&map,', 'value'],
    // Not plain, or no assignments at all.
    ['*pointer = 3;', undefined],
    ['stats->count = 3;', undefined],
    ['cells[2] = 3;', undefined],
    ['a = 1, b = f();', undefined],
    ['int a = f(), b = 2;', undefined],
    ['a = 1; b = f();', undefined],
    ['if (a == b)', undefined],
    ['if (a <= b)', undefined],
    ['return a = f();', undefined],
    ['while (a != 3)', undefined],
    ['for (int i = 0; i < n; i++)', undefined],
    ['if ((x = f()))', undefined],
    ['', undefined],
    ['=', undefined],
    [`x = ${'y'.repeat(400)};`, undefined],
  ];
  for (const [line, name] of cases) assert.is(assignment(line)?.name, name, line);
  assert.is(assignment('struct  stats * stats = f();')?.type, 'struct stats *');
  assert.is(assignment('stats = f();')?.type, undefined);
  assert.is(declaration('char name[16] = {};'), 'name');
  assert.is(declaration('__u32 key = 1;'), 'key');
  assert.is(declaration('key = 1;'), undefined);
  assert.is(declaration('name[3] = 1;'), undefined);
  assert.is(counterStep('for (int i = 0; i < n; i++)', 1), 'i');
  assert.is(counterStep('for (i = n; i > 0; --i) {', -1), 'i');
  assert.is(counterStep('for (i = 0; i < n; i += 4)', 4), 'i');
  assert.is(counterStep('for (i = 0; i < n; i += 4)', 1), undefined);
  assert.is(counterStep('for (i = 0; i < n; i++, j++)', 1), undefined);
});

test('reading lines takes no more than their length', () => {
  const started = performance.now();
  for (const line of [
    'a '.repeat(149),
    '('.repeat(299),
    `for (${';'.repeat(290)}`,
    '* '.repeat(149),
  ]) {
    for (let count = 0; count < 100; count++) {
      assignment(line);
      declaration(line);
      counterStep(line, 1);
    }
  }
  assert.ok(performance.now() - started < 1000);
});

const register = (number: number) => ({ kind: 'register', register: number }) as const;
const immediate = (value: number) => ({ kind: 'immediate', value }) as const;
const move = (
  destination: number,
  source: ReturnType<typeof register | typeof immediate>,
): Draft => ({
  kind: 'alu',
  operator: 'mov',
  width: 64,
  destination,
  source,
});
const add = (destination: number, value: number): Draft => ({
  kind: 'alu',
  operator: 'add',
  width: 64,
  destination,
  source: immediate(value),
});
const spill = (offset: number, source: number): Draft => ({
  kind: 'store',
  size: 8,
  base: 10,
  offset,
  source: register(source),
});
const fill = (destination: number, offset: number): Draft => ({
  kind: 'load',
  size: 8,
  signed: false,
  destination,
  base: 10,
  offset,
});
const help = (helper: number): Draft => ({ kind: 'call_helper', helper });
const exit: Draft = { kind: 'exit' };

/** Origins after a straight path through all of a program's instructions but the last. */
function straight(functions: readonly (readonly Draft[])[], path?: readonly number[]) {
  const object = makeObject({ functions, kind: 'xdp' });
  const code = prepareCode(object);
  const steps: PathStep[] = (path ?? functions[0]!.map((_, pc) => pc)).map((pc) => ({ pc }));
  return traceHistory(code, steps)!;
}

test('values keep their origin through copies and spills', () => {
  const { registers } = straight([
    [help(7), move(6, register(0)), spill(-8, 6), help(5), fill(3, -8), move(1, register(3)), exit],
  ]);
  assert.is(registers[1]?.pc, 0);
  assert.is(registers[3], registers[6]);
  assert.is(registers[0]?.pc, 3);
  assert.is(registers[2], undefined, 'calls clear r1 to r5');
});

test('what may have been written through a pointer has no origin', () => {
  const address = [move(2, register(10)), add(2, -8)];
  const { registers } = straight([
    [help(7), spill(-8, 0), spill(-16, 0), ...address, help(1), fill(6, -8), fill(7, -16), exit],
  ]);
  assert.is(registers[6]?.pc, 6, 'the load, not the spill');
  assert.is(registers[7]?.pc, 0, 'below the address that was given away');
});

test('arithmetic remembers what it was made from, loops do not pile up', () => {
  const { registers } = straight([[help(7), add(0, 1), add(0, 2), exit]]);
  assert.is(registers[0]?.pc, 2);
  assert.is(registers[0]?.from?.pc, 1);
  assert.is(registers[0]?.from?.from?.pc, 0);
  const path = [0, ...new Array<number>(1000).fill(1), 2];
  const looped = straight([[help(7), add(0, 1), exit]], path);
  assert.is(looped.registers[0]?.depth, 2);
});

test('parameters of callees come from their callers', () => {
  const { registers } = straight(
    [
      [help(7), move(1, register(0)), { kind: 'call_function', function: 1 }, exit],
      [move(6, register(1)), exit],
    ],
    [0, 1, 2, 4, 5],
  );
  assert.equal(registers[6]?.parameter, { fn: 1, register: 1 });
  assert.is(registers[6]?.from?.pc, 0);
  const back = straight(
    [
      [help(7), move(6, register(0)), { kind: 'call_function', function: 1 }, exit],
      [move(6, immediate(1)), exit],
    ],
    [0, 1, 2, 4, 5, 3],
  );
  assert.is(back.registers[6]?.pc, 0, 'r6 is the caller’s own again');
  assert.is(back.registers[0]?.pc, 2);
});

test('branches are counted, and stand in the order of their last time', () => {
  const branch = (target: number): Draft => ({
    kind: 'branch',
    operator: 'eq',
    width: 64,
    left: 0,
    right: immediate(0),
    target,
  });
  const { branches } = straight([[help(7), branch(3), branch(1), exit]], [0, 1, 2, 1, 2, 1, 3]);
  assert.equal(
    branches.map(({ pc, taken, count }) => ({ pc, taken, count })),
    [
      { pc: 2, taken: true, count: 2 },
      { pc: 1, taken: true, count: 3 },
    ],
  );
});

test.run();
