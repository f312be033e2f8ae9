/**
 * Random programs do the same in the reference interpreter, in native code of every CPU and, where it
 * is allowed, in the kernel: the same r0, the same memory. DIFFERENTIAL_COUNT and DIFFERENTIAL_SEED
 * choose how many and which.
 */
import { closeSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bpfKernel } from '../../src/codegen/index.ts';
import { run } from '../../src/interp/index.ts';
import { type BpfObject, objectFromBytecode } from '../../src/object/index.ts';
import { type GeneratedProgram, generate } from '../support/generate.ts';
import { mergeObjects } from '../support/merge.ts';
import { execute, hex, runnableTargets } from './native.ts';

const COUNT = Number(process.env.DIFFERENTIAL_COUNT ?? 240);
const FIRST = Number(process.env.DIFFERENTIAL_SEED ?? 1);
/**
 * A program for the kernel that Linux 6.18 gets wrong: it leaves out a branch on what xchg took out of
 * the frame (`if r8 > ...` behind `r8 = xchg_64(r10 - 8, r8)`). By hand the interpreter's result is right.
 */
const WRONG_IN_KERNEL = { seed: 115184, r0: 3832499874n };
/** Programs of one executable. */
const BATCH = 60;

interface Case {
  readonly program: GeneratedProgram;
  readonly object: BpfObject;
  readonly r0: bigint;
  readonly memory: string;
}

function makeCase(seed: number, kernel: boolean): Case {
  const program = generate(seed, { kernel, statements: 10 + (seed % 5) * 10 });
  const object = objectFromBytecode(program.code, `seed${seed}.bin`);
  const { r0, memory, fault } = run(object, { memory: program.memory });
  assert.is(fault, undefined, `seed ${seed}: the interpreter must come to the end`);
  return { program, object, r0: r0!, memory: hex(memory) };
}

function* batches(kernel = false): Generator<{ number: number; cases: Case[] }> {
  for (let start = 0, number = 0; start < COUNT; start += BATCH, number++) {
    const size = Math.min(BATCH, COUNT - start);
    yield {
      number,
      cases: Array.from({ length: size }, (_, index) => makeCase(FIRST + start + index, kernel)),
    };
  }
}

for (const target of await runnableTargets()) {
  test(`a branch on what xchg took out of the frame stays, on ${target.name}`, async () => {
    const { object, r0 } = makeCase(WRONG_IN_KERNEL.seed, true);
    assert.is(r0, WRONG_IN_KERNEL.r0);
    const { results } = await execute(object, target, [{ program: 0 }]);
    assert.is(results[0]!.r0, r0);
  });

  test(`${COUNT} random programs on ${target.name}`, async () => {
    for (const { number, cases } of batches()) {
      const level = (number % 4) as 0 | 1 | 2 | 3;
      const { results } = await execute(
        mergeObjects(cases.map(({ object }) => object)),
        target,
        cases.map(({ program }, index) => ({ program: index, memory: program.memory })),
        { level, debug: number % 8 >= 4, helpers: number % 3 === 0 ? 'extern' : 'inline' },
      );
      cases.forEach(({ program, r0, memory }, index) => {
        const where = `${target.name} -O${level}, seed ${program.seed}`;
        assert.is(results[index]!.r0, r0, `r0, ${where}`);
        assert.is(hex(results[index]!.memory), memory, `memory, ${where}`);
      });
    }
  });
}

const SOCKET_FILTER = 1;
const RETURN_ZERO = Buffer.from('b7000000000000009500000000000000', 'hex');

function kernelAllowed(): boolean {
  try {
    const fd = bpfKernel().progLoad({
      type: SOCKET_FILTER,
      instructions: RETURN_ZERO,
      license: 'GPL',
    });
    closeSync(fd);
    return true;
  } catch (error) {
    console.log(`skip: random programs in the kernel: ${(error as Error).message}`);
    return false;
  }
}

if (kernelAllowed()) {
  test(`${COUNT} random programs in the kernel`, () => {
    const packet = new Uint8Array(64);
    for (const { cases } of batches(true)) {
      for (const { program, r0 } of cases) {
        if (program.seed === WRONG_IN_KERNEL.seed) continue;
        const fd = bpfKernel().progLoad({
          type: SOCKET_FILTER,
          instructions: program.code,
          license: 'GPL',
        });
        try {
          const { retval } = bpfKernel().progTestRun({ fd, dataIn: packet });
          assert.is(BigInt(retval >>> 0), r0 & 0xffff_ffffn, `seed ${program.seed}`);
        } finally {
          closeSync(fd);
        }
      }
    }
  });
}

test('the interpreter and the generator agree on what a program is', () => {
  assert.ok(COUNT > 0, 'DIFFERENTIAL_COUNT must be a positive number');
  assert.is(makeCase(FIRST, false).r0, makeCase(FIRST, false).r0);
});

test.run();
