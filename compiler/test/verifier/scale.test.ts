import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CollectingSink } from '../../src/diag/index.ts';
import { analyse } from '../../src/verifier/index.ts';
import { asm, type Draft, makeObject, type ObjectParts } from '../support/object.ts';

const SIZE = 100_000;
/** Generous, so that a loaded machine passes; what is not near-linear takes minutes. */
const SECONDS = 20;

/** Each shape is cut to about 100,000 instructions, ends with an exit and has all its facts asked for. */
const SHAPES: Readonly<Record<string, () => ObjectParts>> = {
  'one long block': () => ({
    functions: [
      [
        asm.movI(1, 1),
        ...Array.from({ length: SIZE }, (_, index) =>
          index % 3 === 0
            ? asm.storeR(8, 10, -8 * (1 + (index % 60)), 1)
            : asm.aluI('add', 1, index % 100),
        ),
        asm.exit,
      ],
    ],
  }),
  'diamonds that write every slot': () => ({
    functions: [
      repeat(SIZE / 4, (at, index) => [
        asm.branchI('gt', 2, index % 1000, at + 3),
        asm.storeR(8, 10, -8 * (1 + (index % 64)), index % 2 === 0 ? 1 : 10),
        asm.aluI('add', 2, 3),
        asm.aluI('add', 3, 1),
      ]),
    ],
  }),
  'loops one after another': () => ({
    functions: [
      repeat(SIZE / 4, (at, index) => [
        asm.movI(1, 0),
        asm.aluI('add', 1, 1),
        asm.aluI('add', 2, 1),
        asm.branchI('ne', 1, 1 + (index % 500), at + 1),
      ]),
    ],
  }),
  'loops deep in each other': () => ({ functions: [nest(SIZE / 4)] }),
  'branches back to the start': () => ({
    functions: [
      repeat(SIZE / 2, (_, index) => [
        asm.aluI('add', index % 10, 1),
        asm.branchI('eq', (index * 7) % 10, index % 77, index % 13),
      ]),
    ],
  }),
  'blocks in the wrong order': () => ({ functions: [backwards(SIZE / 2)] }),
  'many functions': () => ({
    functions: [
      repeat(SIZE / 20, (_, index) => [asm.movI(1, index), asm.movR(2, 10), asm.call(index + 1)]),
      ...Array.from({ length: SIZE / 20 }, () => [
        asm.storeR(8, 2, -8, 1),
        asm.movR(0, 1),
        asm.exit,
      ]),
    ],
  }),
  'one function called from everywhere': () => ({
    functions: [
      repeat(SIZE / 3, (_, index) => [asm.movI(1, index), asm.movR(2, 10), asm.call(1)]),
      [asm.storeR(8, 2, -8, 1), asm.movR(0, 1), asm.exit],
    ],
  }),
};

function repeat(
  times: number,
  make: (at: number, index: number) => readonly Draft[],
): readonly Draft[] {
  const code: Draft[] = [];
  for (let register = 0; register < 10; register++) code.push(asm.movI(register, register));
  for (let index = 0; index < times; index++) {
    for (const draft of make(code.length, index)) code.push(draft);
  }
  code.push(asm.movI(0, 0), asm.exit);
  return code;
}

function nest(depth: number): readonly Draft[] {
  const code: Draft[] = [];
  for (let register = 0; register < 10; register++) code.push(asm.movI(register, 0));
  const start = code.length;
  for (let level = 0; level < depth; level++) code.push(asm.aluI('add', level % 9, 1));
  for (let level = depth - 1; level >= 0; level--) {
    code.push(asm.branchI('lt', level % 9, 100 + (level % 900), start + level));
  }
  code.push(asm.exit);
  return code;
}

function backwards(blocks: number): readonly Draft[] {
  // jump to the last block; each block goes to the one before it in the code, the first one exits.
  const code: Draft[] = [asm.movI(0, 0), asm.jump(3 + 2 * (blocks - 1)), asm.exit];
  for (let block = 0; block < blocks; block++) {
    const here = code.length;
    code.push(asm.aluI('add', 0, 1), asm.jump(block === 0 ? 2 : here - 2));
  }
  return code;
}

for (const [name, make] of Object.entries(SHAPES)) {
  test(`${name}: time stays near-linear`, () => {
    const object = makeObject(make());
    const started = process.cpuUsage();
    const { functions } = analyse(object, { skip: true }, new CollectingSink());
    let facts = 0;
    for (const of of functions) {
      for (let index = 0; index < of.blockOf.length; index++) {
        if (of.before(index) !== undefined) facts++;
        of.access(index);
      }
    }
    // Processor time: other work on the machine does not count.
    const seconds = process.cpuUsage(started).user / 1e6;
    const megabytes = process.memoryUsage().rss / 2 ** 20;
    console.log(
      `${name}: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MiB, ${facts} instructions`,
    );
    assert.ok(facts > 1000);
    assert.ok(seconds < SECONDS, `${seconds.toFixed(1)} s`);
    assert.ok(megabytes < 1024, `${megabytes.toFixed(0)} MiB`);
  });
}

test.run();
