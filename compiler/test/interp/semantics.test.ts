import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type InterpResult, run } from '../../src/interp/index.ts';
import type { AluOperator } from '../../src/isa/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';

const INT_MIN = -(1n << 63n);
const INT_MIN32 = -0x80000000;

function execute(...functions: Draft[][]): InterpResult {
  return run(makeObject({ functions }), { strictStack: true });
}

function r0(...functions: Draft[][]): bigint {
  const result = execute(...functions);
  assert.is(result.fault?.message, undefined);
  return result.r0!;
}

function faultOf(...functions: Draft[][]): string {
  const { fault } = execute(...functions);
  return fault === undefined ? 'no fault' : fault.message;
}

/** left operator right, with both in registers and with the right as an immediate where it fits. */
function compute(operator: AluOperator, width: 32 | 64, left: bigint, right: bigint): bigint {
  const inRegisters = r0([
    asm.constant(0, left),
    asm.constant(1, right),
    asm.aluR(operator, 0, 1, width),
    asm.exit,
  ]);
  if (BigInt.asIntN(32, right) === right) {
    const immediate = asm.aluI(operator, 0, Number(right), width);
    assert.is(r0([asm.constant(0, left), immediate, asm.exit]), inRegisters);
  }
  return inRegisters;
}

const ALL = (1n << 64n) - 1n;

test('the least number divided by -1 is itself, with remainder 0', () => {
  assert.is(compute('sdiv', 64, INT_MIN, -1n), BigInt.asUintN(64, INT_MIN));
  assert.is(compute('smod', 64, INT_MIN, -1n), 0n);
  assert.is(compute('sdiv', 32, BigInt(INT_MIN32), -1n), 0x80000000n);
  assert.is(compute('smod', 32, BigInt(INT_MIN32), -1n), 0n);
});

test('division by zero gives 0, modulo by zero leaves the dividend', () => {
  const dividend = 0xdeadbeef_87654321n;
  for (const operator of ['div', 'sdiv'] as const) {
    assert.is(compute(operator, 64, dividend, 0n), 0n);
    assert.is(compute(operator, 32, dividend, 0n), 0n);
  }
  for (const operator of ['mod', 'smod'] as const) {
    assert.is(compute(operator, 64, dividend, 0n), dividend);
    assert.is(compute(operator, 32, dividend, 0n), 0x87654321n, 'the upper half is cleared');
  }
});

test('32-bit division looks at 32 bits of the divisor, 64-bit division at all', () => {
  assert.is(compute('div', 32, 100n, 0x1_0000_0000n), 0n);
  assert.is(compute('mod', 32, 100n, 0x1_0000_0000n), 100n);
  assert.is(compute('div', 64, 0x5_0000_0000n, 0x1_0000_0001n), 4n);
  assert.is(compute('mod', 64, 0x5_0000_0000n, 0x1_0000_0001n), 0xffff_fffcn);
  assert.is(compute('div', 64, ALL, -2n), 1n, 'immediates extend their sign, then count unsigned');
});

test('signed division truncates towards zero', () => {
  assert.is(compute('sdiv', 64, -7n, 2n), ALL - 2n);
  assert.is(compute('smod', 64, -7n, 2n), ALL);
  assert.is(compute('smod', 64, 7n, -2n), 1n);
  assert.is(compute('sdiv', 32, -7n, 2n), 0xffff_fffdn);
});

test('32-bit operations clear the upper half', () => {
  const operators: readonly [AluOperator, bigint][] = [
    ['add', 0xffff_fffen],
    ['sub', 0n],
    ['mul', 1n],
    ['or', 0xffff_ffffn],
    ['and', 0xffff_ffffn],
    ['xor', 0n],
    ['mov', 0xffff_ffffn],
    ['rsh', 1n],
    ['arsh', 0xffff_ffffn],
    ['lsh', 0x8000_0000n],
    ['div', 1n],
    ['mod', 0n],
  ];
  for (const [operator, expected] of operators) {
    assert.is(compute(operator, 32, ALL, -1n), expected, operator);
  }
  const negated = r0([
    asm.constant(0, 1n),
    { kind: 'negate', width: 32, destination: 0 },
    asm.exit,
  ]);
  assert.is(negated, 0xffff_ffffn);
  const extended = r0([
    asm.constant(1, 0x80n),
    { kind: 'move_sign_extend', width: 32, bits: 8, destination: 0, source: 1 },
    asm.exit,
  ]);
  assert.is(extended, 0xffff_ff80n);
});

test('shifts are masked', () => {
  assert.is(compute('lsh', 64, 1n, 65n), 2n);
  assert.is(compute('rsh', 64, 8n, 0xffff_ffc2n), 2n);
  assert.is(compute('arsh', 64, INT_MIN, 127n), ALL);
  assert.is(compute('lsh', 32, 1n, 33n), 2n);
  assert.is(compute('rsh', 32, 0xff_8000_0000n, 63n), 1n);
  assert.is(compute('arsh', 32, 0x8000_0000n, 32n), 0x8000_0000n);
});

test('swaps cut to their width', () => {
  const swap = (to: 'le' | 'be' | 'swap', bits: 16 | 32 | 64): bigint =>
    r0([
      asm.constant(0, 0x1122334455667788n),
      { kind: 'swap', to, bits, destination: 0 },
      asm.exit,
    ]);
  assert.is(swap('le', 16), 0x7788n);
  assert.is(swap('le', 64), 0x1122334455667788n);
  assert.is(swap('be', 16), 0x8877n);
  assert.is(swap('swap', 32), 0x88776655n);
  assert.is(swap('swap', 64), 0x8877665544332211n);
});

/** r0, then r1, then the memory of an atomic on 8 bytes of stack. */
function atomic(instruction: Draft, start: { r0?: bigint; r1: bigint; memory: bigint }): bigint[] {
  const prepared = [
    asm.constant(2, start.memory),
    asm.storeR(8, 10, -8, 2),
    asm.constant(0, start.r0 ?? 0n),
    asm.constant(1, start.r1),
    instruction,
  ];
  return [
    r0([...prepared, asm.exit]),
    r0([...prepared, asm.movR(0, 1), asm.exit]),
    r0([...prepared, asm.load(0, 8, 10, -8), asm.exit]),
  ];
}

test('cmpxchg gives the old value in r0, whether it exchanges or not', () => {
  const memory = 0x11112222_33334444n;
  const wide = asm.atomic('cmpxchg', 8, true, -8, 1);
  assert.equal(atomic(wide, { r0: memory, r1: 9n, memory }), [memory, 9n, 9n]);
  assert.equal(atomic(wide, { r0: 1n, r1: 9n, memory }), [memory, 9n, memory]);
});

test('32-bit cmpxchg compares 32 bits and clears the upper half of r0', () => {
  const memory = 0x11112222_33334444n;
  const narrow = asm.atomic('cmpxchg', 4, true, -8, 1);
  const matching = { r0: 0xffffffff_33334444n, r1: 0xeeeeeeee_00000009n, memory };
  assert.equal(atomic(narrow, matching), [0x33334444n, matching.r1, 0x11112222_00000009n]);
  const other = { r0: 0xffffffff_00000000n, r1: 9n, memory };
  assert.equal(atomic(narrow, other), [0x33334444n, 9n, memory]);
});

test('fetch atomics give the old value, the others leave their source', () => {
  const start = { r1: 0xff00ff01n, memory: 0x11112222_0000000fn };
  const results = { add: 0xff00ff10n, or: 0xff00ff0fn, and: 1n, xor: 0xff00ff0en } as const;
  for (const [operator, low] of Object.entries(results) as ['add', bigint][]) {
    const narrow = 0x11112222_00000000n | low;
    const wide = operator === ('and' as string) ? low : narrow;
    const expected = (fetch: boolean, size: 4 | 8) => [
      0n,
      fetch ? (size === 8 ? start.memory : 0xfn) : start.r1,
      size === 8 ? wide : narrow,
    ];
    for (const size of [4, 8] as const) {
      for (const fetch of [false, true]) {
        const instruction = asm.atomic(operator, size, fetch, -8, 1);
        assert.equal(atomic(instruction, start), expected(fetch, size), `${operator} ${size}`);
      }
    }
  }
  const exchanged = atomic(asm.atomic('xchg', 4, true, -8, 1), start);
  assert.equal(exchanged, [0n, 0xfn, 0x11112222_ff00ff01n]);
});

test('load_acquire loads without sign, store_release stores the low bytes', () => {
  const start = { r1: 0xaabbccddn, memory: 0xffffffff_ffffffffn };
  assert.equal(atomic(asm.atomic('load_acquire', 2, false, -8, 1), start)[1], 0xffffn);
  const stored = atomic(asm.atomic('store_release', 1, false, -8, 1), start);
  assert.equal(stored, [0n, 0xaabbccddn, 0xffffffff_ffffffddn]);
});

test('an atomic on an address that is not aligned faults', () => {
  const program = [asm.storeI(8, 10, -8, 0), asm.movI(1, 1), asm.atomic('add', 4, false, -7, 1)];
  assert.match(faultOf([...program, asm.exit]), /not aligned/);
});

test('unaligned loads and stores are exact, signed loads extend', () => {
  const stored = [
    asm.storeI(8, 10, -16, 0),
    asm.storeI(8, 10, -8, 0),
    asm.constant(1, 0x8877665544332211n),
    asm.storeR(8, 10, -13, 1),
  ];
  assert.is(r0([...stored, asm.load(0, 8, 10, -13), asm.exit]), 0x8877665544332211n);
  assert.is(r0([...stored, asm.load(0, 4, 10, -11), asm.exit]), 0x66554433n);
  assert.is(r0([...stored, asm.load(0, 2, 10, -7, true), asm.exit]), 0xffffffff_ffff8877n);
  assert.is(r0([...stored, asm.load(0, 8, 10, -16), asm.exit]), 0x5544332211000000n);
});

test('every call has a stack frame of its own', () => {
  const caller = [asm.storeI(8, 10, -8, 1), asm.call(1), asm.load(0, 8, 10, -8), asm.exit];
  const callee = [asm.storeI(8, 10, -8, 2), asm.movI(0, 0), asm.exit];
  assert.is(r0(caller, callee), 1n);
});

test('a frame has 512 bytes, and starts unwritten at every call', () => {
  assert.is(r0([asm.storeI(1, 10, -512, 5), asm.load(0, 1, 10, -512), asm.exit]), 5n);
  assert.match(faultOf([asm.storeI(1, 10, -513, 5), asm.exit]), /offset -1 of stack frame 0/);
  assert.match(faultOf([asm.storeI(1, 10, 0, 5), asm.exit]), /offset 512/);
  assert.match(faultOf([asm.storeI(8, 10, -4, 5), asm.exit]), /offset 508/);
  const twice = [asm.movI(1, 0), asm.call(1), asm.movI(1, 1), asm.call(1), asm.exit];
  const reading = [
    asm.branchI('eq', 1, 1, 2),
    asm.storeI(8, 10, -8, 7),
    asm.load(0, 8, 10, -8),
    asm.exit,
  ];
  assert.match(faultOf(twice, reading), /never written/);
  const lax = run(makeObject({ functions: [twice, reading] }), { strictStack: false });
  assert.is(lax.r0, 0n);
});

test('calls nest 8 frames deep and no deeper', () => {
  const chain = (frames: number): Draft[][] =>
    Array.from({ length: frames }, (_, depth) =>
      depth + 1 === frames ? [asm.movI(0, 42), asm.exit] : [asm.call(depth + 1), asm.exit],
    );
  assert.is(r0(...chain(8)), 42n);
  const { fault } = execute(...chain(9));
  assert.match(fault!.message, /more than 8 frames/);
  assert.equal([fault!.function, fault!.instruction], ['f7', 0]);
});

test('a pointer to the frame of the caller works, one to an ended frame does not', () => {
  const caller = [asm.movR(1, 10), asm.aluI('add', 1, -8), asm.call(1)];
  const storing = [asm.storeI(8, 1, 0, 9), asm.movI(0, 0), asm.exit];
  assert.is(r0([...caller, asm.load(0, 8, 10, -8), asm.exit], storing), 9n);
  const leaking = [asm.storeI(8, 10, -8, 9), asm.movR(0, 10), asm.exit];
  assert.match(faultOf([...caller, asm.load(0, 8, 0, -8), asm.exit], leaking), /has ended/);
});

test('calls clobber r1 to r5 and keep r6 to r9', () => {
  const before = [asm.movI(1, 1), asm.movI(6, 6)];
  const callee = [asm.movI(6, 99), asm.movR(0, 1), asm.exit];
  assert.is(r0([...before, asm.call(1), asm.movR(0, 6), asm.exit], callee), 6n);
  for (let register = 1; register <= 5; register++) {
    const reading = [asm.movI(register, 1), asm.call(1), asm.movR(0, register), asm.exit];
    assert.is(faultOf(reading, [asm.movI(0, 0), asm.exit]), `r${register} holds no value`);
    const helped = [asm.movI(register, 1), asm.helper(5), asm.movR(0, register), asm.exit];
    assert.is(faultOf(helped), `r${register} holds no value`);
  }
});

test('registers without a value fault when read', () => {
  assert.is(faultOf([asm.exit]), 'r0 holds no value');
  assert.is(faultOf([asm.movR(0, 6), asm.exit]), 'r6 holds no value');
  assert.is(
    faultOf([asm.movI(6, 1), asm.call(1), asm.exit], [asm.movR(0, 6), asm.exit]),
    'r6 holds no value',
  );
});

test('a function that returns nothing leaves nothing in r0', () => {
  assert.is(r0([asm.call(1), asm.movI(0, 3), asm.exit], [asm.exit]), 3n);
  assert.is(faultOf([asm.movI(0, 3), asm.call(1), asm.exit], [asm.exit]), 'r0 holds no value');
});

test('callx calls a function by its address, or a helper by its number', () => {
  const call: Draft = { kind: 'call_register', register: 3 };
  const callee = [asm.movR(0, 1), asm.exit];
  const target = asm.refer(3, { kind: 'function', function: 1 });
  assert.is(r0([asm.movI(1, 5), target, call, asm.exit], callee), 5n);
  const object = makeObject({ functions: [[asm.movI(3, 8), call, asm.exit]] });
  assert.is(run(object, { environment: { cpu: 3 } }).r0, 3n);
  assert.match(faultOf([asm.constant(3, 1n << 40n), call, asm.exit]), /no function/);
});

test('may_goto goes on until its budget is spent, anew in every call', () => {
  // r0 = 0; may_goto out; r0 += 1; goto back; out: exit
  const counting: Draft[] = [
    asm.movI(0, 0),
    { kind: 'may_goto', target: 4 },
    asm.aluI('add', 0, 1),
    asm.jump(1),
    asm.exit,
  ];
  const caller = [asm.call(1), asm.movR(6, 0), asm.call(1), asm.aluR('add', 0, 6), asm.exit];
  const object = makeObject({ functions: [caller, counting] });
  assert.is(run(object, { mayGotoLimit: 100 }).r0, 200n);
});

test('an endless loop ends with a fault, as do other ways to lose the thread', () => {
  const endless = run(makeObject({ functions: [[asm.jump(0)]] }), { budget: 1000 });
  assert.match(endless.fault!.message, /no end after 1000/);
  assert.is(endless.executed, 1000);
  assert.match(faultOf([asm.movI(0, 0)]), /past the end/);
  assert.is(faultOf([{ kind: 'poison', reason: 'no such field' }]), 'no such field');
  assert.match(faultOf([asm.helper(9999), asm.exit]), /helper 9999/);
  assert.match(
    faultOf([{ kind: 'call_kernel', btfId: 1, btfFd: 0 }, asm.exit]),
    /kernel functions/,
  );
});

test('memory ends where it ends, on both sides', () => {
  const reading = (size: 1 | 2 | 4 | 8, offset: number) =>
    run(makeObject({ functions: [[asm.load(0, size, 1, offset), asm.exit]] }), {
      memory: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    });
  assert.is(reading(4, 4).r0, 0x08070605n);
  for (const [size, offset] of [
    [1, -1],
    [1, 8],
    [4, 5],
    [8, 1],
    [8, -8],
  ] as const) {
    assert.match(reading(size, offset).fault!.message, new RegExp(`offset ${offset} of memory`));
  }
  const wild = [asm.constant(1, 0x1234n), asm.load(0, 8, 1, 0), asm.exit];
  assert.match(faultOf(wild), /where there is no memory/);
  assert.match(faultOf([asm.constant(1, -8n), asm.load(0, 8, 1, 0), asm.exit]), /no memory/);
});

test('raw programs without memory get two zeros', () => {
  const sum = [asm.movR(0, 1), asm.aluR('or', 0, 2), asm.exit];
  assert.is(r0(sum), 0n);
});

test.run();
