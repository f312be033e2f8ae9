/** What bytecode means and optimisers must not take away. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTarget, targets } from '../../src/target/index.ts';
import { asm, makeObject } from '../support/object.ts';
import { lowerFor, missingTool, runNative, runWithC } from './native.ts';

const flag = { bytes: new Uint8Array(8), name: '.bss', kind: 'bss' } as const;

/** Waits until the first number in .bss is not zero, and returns it. */
const waiting = makeObject({
  data: [flag],
  functions: [
    [
      asm.refer(1, { kind: 'data', section: 0, offset: 0 }),
      asm.load(0, 4, 1, 0),
      asm.branchI('eq', 0, 0, 1),
      asm.exit,
    ],
  ],
});

/** The same, where the address is made anew in each turn. */
const waitingAnew = makeObject({
  data: [flag],
  functions: [
    [
      asm.refer(1, { kind: 'data', section: 0, offset: 0 }),
      asm.load(0, 4, 1, 0),
      asm.branchI('eq', 0, 0, 0),
      asm.exit,
    ],
  ],
});

const WAITING_MAIN = `
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <bpftime/object.h>
extern struct bpftime_map made__bss;
uint64_t made__main(void *, uint64_t);
static void *set(void *nothing) {
  usleep(20000);
  *(volatile uint32_t *)made__bss.memory = 42;
  return nothing;
}
int main(void) {
  pthread_t thread;
  alarm(20);
  pthread_create(&thread, 0, set, 0);
  printf("%d\\n", (int)made__main(0, 0));
  return 0;
}`;

/** Returns 1: whatever the stack holds, it is zero or it is not. */
const undecided = makeObject({
  functions: [
    [
      asm.load(2, 8, 10, -16),
      asm.branchI('eq', 2, 0, 3),
      asm.movI(2, 9),
      asm.movI(0, 1),
      asm.branchI('eq', 2, 0, 7),
      asm.branchI('eq', 2, 9, 7),
      asm.movI(0, 77),
      asm.exit,
    ],
  ],
});

/** The same in a function that looks at the frame of its caller. */
const undecidedOfCaller = makeObject({
  functions: [
    [asm.movR(1, 10), asm.aluI('add', 1, -16), asm.call(1), asm.exit],
    [
      asm.load(2, 8, 1, 0),
      asm.branchI('eq', 2, 0, 3),
      asm.movI(2, 9),
      asm.movI(0, 1),
      asm.branchI('eq', 2, 0, 7),
      asm.branchI('eq', 2, 9, 7),
      asm.movI(0, 77),
      asm.exit,
    ],
  ],
});

const host = hostTarget();
const missing = host === undefined ? 'this CPU is no target' : missingTool(host.name);
if (host === undefined || missing !== undefined) console.log(`skip: native runs: ${missing}`);
else {
  for (const [name, object] of Object.entries({ waiting, waitingAnew })) {
    test(`a loop sees what another thread writes: ${name}`, () => {
      const { bitcode } = lowerFor(object, host.name);
      assert.is(runWithC([bitcode], WAITING_MAIN, host.name), '42\n');
    });
  }

  test('a branch on stack that nobody wrote goes one way or the other', () => {
    for (const object of [undecided, undecidedOfCaller]) {
      const [outcome] = runNative([{ object, memory: new Uint8Array(0) }], host.name);
      assert.is(outcome!.r0, 1n);
    }
  });
}

test('stack that was written is loaded without detour', () => {
  const spill = makeObject({
    functions: [[asm.storeR(8, 10, -8, 1), asm.movI(0, 0), asm.load(0, 4, 10, -8), asm.exit]],
  });
  for (const { name } of targets()) assert.not.match(lowerFor(spill, name).text, /freeze/);
});

test('a name that means something to others is no symbol of the object', () => {
  const made = makeObject({
    functions: [
      [asm.call(1), asm.exit],
      [asm.movI(0, 1), asm.exit],
    ],
  });
  const named = (name: string) =>
    lowerFor(
      { ...made, programs: made.programs.map((program) => ({ ...program, name })) },
      'x86-64',
    ).exports;
  assert.ok(named('handler').includes('handler'));
  const kept = [
    'main',
    'malloc',
    'memcpy',
    'bpf_map_lookup_elem',
    '_start',
    'bpftime_open',
    '__stack_chk_fail',
  ];
  // Names that the module itself has uses for.
  kept.push('made__f1_local', 'made__object', 'llvm.used', 'object.pointer', 'string.0', 'a b');
  for (const name of kept) {
    const exports = named(name);
    assert.ok(!exports.includes(name) || name === 'made__object', name);
    assert.ok(exports.includes(`made__${name.replace(/\W/g, '_')}`), name);
  }
  assert.ok(named('object').includes('object'));
});

test.run();
