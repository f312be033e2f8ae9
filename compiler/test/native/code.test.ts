/** What the compiled code looks like, where the way it does something is a promise. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../src/base/index.ts';
import { CollectingSink } from '../../src/diag/index.ts';
import { compile, load } from '../../src/driver/index.ts';
import type { BpfMap, BpfObject, ProgramKind } from '../../src/object/index.ts';
import { findTarget, type TargetName, targets } from '../../src/target/index.ts';
import { inspect } from '../codegen/support.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';
import { options } from './native.ts';

/** Mnemonics and operands of an object's code, one instruction a line. */
function disassembled(object: BpfObject, target: TargetName, level: 0 | 2 = 2): string[] {
  const code = compile(
    object,
    options(findTarget(target), { level, verify: true }),
    'obj',
    new CollectingSink(),
  );
  return inspect(code, 'llvm-objdump', '-d', '--no-show-raw-insn', '--no-print-imm-hex')
    .split('\n')
    .flatMap((line) => /^\s*[0-9a-f]+:\s+(.*?)\s*(?:<.*>)?$/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/\s+/g, ' '));
}

function program(body: readonly Draft[], kind: ProgramKind = 'kprobe', maps?: Partial<BpfMap>[]) {
  return makeObject({ functions: [body], kind, ...(maps && { maps }) });
}

const count = (lines: readonly string[], pattern: RegExp) =>
  lines.filter((line) => pattern.test(line)).length;

/** Value of element 0 of an array in r0, else the program ends. */
const FOUND: readonly Draft[] = [
  asm.storeI(4, 10, -4, 0),
  asm.map(1, 0),
  asm.movR(2, 10),
  asm.aluI('add', 2, -4),
  asm.helper(1),
  asm.branchI('ne', 0, 0, 8),
  asm.movI(0, 0),
  asm.exit,
];
const ARRAY: Partial<BpfMap>[] = [{ valueSize: 32, maxEntries: 1 }];

test('an aligned access is one instruction on riscv64', () => {
  for (const level of [0, 2] as const) {
    const context = disassembled(
      program([asm.load(0, 8, 1, 80), asm.load(2, 8, 1, 88), asm.aluR('add', 0, 2), asm.exit]),
      'riscv64',
      level,
    );
    assert.is(count(context, /^lbu? /), 0, context.join('\n'));
    assert.ok(count(context, /^ld /) >= 2, context.join('\n'));
    const value = disassembled(
      program(
        [...FOUND, asm.load(1, 8, 0, 8), asm.storeR(8, 0, 16, 1), asm.movI(0, 0), asm.exit],
        'kprobe',
        ARRAY,
      ),
      'riscv64',
      level,
    );
    // The lookup is the runtime's code, which looks at keys by bytes; the rest is the program's.
    assert.is(count(value, /^(lbu? \w+, (8|9|1\d)|sb \w+, (1[6-9]|2\d))\(/), 0, value.join('\n'));
    assert.is(count(value, /^ld \w+, 8\((?!sp)\w+\)$/), 1, value.join('\n'));
    assert.is(count(value, /^sd \w+, 16\((?!sp)\w+\)$/), 1, value.join('\n'));
  }
});

test('an access that is not aligned never becomes one that may trap', () => {
  const value = disassembled(
    program([...FOUND, asm.load(0, 8, 0, 9), asm.exit], 'kprobe', ARRAY),
    'riscv64',
  );
  assert.is(count(value, /^ld \w+, 9\(\w+\)$/), 0, value.join('\n'));
  assert.is(count(value, /^lbu? \w+, (9|1[0-6])\(\w+\)$/), 8, value.join('\n'));
});

function atomics(target: TargetName, operator: 'add' | 'xchg' | 'cmpxchg', size: 4 | 8): string[] {
  return disassembled(
    program(
      [
        ...FOUND,
        asm.movR(6, 0),
        asm.load(0, 8, 6, 16),
        asm.load(1, 8, 6, 24),
        { kind: 'atomic', operator, size, fetch: true, base: 6, offset: 8, source: 1 },
        asm.aluR('add', 0, 1),
        asm.exit,
      ],
      'kprobe',
      ARRAY,
    ),
    target,
  );
}

test('fetching atomics are fully ordered', () => {
  for (const size of [4, 8] as const) {
    const suffix = size === 8 ? 'd' : 'w';
    const has = (target: TargetName, operator: 'add' | 'xchg' | 'cmpxchg', pattern: RegExp) => {
      const lines = atomics(target, operator, size);
      assert.match(lines.join('\n'), pattern, `${target} ${operator} ${size}`);
    };
    has('x86-64', 'add', size === 8 ? /^lock( |\n)\s*xaddq/m : /^lock( |\n)\s*xaddl/m);
    has('x86-64', 'xchg', size === 8 ? /^xchgq/m : /^xchgl/m);
    has('x86-64', 'cmpxchg', size === 8 ? /^lock( |\n)\s*cmpxchgq/m : /^lock( |\n)\s*cmpxchgl/m);
    for (const operator of ['add', 'xchg', 'cmpxchg'] as const) {
      has('arm64', operator, /^ldaxr[\s\S]*^stlxr[\s\S]*^dmb ish$/m);
    }
    has('riscv64', 'add', new RegExp(`^amoadd\\.${suffix}\\.aqrl`, 'm'));
    has('riscv64', 'xchg', new RegExp(`^amoswap\\.${suffix}\\.aqrl`, 'm'));
    has(
      'riscv64',
      'cmpxchg',
      new RegExp(`^lr\\.${suffix}\\.aqrl[\\s\\S]*^sc\\.${suffix}\\.rl[\\s\\S]*^fence rw, rw$`, 'm'),
    );
  }
});

/** Registers that a probe must leave alone: vector and floating-point ones. */
const FORBIDDEN: Readonly<Record<TargetName, RegExp>> = {
  'x86-64': /%([xyz]mm\d|st\b|mm\d|k[0-7]\b)/,
  arm64: /(^| |[[{,])([vqdshb]\d+)\b/,
  riscv64: /\bf([tas]\d+)\b|^v[a-z]+\.v|\bfcsr\b/,
};

const PROBES = ['counter', 'events', 'latency', 'registers', 'syscalls', 'usdt'];

for (const { name: target } of targets()) {
  test(`probes touch no vector or floating-point register on ${target}`, () => {
    for (const variant of readdirSync(join(packageRoot(), 'fixtures', 'obj')).sort()) {
      for (const name of PROBES) {
        const file = join('fixtures', 'obj', variant, `${name}.bpf.o`);
        const bytes = readFileSync(join(packageRoot(), file));
        const object = load(bytes, file, { programs: [] }, new CollectingSink());
        const lines = disassembled(object, target);
        assert.ok(lines.length > 10, `${file}: there is code`);
        const touching = lines.filter((line) => FORBIDDEN[target].test(line));
        assert.equal(touching, [], file);
      }
    }
  });
}

test('the patterns of forbidden registers know such registers', () => {
  const sample: Readonly<Record<TargetName, string[]>> = {
    'x86-64': ['movups %xmm0, (%rdi)', 'vmovdqu (%rsi), %ymm1', 'fld %st(1)'],
    arm64: ['ldr q0, [x0]', 'stp q0, q1, [x1]', 'movi v0.2d, #0', 'ldp d8, d9, [sp, #16]'],
    riscv64: ['fld fa0, 0(a0)', 'fsd fs0, 8(sp)', 'vadd.vv v0, v1, v2'],
  };
  const innocent: Readonly<Record<TargetName, string[]>> = {
    'x86-64': ['movq %rax, 8(%rdi)', 'lock xaddq %rax, (%rdi)'],
    arm64: ['ldr x0, [x1, #16]', 'stp x29, x30, [sp, #-16]!', 'b 0x40', 'add x8, x8, w1, uxtw #3'],
    riscv64: ['ld s0, 8(sp)', 'fence rw, rw', 'addi a0, a0, 1'],
  };
  for (const { name } of targets()) {
    for (const line of sample[name]) assert.match(line, FORBIDDEN[name]);
    for (const line of innocent[name]) assert.not.match(line, FORBIDDEN[name]);
  }
});

test.run();
