/** Properties of the code of all fixtures: pointers stay pointers, aligned accesses stay whole. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findTarget, targets } from '../../src/target/index.ts';
import { execute, runnableTargets } from '../native/native.ts';
import { asm, makeObject } from '../support/object.ts';
import { emitText, fixtureNames, fixturePath, loadObject } from './support.ts';

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

/**
 * Where numbers become pointers: the arguments of callbacks, which helpers pass as numbers. Where
 * pointers become numbers: the distance of two packet pointers, and addresses that a program hands to
 * a helper as a number to read from.
 */
const TO_POINTER: Readonly<Record<string, number>> = { loops: 2 };
const TO_NUMBER: Readonly<Record<string, number>> = { filter: 4, packet: 2, usdt: 2 };

test('pointers stay pointers in the LLVM IR of the fixtures', () => {
  for (const target of targets())
    for (const name of fixtureNames()) {
      const text = emitText(loadObject(fixturePath(name)), target, 'llvm-ir');
      const where = `${name} for ${target.name}`;
      assert.ok(count(text, /\binttoptr\b/g) <= (TO_POINTER[name] ?? 0), `${where}: inttoptr`);
      assert.ok(count(text, /\bptrtoint\b/g) <= (TO_NUMBER[name] ?? 0), `${where}: ptrtoint`);
    }
});

/** Fixtures all of whose data are aligned: maps, stack, contexts. Packets and raw memory are not. */
const ALIGNED = ['counter', 'events', 'kconfig', 'latency', 'registers', 'syscalls', 'tailcall'];
/** A byte that is loaded and then shifted to its place in a wider value. */
const JOINED = /\blbu\s+(\w+),[^\n]*\n(?:[^\n]*\n){0,4}?\s+slli\s+\1, \1, (?:8|16|24)\n/g;

test('aligned data are never put together from bytes on riscv64', () => {
  const riscv64 = findTarget('riscv64');
  const code = (name: string) => emitText(loadObject(fixturePath(name)), riscv64, 'asm');
  for (const name of ALIGNED) assert.is(count(code(name), JOINED), 0, name);
  // Raw memory may lie anywhere: the pattern must find what it looks for.
  assert.ok(count(code('globals'), JOINED) > 0);
});

/** Copies a value of an array of large values onto another, as a probe or as an ordinary function. */
function copier(kind: 'kprobe' | 'xdp', valueSize: number) {
  const address = [asm.movR(2, 10), asm.aluI('add', 2, -8)];
  return makeObject({
    kind,
    maps: [{ type: 2, typeName: 'array', keySize: 4, valueSize, maxEntries: 2 }],
    functions: [
      [
        asm.storeI(8, 10, -8, 0),
        ...address,
        asm.map(1, 0),
        asm.helper(1),
        asm.branchI('eq', 0, 0, 13),
        asm.movR(3, 0),
        asm.storeI(4, 10, -8, 1),
        ...address,
        asm.map(1, 0),
        asm.movI(4, 0),
        asm.helper(2),
        asm.exit,
      ],
    ],
  });
}

test('probes copy large values by the runtime, which keeps to general registers', async () => {
  for (const target of targets()) {
    const long = emitText(copier('kprobe', 3000), target, 'asm');
    assert.match(long, /\bbpftime_mem(cpy|move)\b/);
    assert.not.match(long, /[^_\w]mem(cpy|move|set)\b/);
    const short = emitText(copier('kprobe', 24), target, 'asm');
    assert.not.match(short, /mem(cpy|move)/);
    assert.match(emitText(copier('xdp', 3000), target, 'asm'), /[^_\w]mem(cpy|move)\b/);
  }
  for (const target of await runnableTargets())
    for (const size of [24, 65, 3000]) {
      const outcome = await execute(copier('kprobe', size), target, [{ program: 0 }]);
      assert.equal(
        outcome.results.map(({ r0 }) => r0),
        [0n],
        `${target.name}, ${size} bytes`,
      );
    }
});

test.run();
