import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatInstruction, type Instruction } from '../../src/isa/index.ts';
import { AssemblyError, assemble } from '../support/assemble.ts';

const WORDS = [
  ...['r1 = r2', 'r1 = 0x5', 'w0 += 0x1', 'r3 -= r4', 'r1 *= 0x7', 'w1 /= w2', 'r1 s/= 0x3'],
  ...['r1 %= 0x3', 'w1 s%= w3', 'r1 |= r2', 'r1 &= -0x8', 'w9 ^= w9', 'r1 <<= 0x20'],
  ...['r1 >>= r2', 'r1 s>>= 0x20', 'r1 = -r1', 'w7 = -w7', 'r1 = (s8)r2', 'w1 = (s16)w2'],
  ...['r1 = (s32)r2', 'r1 = be16 r1', 'r1 = le64 r1', 'r1 = bswap32 r1'],
  ...['r1 = *(u32 *)(r10 - 0x4)', 'r1 = *(s8 *)(r2 + 0x10)', '*(u64 *)(r10 - 0x8) = r1'],
  ...['*(u16 *)(r1 + 0x2) = 0x5', '*(u8 *)(r1 + 0x0) = w2'],
  ...['lock *(u64 *)(r1 + 0x0) += r2', 'lock *(u32 *)(r1 - 0x8) ^= w2'],
  ...['r2 = atomic_fetch_or((u64 *)(r1 + 0x0), r2)', 'r2 = xchg_64(r1 + 0x8, r2)'],
  ...['w2 = xchg32_32(r1 + 0x8, w2)', 'r0 = cmpxchg_64(r1 + 0x8, r0, r3)'],
  ...['w0 = cmpxchg32_32(r1 + 0x8, w0, w3)', 'w3 = load_acquire((u16 *)(r2 + 0x0))'],
  ...['store_release((u64 *)(r2 - 0x8), r1)', 'r0 = *(u16 *)skb[0xc]', 'callx r3', 'exit'],
  ...['call 0x5'],
];

/** As the formatter writes 8- and 16-bit stores and loads, whose value registers have both names. */
const normal = (text: string) => text.replace(/\bw(\d)/g, 'r$1');

test('what the formatter writes, the assembler reads', () => {
  for (const text of WORDS) {
    const [draft] = assemble(text.replace(/^call 0x(\w+)$/, 'call $1'));
    assert.is(normal(formatInstruction({ ...draft, slot: 0 } as Instruction)), normal(text));
  }
});

test('branches lead to labels, of either width and operand', () => {
  const drafts = assemble(`
    top: if r1 s> -5 goto end   // a comment
    if w1 & 0x10 goto top; if r1 <= r2 goto top
    may_goto end; goto end; gotol top
    end: exit`);
  assert.equal(drafts[0], {
    kind: 'branch',
    operator: 'sgt',
    width: 64,
    left: 1,
    right: { kind: 'immediate', value: -5 },
    target: 6,
  });
  assert.equal(
    drafts.slice(1, 6).map((draft) => ('target' in draft ? draft.target : undefined)),
    [0, 0, 6, 6, 0],
  );
});

test('names stand for numbers', () => {
  const names = { functions: ['main', 'f1'], maps: ['a', 'b'], data: ['.bss', '.rodata'] };
  const text = `r1 = map b ll; r2 = map_value a + 4 ll; r3 = data .rodata + 0x10 ll
    r4 = function f1 ll; call f1; call map_lookup_elem; r5 = -1 ll; r6 = 0xffffffffffffffff ll`;
  const all = (1n << 64n) - 1n;
  assert.equal(assemble(text, names), [
    { kind: 'reference', destination: 1, reference: { kind: 'map', map: 1 } },
    { kind: 'reference', destination: 2, reference: { kind: 'map_value', map: 0, offset: 4 } },
    { kind: 'reference', destination: 3, reference: { kind: 'data', section: 1, offset: 16 } },
    { kind: 'reference', destination: 4, reference: { kind: 'function', function: 1 } },
    { kind: 'call_function', function: 1 },
    { kind: 'call_helper', helper: 1 },
    { kind: 'reference', destination: 5, reference: { kind: 'value', value: all } },
    { kind: 'reference', destination: 6, reference: { kind: 'value', value: all } },
  ]);
});

test('anything else is an error with its line', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['exit\n r1 = r11', /^line 2: there is no register 11/],
    ['r1 = w2', /another width/],
    ['w1 += r2', /another width/],
    ['r1 = 0x100000000', /does not fit 32 bits/],
    ['r1 = 0x10000000000000000 ll', /does not fit 64 bits/],
    ['r1 = *(u32 *)(r10 - 40000)', /does not fit 16 bits/],
    ['r1 = *(u24 *)(r10 - 4)', /not an instruction/],
    ['r1 = *(s64 *)(r10 - 8)', /no signed load/],
    ['*(s32 *)(r10 - 8) = 1', /stores have no sign/],
    ['r1 = be16 r2', /in place/],
    ['r1 = -r2', /own negative/],
    ['r1 = (s8)w2', /same width/],
    ['goto nowhere', /no label 'nowhere'/],
    ['goto end\nend:', /nothing follows/],
    ['a: exit', /nothing jumps to/],
    ['goto a; a: exit; a: exit', /twice/],
    ['call nothing', /no function or helper 'nothing'/],
    ['r1 = map m ll', /no map 'm'/],
    ['r1 = data .x + 0 ll', /no data section/],
    ['r2 = xchg_64(r1 + 0, r3)', /register of the operand/],
    ['return', /not an instruction/],
  ];
  for (const [text, message] of refused) {
    try {
      assemble(text);
    } catch (error) {
      assert.instance(error, AssemblyError);
      assert.match((error as Error).message, message);
      continue;
    }
    assert.unreachable(`accepted: ${text}`);
  }
});

test.run();
