import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { parseElf } from '../../src/elf/index.ts';
import { askKernel, type KernelOptions, readKernelLog } from '../../src/kernel/index.ts';
import { type BpfObject, buildObject } from '../../src/object/index.ts';
import { asm, makeObject, type ObjectParts } from '../support/object.ts';

const { movI, movR, storeI, load, map, helper, call, refer, branchI, constant, exit } = asm;

const silent = { add() {} };
const special = read(join(packageRoot(), 'fixtures', 'kernel', 'special.bpf.o'));

function read(file: string): BpfObject {
  return buildObject(parseElf(readFileSync(file), file), {}, silent);
}

function ask(object: BpfObject, name: string, options: Partial<KernelOptions> = {}) {
  const program = object.programs.find((one) => one.name === name);
  return askKernel(object, { program: program!.index, ...options });
}

function askMade(parts: ObjectParts, options: Partial<KernelOptions> = {}) {
  return askKernel(makeObject({ kind: 'socket_filter', ...parts }), { program: 0, ...options });
}

const probe = askMade({ functions: [[movI(0, 0), exit]] });
if (probe.verdict === 'unavailable') console.log(`skip: ${probe.reason}`);
const withKernel = probe.verdict === 'unavailable' ? test.skip : test;

test('without a type of program that fits, there is no verdict but a reason', () => {
  const verdict = askMade({ kind: 'raw', functions: [[movI(0, 0), exit]] });
  assert.is(verdict.verdict, 'unavailable');
  assert.match(verdict.reason ?? '', /memory and its length/);
});

withKernel('a program is accepted, with the numbers of the walk', () => {
  assert.is(probe.verdict, 'accepted');
  assert.is(probe.walked, 2);
  assert.type(probe.microseconds, 'number');
  assert.equal(probe.functions, [{ function: 0, firstSlot: 0 }]);
});

withKernel('a rejection brings its errno, its reason and, from level 1 on, the path', () => {
  const functions = [[movR(6, 1), exit]];
  const brief = askMade({ functions }, { logLevel: 0 });
  assert.is(brief.verdict, 'rejected');
  assert.is(brief.errno, 'EACCES');
  assert.is(brief.refused, 'program');
  assert.match(brief.log, /R0 !read_ok/);
  assert.is(readKernelLog(brief.log).length, 0);
  const full = askMade({ functions }, { logLevel: 1 });
  assert.match(full.log, /R0 !read_ok/);
  assert.ok(readKernelLog(full.log).some(({ slot, text }) => slot === 1 && /exit/.test(text)));
});

withKernel('level 2 shows every instruction of accepted programs', () => {
  const functions = [[movI(0, 7), branchI('eq', 0, 7, 3), movI(0, 1), exit]];
  const lines = readKernelLog(askMade({ functions }, { logLevel: 2 }).log);
  const slots = new Set(lines.map(({ slot }) => slot));
  assert.equal([...slots].sort(), [0, 1, 3]);
});

withKernel('a log longer than its limit is cut at the beginning', () => {
  const body = Array.from({ length: 3000 }, (_, index) => movI(0, index));
  const verdict = askMade({ functions: [[...body, exit]] }, { logLevel: 2, logLimit: 1 << 16 });
  assert.is(verdict.verdict, 'accepted');
  assert.ok(verdict.truncated);
  assert.match(verdict.log, /processed 3001 insns/);
});

withKernel('subprograms, callbacks and constants of an object without types', () => {
  const bpfLoop = 181;
  const verdict = askMade(
    {
      functions: [
        [
          constant(1, 3n),
          call(2),
          movI(1, 10),
          refer(2, { kind: 'function', function: 1 }),
          movI(3, 0),
          movI(4, 0),
          helper(bpfLoop),
          movI(0, 0),
          exit,
        ],
        [movI(0, 0), exit],
        [movR(0, 1), exit],
        // Not reached: it would be rejected.
        [exit],
      ],
    },
    { logLevel: 2 },
  );
  assert.is(verdict.verdict, 'accepted', verdict.log);
  assert.equal(
    verdict.functions.map((one) => one.function),
    [0, 2, 1],
  );
});

withKernel('maps and data are made; constants are known to the verifier', () => {
  const lookup = 1;
  const bytes = Uint8Array.of(5, 0, 0, 0);
  const parts = (kind: 'rodata' | 'data') => ({
    maps: [{ typeName: 'hash', type: 1, maxEntries: 100_000_000 }],
    data: [{ kind, name: kind === 'rodata' ? '.rodata' : '.data', bytes }],
    functions: [
      [
        storeI(4, 10, -4, 0),
        movR(2, 10),
        asm.aluI('add', 2, -4),
        map(1, 0),
        helper(lookup),
        refer(3, { kind: 'data', section: 0, offset: 0 }),
        load(3, 4, 3, 0),
        branchI('eq', 3, 5, 9),
        // Reached only when the variable may be another than 5.
        load(0, 8, 0, 0),
        movI(0, 0),
        exit,
      ],
    ],
  });
  assert.is(askMade(parts('rodata')).verdict, 'accepted');
  const rejected = askMade(parts('data'));
  assert.is(rejected.verdict, 'rejected');
  assert.match(rejected.log, /map_value_or_null/);
});

withKernel('a map that cannot be is refused by name', () => {
  const verdict = askMade({
    maps: [{ name: 'odd', typeName: 'array', type: 2, keySize: 8 }],
    functions: [[map(1, 0), movI(0, 0), exit]],
  });
  assert.is(verdict.verdict, 'rejected');
  assert.is(verdict.refused, 'map');
  assert.is(verdict.errno, 'EINVAL');
  assert.match(verdict.log, /odd/);
});

withKernel('a poisoned instruction counts only where control comes', () => {
  const poison = { kind: 'poison', reason: 'no such field' } as const;
  const dead = [movI(0, 0), branchI('eq', 0, 0, 3), poison, exit];
  assert.is(askMade({ functions: [dead] }).verdict, 'accepted');
  assert.is(askMade({ functions: [[movI(0, 0), poison, exit]] }).verdict, 'rejected');
});

for (const [name, expected] of Object.entries({
  locked: 'accepted',
  timed: 'accepted',
  nested: 'accepted',
  sleepable: 'accepted',
  disabled: 'accepted',
  refused: 'rejected',
})) {
  withKernel(`an object with types: ${name} is ${expected}`, () => {
    const verdict = ask(special, name);
    assert.is(verdict.verdict, expected, verdict.log);
  });
}

withKernel('lines of C stand in the log', () => {
  assert.match(ask(special, 'refused').log, /return \*value;/);
});

withKernel('the way a program is attached counts', () => {
  // bpf_copy_from_user is for sleepable programs only.
  const { programs } = special;
  const changed = programs.map((one) => ({ ...one, attach: { ...one.attach, sleepable: false } }));
  assert.is(ask({ ...special, programs: changed }, 'sleepable').verdict, 'rejected');
});

withKernel('the license counts', () => {
  const printk = 6;
  const functions = [
    [storeI(8, 10, -8, 0), movR(1, 10), asm.aluI('add', 1, -8), movI(2, 8), helper(printk), exit],
  ];
  const kind = 'kprobe';
  assert.match(askMade({ kind, functions }).log, /GPL/);
  const verdict = askMade({ kind, functions }, { license: 'GPL' });
  assert.is(verdict.verdict, 'accepted', verdict.log);
});

withKernel('every descriptor is closed again', () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  for (const { name } of special.programs) ask(special, name);
  assert.is(open(), before);
});

test.run();
