/**
 * What the instruction set demands, by cases with results worked out by hand, run on every CPU at two
 * levels of optimisation and in the reference interpreter. Operands come from memory as well as from
 * constants: else the optimiser would do the sums, and the CPU's own instructions would go untested.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../src/interp/index.ts';
import type { AluOperator, BranchOperator } from '../../src/isa/index.ts';
import type { BpfMap, BpfObject, ProgramKind } from '../../src/object/index.ts';
import { mergeObjects } from '../support/merge.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';
import { execute, hex, runnableTargets } from './native.ts';

interface Case {
  readonly name: string;
  readonly object: BpfObject;
  readonly memory: Uint8Array;
  readonly r0: bigint;
  /** Expected memory afterwards; as it was when absent. */
  readonly after?: Uint8Array;
}

const cases: Case[] = [];

function add(
  name: string,
  functions: readonly (readonly Draft[])[],
  r0: bigint,
  more: {
    memory?: Uint8Array;
    after?: Uint8Array;
    maps?: readonly Partial<BpfMap>[];
    kind?: ProgramKind;
  } = {},
): void {
  cases.push({
    name,
    object: makeObject({
      functions,
      ...(more.maps && { maps: more.maps }),
      ...(more.kind && { kind: more.kind }),
    }),
    memory: more.memory ?? new Uint8Array(0),
    r0: BigInt.asUintN(64, r0),
    ...(more.after && { after: more.after }),
  });
}

function words(...values: readonly bigint[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 8 * index);
  });
  return bytes;
}

const ALL = (1n << 64n) - 1n;
const LEAST = -(1n << 63n);
const LEAST_32 = 0x8000_0000n;
const MIXED = 0xdeadbeef_87654321n;

/** r0 = left operator right, with operands from memory, from constants and as an immediate. */
function compute(
  operator: AluOperator,
  width: 32 | 64,
  left: bigint,
  right: bigint,
  expected: bigint,
): void {
  const name = `${operator}${width} ${left} ${right}`;
  const loaded = [asm.load(0, 8, 1, 0), asm.load(3, 8, 1, 8)];
  const memory = words(left, right);
  add(`${name} of memory`, [[...loaded, asm.aluR(operator, 0, 3, width), asm.exit]], expected, {
    memory,
  });
  const constants = [asm.constant(0, left), asm.constant(3, right)];
  add(
    `${name} of constants`,
    [[...constants, asm.aluR(operator, 0, 3, width), asm.exit]],
    expected,
  );
  if (BigInt.asIntN(32, right) !== BigInt.asIntN(64, right)) return;
  const immediate = asm.aluI(operator, 0, Number(BigInt.asIntN(32, right)), width);
  add(`${name} as immediate`, [[asm.load(0, 8, 1, 0), immediate, asm.exit]], expected, { memory });
}

// Division: by zero, of the least number, with divisors of full width.
for (const operator of ['div', 'sdiv'] as const) {
  compute(operator, 64, MIXED, 0n, 0n);
  compute(operator, 32, MIXED, 0n, 0n);
  compute(operator, 32, MIXED, 1n << 32n, 0n);
}
for (const operator of ['mod', 'smod'] as const) {
  compute(operator, 64, MIXED, 0n, MIXED);
  compute(operator, 32, MIXED, 0n, 0x87654321n);
  compute(operator, 32, MIXED, 5n << 32n, 0x87654321n);
}
compute('sdiv', 64, LEAST, -1n, LEAST);
compute('smod', 64, LEAST, -1n, 0n);
compute('sdiv', 32, LEAST_32, -1n, LEAST_32);
compute('smod', 32, LEAST_32, -1n, 0n);
compute('sdiv', 32, MIXED, -1n, 0x789abcdfn);
compute('div', 64, LEAST, -1n, 0n);
compute('mod', 64, LEAST, -1n, LEAST);
compute('div', 64, 0x5_0000_0000n, 0x1_0000_0001n, 4n);
compute('mod', 64, 0x5_0000_0000n, 0x1_0000_0001n, 0xffff_fffcn);
compute('div', 64, ALL, -2n, 1n);
compute('div', 32, ALL, 3n, 0x5555_5555n);
compute('sdiv', 64, -7n, 2n, -3n);
compute('smod', 64, -7n, 2n, -1n);
compute('smod', 64, 7n, -2n, 1n);
compute('sdiv', 32, -7n, 2n, 0xffff_fffdn);
compute('smod', 32, -7n, 2n, 0xffff_ffffn);

// Shifts take the low 6 or 5 bits of the distance.
compute('lsh', 64, 1n, 65n, 2n);
compute('lsh', 64, 1n, 64n, 1n);
compute('rsh', 64, 8n, 0xffff_ffc2n, 2n);
compute('rsh', 64, ALL, -1n, 1n);
compute('arsh', 64, LEAST, 127n, ALL);
compute('lsh', 32, 1n, 33n, 2n);
compute('lsh', 32, MIXED, 32n, 0x87654321n);
compute('rsh', 32, 0xff_8000_0000n, 63n, 1n);
compute('arsh', 32, LEAST_32, 32n, LEAST_32);
compute('arsh', 32, LEAST_32, 31n, 0xffff_ffffn);

// 32-bit operations clear the upper half.
compute('add', 32, ALL, -1n, 0xffff_fffen);
compute('add', 32, 0xffff_ffffn, 1n, 0n);
compute('sub', 32, 0n, 1n, 0xffff_ffffn);
compute('mul', 32, 0xffff_ffffn, 0xffff_ffffn, 1n);
compute('or', 32, MIXED, 0n, 0x87654321n);
compute('and', 32, MIXED, -1n, 0x87654321n);
compute('xor', 32, MIXED, 0n, 0x87654321n);
compute('mov', 32, 0n, -1n, 0xffff_ffffn);
compute('mov', 64, 0n, -1n, ALL);
compute('mul', 64, MIXED, MIXED, MIXED * MIXED);
compute('add', 64, ALL, 1n, 0n);

function unary(name: string, instruction: Draft, value: bigint, expected: bigint): void {
  add(name, [[asm.load(0, 8, 1, 0), instruction, asm.exit]], expected, { memory: words(value) });
}

unary('neg32', { kind: 'negate', width: 32, destination: 0 }, 1n, 0xffff_ffffn);
unary('neg64', { kind: 'negate', width: 64, destination: 0 }, LEAST, LEAST);
for (const [width, bits, expected] of [
  [32, 8, 0xffff_ff80n],
  [32, 16, 0xffff_8080n],
  [64, 8, -128n],
  [64, 16, -0x7f80n],
  [64, 32, -0x7f7f7f80n],
] as const) {
  unary(
    `movs${bits} of ${width}`,
    { kind: 'move_sign_extend', width, bits, destination: 0, source: 0 },
    0x80808080n,
    expected,
  );
}
for (const [to, bits, expected] of [
  ['le', 16, 0x7788n],
  ['le', 32, 0x55667788n],
  ['le', 64, 0x1122334455667788n],
  ['be', 16, 0x8877n],
  ['be', 32, 0x88776655n],
  ['swap', 16, 0x8877n],
  ['swap', 32, 0x88776655n],
  ['swap', 64, 0x8877665544332211n],
] as const) {
  unary(`${to}${bits}`, { kind: 'swap', to, bits, destination: 0 }, 0x1122334455667788n, expected);
}

/** r0 = 1 when the branch is taken, else 0. */
function branch(
  operator: BranchOperator,
  width: 32 | 64,
  left: bigint,
  right: bigint,
  taken: boolean,
): void {
  const body = [
    asm.load(3, 8, 1, 0),
    asm.load(4, 8, 1, 8),
    asm.movI(0, 1),
    {
      kind: 'branch',
      operator,
      width,
      left: 3,
      right: { kind: 'register', register: 4 },
      target: 5,
    } satisfies Draft,
    asm.movI(0, 0),
    asm.exit,
  ];
  add(`if ${operator}${width} ${left} ${right}`, [body], taken ? 1n : 0n, {
    memory: words(left, right),
  });
}

branch('eq', 32, MIXED, 0x87654321n, true);
branch('eq', 64, MIXED, 0x87654321n, false);
branch('ne', 32, 1n << 32n, 0n, false);
branch('set', 32, 1n << 40n, 1n << 40n, false);
branch('set', 64, 1n << 40n, 3n << 40n, true);
branch('gt', 64, -1n, 1n, true);
branch('sgt', 64, -1n, 1n, false);
branch('slt', 32, 0x8000_0000n, 0n, true);
branch('slt', 64, 0x8000_0000n, 0n, false);
branch('lt', 32, 0x5_0000_0000n, 1n, true);
branch('sge', 32, 0x7fff_ffffn, 0xffff_ffffn, true);
branch('le', 64, 5n, 5n, true);
branch('ge', 32, 0n, 0xffff_ffffn, false);
branch('sle', 64, LEAST, LEAST, true);

// Memory: every distance from alignment, on the stack and outside of it.
const PATTERN = Uint8Array.from({ length: 24 }, (_, index) => 0x81 + index);
for (const size of [2, 4, 8] as const) {
  for (let distance = 1; distance < 8; distance++) {
    const little = PATTERN.slice(distance, distance + size).reduceRight(
      (value, byte) => (value << 8n) | BigInt(byte),
      0n,
    );
    add(
      `load of ${size} bytes at +${distance}`,
      [[asm.load(0, size, 1, distance), asm.exit]],
      little,
      { memory: PATTERN },
    );
    if (size < 8) {
      add(
        `signed load of ${size} bytes at +${distance}`,
        [[asm.load(0, size, 1, distance, true), asm.exit]],
        BigInt.asIntN(8 * size, little),
        { memory: PATTERN },
      );
    }
    const after = Uint8Array.from(PATTERN);
    after.set(PATTERN.slice(0, size), distance);
    add(
      `store of ${size} bytes at +${distance}`,
      [[asm.load(3, 8, 1, 0), asm.storeR(size, 1, distance, 3), asm.movI(0, 0), asm.exit]],
      0n,
      { memory: PATTERN, after },
    );
    add(
      `stack of ${size} bytes at +${distance}`,
      [
        [
          asm.load(3, 8, 1, 0),
          asm.storeI(8, 10, -16, 0),
          asm.storeI(8, 10, -8, 0),
          asm.storeR(size, 10, -16 + distance, 3),
          asm.load(0, size, 10, -16 + distance),
          asm.exit,
        ],
      ],
      PATTERN.slice(0, size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n),
      { memory: PATTERN },
    );
  }
}
add(
  'a stored immediate extends its sign',
  [[asm.storeI(8, 1, 0, -2), asm.storeI(4, 1, 8, -3), asm.movI(0, 0), asm.exit]],
  0n,
  { memory: words(0n, 0n), after: words(-2n, 0xffff_fffdn) },
);

/** r0 is r0 afterwards, memory: the cell, then r3 as the operation left it. */
function atomic(
  operator: Extract<Draft, { kind: 'atomic' }>['operator'],
  size: 4 | 8,
  fetch: boolean,
  start: { r0?: bigint; r3: bigint; cell: bigint },
  end: { r0?: bigint; r3: bigint; cell: bigint },
): void {
  const body = [
    asm.load(0, 8, 1, 0),
    asm.load(3, 8, 1, 8),
    { kind: 'atomic', operator, size, fetch, base: 1, offset: 16, source: 3 } satisfies Draft,
    asm.storeR(8, 1, 8, 3),
    asm.exit,
  ];
  const r0 = start.r0 ?? 77n;
  add(
    `${fetch ? 'fetch ' : ''}${operator} ${size} ${start.cell} ${start.r3}`,
    [body],
    end.r0 ?? r0,
    {
      memory: words(r0, start.r3, start.cell),
      after: words(r0, end.r3, end.cell),
    },
  );
}

// The result of cmpxchg is what the operation itself read, never a second load; 32 bits zero-extend.
const CELL = 0x11112222_f3334444n;
atomic('cmpxchg', 8, true, { r0: CELL, r3: 9n, cell: CELL }, { r0: CELL, r3: 9n, cell: 9n });
atomic('cmpxchg', 8, true, { r0: 1n, r3: 9n, cell: CELL }, { r0: CELL, r3: 9n, cell: CELL });
atomic(
  'cmpxchg',
  4,
  true,
  { r0: 0xffffffff_f3334444n, r3: 0xeeeeeeee_00000009n, cell: CELL },
  { r0: 0xf3334444n, r3: 0xeeeeeeee_00000009n, cell: 0x11112222_00000009n },
);
atomic(
  'cmpxchg',
  4,
  true,
  { r0: 0xffffffff_00000000n, r3: 9n, cell: CELL },
  { r0: 0xf3334444n, r3: 9n, cell: CELL },
);
for (const [operator, wide, low] of [
  ['add', CELL + 0x7_0f0f_0f0fn, 0x02425353n],
  ['or', CELL | 0x7_0f0f_0f0fn, 0xff3f4f4fn],
  ['and', CELL & 0x7_0f0f_0f0fn, 0x03030404n],
  ['xor', CELL ^ 0x7_0f0f_0f0fn, 0xfc3c4b4bn],
] as const) {
  const start = { r3: 0x7_0f0f_0f0fn, cell: CELL };
  const narrow = 0x11112222_00000000n | low;
  atomic(operator, 8, false, start, { r3: start.r3, cell: wide });
  atomic(operator, 8, true, start, { r3: CELL, cell: wide });
  atomic(operator, 4, false, start, { r3: start.r3, cell: narrow });
  atomic(operator, 4, true, start, { r3: 0xf3334444n, cell: narrow });
}
atomic('xchg', 8, true, { r3: 5n, cell: CELL }, { r3: CELL, cell: 5n });
atomic('xchg', 4, true, { r3: -1n, cell: CELL }, { r3: 0xf3334444n, cell: 0x11112222_ffffffffn });
add(
  'cmpxchg may take r0 for its source as well',
  [
    [
      asm.load(0, 8, 1, 0),
      {
        kind: 'atomic',
        operator: 'cmpxchg',
        size: 8,
        fetch: true,
        base: 1,
        offset: 0,
        source: 0,
      },
      asm.exit,
    ],
  ],
  CELL,
  { memory: words(CELL) },
);

// Calls: a frame of 512 bytes for each of eight, r6 to r9 kept, frames reachable by pointers.
const DEPTH = 8;
const chain = Array.from({ length: DEPTH }, (_, depth): Draft[] => {
  const own = depth + 1;
  const fill = Array.from({ length: 64 }, (_, slot) =>
    asm.storeI(8, 10, -512 + 8 * slot, own * 1000 + slot),
  );
  const sum = Array.from({ length: 64 }, (_, slot) => [
    asm.load(2, 8, 10, -512 + 8 * slot),
    asm.aluR('add', 0, 2),
  ]).flat();
  const inner = depth + 1 < DEPTH ? [asm.call(depth + 1)] : [asm.movI(0, 0)];
  return [...fill, asm.movI(6, own), ...inner, ...sum, asm.aluR('add', 0, 6), asm.exit];
});
add(
  'eight frames of 512 bytes hold what each function put there',
  chain,
  Array.from({ length: DEPTH }, (_, depth) =>
    BigInt((depth + 1) * 1000 * 64 + (63 * 64) / 2 + depth + 1),
  ).reduce((sum, part) => sum + part, 0n),
);
add(
  'two calls of one function each start with a frame of their own',
  [
    [
      asm.storeI(8, 10, -8, 40),
      asm.movI(1, 1),
      asm.call(1),
      asm.movR(6, 0),
      asm.movI(1, 2),
      asm.call(1),
      asm.aluR('add', 0, 6),
      asm.load(2, 8, 10, -8),
      asm.aluR('add', 0, 2),
      asm.exit,
    ],
    [asm.storeR(8, 10, -8, 1), asm.load(0, 8, 10, -8), asm.exit],
  ],
  43n,
);
add(
  'a function writes to the frame of its caller by a pointer',
  [
    [
      asm.storeI(8, 10, -8, 1),
      asm.movR(1, 10),
      asm.aluI('add', 1, -8),
      asm.call(1),
      asm.load(0, 8, 10, -8),
      asm.exit,
    ],
    [asm.storeI(8, 10, -8, 7), asm.storeI(8, 1, 0, 9), asm.movI(0, 0), asm.exit],
  ],
  9n,
);
add(
  'r6 to r9 outlive calls of functions and of helpers',
  [
    [
      ...[6, 7, 8, 9].map((number) => asm.load(number, 8, 1, 8 * (number - 6))),
      asm.call(1),
      asm.helper(5),
      ...[6, 7, 8].map((number) => asm.aluR('add', 9, number)),
      asm.movR(0, 9),
      asm.exit,
    ],
    [
      ...[6, 7, 8, 9].map((number) => asm.movI(number, -1)),
      asm.helper(5),
      asm.movI(0, 0),
      asm.exit,
    ],
  ],
  1111n,
  { memory: words(1n, 10n, 100n, 1000n) },
);
add(
  'arguments arrive in r1 to r5',
  [
    [
      ...[2, 3, 4, 5].map((number) => asm.load(number, 8, 1, 8 * (number - 2))),
      asm.movI(1, 1),
      asm.call(1),
      asm.exit,
    ],
    [
      asm.movR(0, 1),
      ...[2, 3, 4, 5].flatMap((number) => [asm.aluI('mul', 0, 10), asm.aluR('add', 0, number)]),
      asm.exit,
    ],
  ],
  12345n,
  { memory: words(2n, 3n, 4n, 5n) },
);
add(
  'callx calls by address',
  [
    [
      asm.movI(1, 5),
      asm.refer(3, { kind: 'function', function: 1 }),
      { kind: 'call_register', register: 3 },
      asm.exit,
    ],
    [asm.movR(0, 1), asm.aluI('mul', 0, 3), asm.exit],
  ],
  15n,
);
add(
  'a failed tail call goes on with the next instruction',
  [
    [
      asm.movR(6, 1),
      ...[0, 1, 2, -1].flatMap((slot) => [
        asm.movR(1, 6),
        asm.map(2, 0),
        asm.aluI('mov', 3, slot, 32),
        asm.helper(12),
      ]),
      asm.movI(0, 21),
      asm.exit,
    ],
  ],
  21n,
  {
    kind: 'kprobe',
    maps: [{ type: 3, typeName: 'prog_array', keySize: 4, valueSize: 4, maxEntries: 2 }],
  },
);
const inner: Partial<BpfMap> = { valueSize: 16, maxEntries: 3 };
const innerDefinition = makeObject({ functions: [[asm.exit]], maps: [inner] }).maps[0]!;
for (const [type, typeName] of [
  [12, 'array_of_maps'],
  [13, 'hash_of_maps'],
] as const) {
  for (const [key, expected] of [
    [1, 42n],
    [0, 5n],
  ] as const) {
    add(
      `${typeName}: key ${key}`,
      [
        [
          asm.storeI(4, 10, -4, key),
          asm.map(1, 0),
          asm.movR(2, 10),
          asm.aluI('add', 2, -4),
          asm.helper(1),
          asm.branchI('ne', 0, 0, 8),
          asm.movI(0, 5),
          asm.exit,
          asm.storeI(4, 10, -4, 2),
          asm.movR(1, 0),
          asm.movR(2, 10),
          asm.aluI('add', 2, -4),
          asm.helper(1),
          asm.branchI('ne', 0, 0, 16),
          asm.movI(0, 6),
          asm.exit,
          asm.load(3, 8, 0, 8),
          asm.aluI('add', 3, 42),
          asm.storeR(8, 0, 8, 3),
          asm.load(0, 8, 0, 8),
          asm.exit,
        ],
      ],
      expected,
      {
        maps: [
          {
            type,
            typeName,
            valueSize: 4,
            maxEntries: 2,
            inner: { ...innerDefinition, index: -1, name: 'm0.inner' },
            initial: [{ key: 1, map: 1 }],
          },
          inner,
        ],
      },
    );
  }
}
add(
  'bpf_loop calls back with a context until told to stop',
  [
    [
      asm.storeI(8, 10, -8, 100),
      asm.movI(1, 50),
      asm.refer(2, { kind: 'function', function: 1 }),
      asm.movR(3, 10),
      asm.aluI('add', 3, -8),
      asm.movI(4, 0),
      asm.helper(181),
      asm.load(1, 8, 10, -8),
      asm.aluI('mul', 0, 1000),
      asm.aluR('add', 0, 1),
      asm.exit,
    ],
    [
      asm.load(3, 8, 2, 0),
      asm.aluR('add', 3, 1),
      asm.storeR(8, 2, 0, 3),
      asm.movI(0, 0),
      asm.branchI('ne', 1, 9, 6),
      asm.movI(0, 1),
      asm.exit,
    ],
  ],
  10_000n + 145n,
);
add(
  'may_goto goes on for a while, then no more',
  [
    [
      asm.movI(0, 0),
      { kind: 'may_goto', target: 5 },
      asm.aluI('add', 0, 1),
      asm.branchI('eq', 0, 1000, 5),
      asm.jump(1),
      asm.exit,
    ],
  ],
  1000n,
);

test('the interpreter gives the results worked out by hand', () => {
  for (const { name, object, memory, r0, after } of cases) {
    const result = run(object, { memory });
    assert.is(result.fault?.message, undefined, name);
    assert.is(result.r0, r0, name);
    assert.is(hex(result.memory), hex(after ?? memory), name);
  }
});

for (const target of await runnableTargets()) {
  for (const level of [0, 2] as const) {
    test(`${cases.length} cases on ${target.name} at -O${level}`, async () => {
      const { results } = await execute(
        mergeObjects(cases.map(({ object }) => object)),
        target,
        cases.map(({ memory }, program) => ({ program, memory })),
        { level },
      );
      const text = (r0: bigint | undefined, memory: Uint8Array | undefined) =>
        `0x${(r0 ?? 0n).toString(16)} ${hex(memory ?? new Uint8Array(0))}`;
      const wrong = cases
        .map(({ name, r0, memory, after }, index) => ({
          name,
          expected: text(r0, after ?? memory),
          given: text(results[index]?.r0, results[index]?.memory),
        }))
        .filter(({ expected, given }) => expected !== given);
      assert.equal(wrong, []);
    });
  }
}

test.run();
