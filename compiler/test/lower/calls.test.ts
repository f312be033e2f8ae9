import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { targets } from '../../src/target/index.ts';
import { asm, makeObject } from '../support/object.ts';
import { lowerFor, missingTool, runWithC } from './native.ts';

const TAIL_CALL = 12;
const LOOP = 181;
const PROG_ARRAY = 3;

/** Counts its runs in .data, calls slot 0 of a program array, and returns the count when that fails. */
const endless = makeObject({
  kind: 'tracepoint',
  maps: [
    {
      type: PROG_ARRAY,
      typeName: 'prog_array',
      keySize: 4,
      valueSize: 4,
      maxEntries: 2,
      initial: [{ key: 0, function: 0 }],
    },
  ],
  data: [{ bytes: new Uint8Array(8) }],
  functions: [
    [
      asm.refer(6, { kind: 'data', section: 0, offset: 0 }),
      asm.load(7, 8, 6, 0),
      asm.aluI('add', 7, 1),
      asm.storeR(8, 6, 0, 7),
      asm.map(2, 0),
      asm.movI(3, 0),
      { kind: 'call_helper', helper: TAIL_CALL },
      asm.load(0, 8, 6, 0),
      { kind: 'exit' },
    ],
  ],
});

const TAIL_CALL_MAIN = `
#include <stdio.h>
#include <bpftime/object.h>
extern const struct bpftime_object made__object;
extern struct bpftime_map made__m0, made__data;
uint64_t made__main(void *);
int main(void) {
  static void *slots[2];
  static uint64_t context[8];
  uint64_t *count = made__data.memory;
  printf("%d ", (int)made__main(context)); /* not opened */
  made__m0.memory = slots;
  *count = 0;
  printf("%d ", (int)made__main(context)); /* empty slot */
  slots[made__object.initial[0].key] = (void *)made__object.initial[0].value;
  *count = 0;
  printf("%d\\n", (int)made__main(context));
  return made__object.program_count != 1 || made__object.map_count != 2;
}`;

/** Adds the numbers below ten, by a callback that gets its own frame and a pointer to the caller's. */
const looping = makeObject({
  functions: [
    [
      asm.storeI(8, 10, -8, 0),
      asm.movI(1, 10),
      asm.refer(2, { kind: 'function', function: 1 }),
      asm.movR(3, 10),
      asm.aluI('add', 3, -8),
      asm.movI(4, 0),
      { kind: 'call_helper', helper: LOOP },
      asm.load(1, 8, 10, -8),
      asm.aluI('mul', 0, 1000),
      asm.aluR('add', 0, 1),
      { kind: 'exit' },
    ],
    [
      asm.storeR(8, 10, -8, 1),
      asm.load(3, 8, 2, 0),
      asm.load(4, 8, 10, -8),
      asm.aluR('add', 3, 4),
      asm.storeR(8, 2, 0, 3),
      asm.movI(0, 0),
      { kind: 'exit' },
    ],
  ],
});

const LOOP_MAIN = `
#include <stdint.h>
#include <stdio.h>
uint64_t bpf_loop(uint64_t count, long (*step)(uint64_t, void *), void *context, uint64_t flags) {
  uint64_t done = 0;
  while (done < count && step(done, context) == 0) done++;
  return done + flags;
}
uint64_t made__main(void *, uint64_t);
int main(void) { printf("%d\\n", (int)made__main(0, 0)); return 0; }`;

for (const { name: target } of targets()) {
  const missing = missingTool(target);
  if (missing !== undefined) {
    console.log(`skip: tail calls and callbacks on ${target}: ${missing} is not installed`);
    continue;
  }
  for (const level of ['-O0', '-O2']) {
    test(`33 tail calls and no more on ${target} at ${level}; failed ones fall through`, () => {
      const { bitcode } = lowerFor(endless, target);
      assert.is(runWithC([bitcode], TAIL_CALL_MAIN, target, level), '1 1 34\n');
    });

    test(`the runtime calls functions back on ${target} at ${level}`, () => {
      const { bitcode } = lowerFor(looping, target);
      assert.is(runWithC([bitcode], LOOP_MAIN, target, level), '10045\n');
    });
  }
}

test('a tail call in a subprogram is refused', () => {
  const object = makeObject({
    kind: 'tracepoint',
    maps: endless.maps,
    functions: [
      [{ kind: 'call_function', function: 1 }, { kind: 'exit' }],
      [asm.map(2, 0), asm.movI(3, 0), { kind: 'call_helper', helper: TAIL_CALL }, { kind: 'exit' }],
    ],
  });
  assert.throws(() => lowerFor(object, 'x86-64'), /tail_call|tail call/);
});

test.run();
