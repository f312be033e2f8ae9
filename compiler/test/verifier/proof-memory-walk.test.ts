/**
 * Rules of memory under the real walk: what one path relied upon must hold on every path that ends at its
 * checkpoints. Each case joins a harmless path and one that is not, in either order.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BpfMap, ProgramKind } from '../../src/object/index.ts';
import { prove } from '../../src/verifier/index.ts';
import { assemble } from '../support/assemble.ts';
import { makeObject } from '../support/object.ts';

interface Program {
  readonly text: string;
  readonly functions?: readonly string[];
  readonly kind?: ProgramKind;
  readonly maps?: readonly Partial<BpfMap>[];
}

/** `proved`, or the code of the rejection. */
function verdict({ text, functions = [], kind = 'kprobe', maps = [] }: Program): string {
  const names = {
    functions: ['f0', ...functions.map((_, index) => `f${index + 1}`)],
    maps: maps.map((_, index) => `m${index}`),
  };
  const made = makeObject({
    functions: [text, ...functions].map((body) => assemble(body, names)),
    kind,
    maps,
  });
  const statics = made.functions.map((body) =>
    body.index === 0 ? body : { ...body, linkage: 'static' as const },
  );
  const object = { ...made, functions: statics, ptRegs: 'x86-64' as const };
  const [proof] = prove(object, {});
  return proof!.rejection?.code ?? 'proved';
}

/** The part that both paths share, after a choice between two beginnings. */
function joined(one: string, other: string, rest: string): string {
  return `call get_prandom_u32; if r0 == 0 goto l1; ${one}; goto l2; l1: ${other}; l2: ${rest}; exit`;
}

/** A rejection, whichever beginning comes first; a proof with two good ones. */
function onlyGood(
  good: string,
  bad: string,
  rest: string,
  code: string,
  more: Partial<Program> = {},
) {
  for (const [one, other] of [
    [good, bad],
    [bad, good],
  ]) {
    assert.is(verdict({ ...more, text: joined(one!, other!, rest) }), code);
  }
  assert.is(verdict({ ...more, text: joined(good, good, rest) }), 'proved');
}

test('a byte that was zero', () => {
  const rest = `*(u8 *)(r10 - 3) = r6; r2 = *(u8 *)(r10 - 3); r3 = r10; r3 += -8; r3 += r2
    *(u8 *)(r3 + 7) = 1; r0 = 0`;
  onlyGood('r6 = 0', 'r6 = 5', rest, 'BPF-V022');
});

test('a spilled number, and its low end', () => {
  const rest = (bits: number) => `*(u64 *)(r10 - 8) = r6; r2 = *(u${bits} *)(r10 - 8)
    r3 = r10; r3 += -24; r3 += r2; *(u8 *)(r3 + 0) = 1; r0 = 0`;
  onlyGood('r6 = 7', 'r6 = 70', rest(64), 'BPF-V022');
  onlyGood('r6 = 7', 'r6 = 70', rest(8), 'BPF-V022');
});

test('a spill that fits tells of the register', () => {
  const rest = `*(u32 *)(r10 - 8) = r8; r2 = *(u32 *)(r10 - 8); r0 = 0
    if r2 > 7 goto l3; r3 = r10; r3 += -16; r3 += r8; *(u8 *)(r3 + 0) = 1; l3: r0 = 0`;
  const text = (one: number, other: number) =>
    `r9 = r1; ${joined(`r8 = *(u${one} *)(r9 + 0)`, `r8 = *(u${other} *)(r9 + 0)`, rest)}`;
  assert.is(verdict({ text: text(32, 32) }), 'proved');
  assert.is(verdict({ text: text(32, 64) }), 'BPF-V032');
  assert.is(verdict({ text: text(64, 32) }), 'BPF-V032');
});

test('zeroes under a store that may hit', () => {
  const rest = `*(u64 *)(r10 - 8) = 0; call get_prandom_u32; r0 &= 7; r3 = r10; r3 += -8; r3 += r0
    *(u8 *)(r3 + 0) = r6; r2 = *(u64 *)(r10 - 8); r3 = r10; r3 += r2; *(u8 *)(r3 - 1) = 1; r0 = 0`;
  onlyGood('r6 = 0', 'r6 = 5', rest, 'BPF-V032');
});

test('the number that an exchange takes off the stack', () => {
  const rest = `*(u64 *)(r10 - 8) = r6; r2 = 0; r2 = xchg_64(r10 - 8, r2)
    r3 = r10; r3 += -16; r3 += r2; *(u8 *)(r3 + 0) = 1; r0 = 0`;
  onlyGood('r6 = 7', 'r6 = 70', rest, 'BPF-V022');
});

test('initialised bytes', () => {
  const rest = 'r0 = *(u8 *)(r10 - 8); r0 = 0';
  onlyGood('*(u64 *)(r10 - 8) = r0', 'r6 = 0', rest, 'BPF-V021');
  onlyGood('*(u64 *)(r10 - 8) = r0', '*(u32 *)(r10 - 4) = r0', rest, 'BPF-V021');
});

test('a pointer on the stack', () => {
  const value = 'r9 = map_value m0 + 0 ll';
  const rest = 'r2 = *(u64 *)(r10 - 8); r0 = *(u64 *)(r2 + 0); r0 = 0';
  const good = `${value}; *(u64 *)(r10 - 8) = r9`;
  onlyGood(good, `${value}; *(u64 *)(r10 - 8) = 0`, rest, 'BPF-V029', { maps: [{}] });
  onlyGood(good, `${good}; *(u8 *)(r10 - 1) = 0`, rest, 'BPF-V029', { maps: [{}] });
});

test('the end of the memory of a raw program', () => {
  const rest = `r4 = r6; r4 += r3; r5 = r6; r5 += 14; r0 = 0
    if r5 > r4 goto l3; r0 = *(u8 *)(r6 + 13); l3: r0 = 0`;
  const text = (one: string, other: string) => `r6 = r1; r7 = r2; ${joined(one, other, rest)}`;
  assert.is(verdict({ kind: 'raw', text: text('r3 = r7', 'r3 = r7') }), 'proved');
  assert.is(verdict({ kind: 'raw', text: text('r3 = r7', 'r3 = 100000') }), 'BPF-V025');
  assert.is(verdict({ kind: 'raw', text: text('r3 = 100000', 'r3 = r7') }), 'BPF-V025');
});

test('the context or other memory', () => {
  const rest = 'r0 = *(u64 *)(r6 + 0); r0 = 0';
  const stack = '*(u64 *)(r10 - 8) = 0; r6 = r10; r6 += -8';
  const text = (one: string, other: string) => `r9 = r1; ${joined(one, other, rest)}`;
  assert.is(verdict({ text: text('r6 = r9', 'r6 = r9') }), 'proved');
  assert.is(verdict({ text: text(stack, stack) }), 'proved');
  assert.is(verdict({ text: text('r6 = r9', stack) }), 'BPF-V029');
  assert.is(verdict({ text: text(stack, 'r6 = r9') }), 'BPF-V029');
});

test('a load from the packet may end the function that makes it', () => {
  // With 8 the store is 508 below r10; with 0, which only the early end gives, 516 below it.
  const program = (load: string) =>
    verdict({
      kind: 'tc',
      text: 'r6 = r10; call f1; r6 += -16; r6 += r0; *(u8 *)(r6 - 500) = 1; r0 = 0; exit',
      functions: [`r6 = r1; ${load}; r0 = 8; exit`],
    });
  assert.is(program('r0 = *(u32 *)(r6 + 0)'), 'proved');
  assert.is(program('r0 = *(u8 *)skb[0]'), 'BPF-V022');
});

test.run();
