import fc from 'fast-check';
import type { AccessSize, Instruction } from '../../src/isa/index.ts';

const general = fc.integer({ min: 0, max: 9 });
const anyRegister = fc.integer({ min: 0, max: 10 });
const offset = fc.oneof(fc.integer({ min: -0x8000, max: 0x7fff }), fc.integer({ min: -9, max: 9 }));
const immediate = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.integer({ min: -3, max: 70 }),
);
const width = fc.constantFrom(32 as const, 64 as const);
const operand = fc.oneof(
  anyRegister.map((register) => ({ kind: 'register' as const, register })),
  immediate.map((value) => ({ kind: 'immediate' as const, value })),
);
const size = fc.constantFrom<AccessSize>(1, 2, 4, 8);
const wordSize = fc.constantFrom<AccessSize>(4, 8);
const aluOperator = fc.constantFrom(
  ...(['add', 'sub', 'mul', 'div', 'sdiv', 'mod', 'smod'] as const),
  ...(['or', 'and', 'xor', 'lsh', 'rsh', 'arsh', 'mov'] as const),
);
const branchOperator = fc.constantFrom(
  ...(['eq', 'ne', 'set', 'gt', 'ge', 'lt', 'le', 'sgt', 'sge', 'slt', 'sle'] as const),
);

/** A target before it is fitted to the length of the program. */
const target = fc.nat({ max: 0x7fffffff });

const shapes: fc.Arbitrary<Instruction>[] = [
  fc.record({
    kind: fc.constant('alu' as const),
    slot: fc.constant(0),
    operator: aluOperator,
    width,
    destination: general,
    source: operand,
  }),
  fc.record({
    kind: fc.constant('negate' as const),
    slot: fc.constant(0),
    width,
    destination: general,
  }),
  fc
    .record({
      kind: fc.constant('move_sign_extend' as const),
      slot: fc.constant(0),
      width,
      bits: fc.constantFrom(8 as const, 16 as const, 32 as const),
      destination: general,
      source: anyRegister,
    })
    .map((move) => (move.width === 32 && move.bits === 32 ? { ...move, bits: 16 as const } : move)),
  fc.record({
    kind: fc.constant('address_space_cast' as const),
    slot: fc.constant(0),
    destination: general,
    source: anyRegister,
    immediate: fc.constantFrom(1, 0x10000),
  }),
  fc.record({
    kind: fc.constant('swap' as const),
    slot: fc.constant(0),
    to: fc.constantFrom('le' as const, 'be' as const, 'swap' as const),
    bits: fc.constantFrom(16 as const, 32 as const, 64 as const),
    destination: general,
  }),
  fc.record({
    kind: fc.constant('constant' as const),
    slot: fc.constant(0),
    destination: general,
    pseudo: fc.integer({ min: 0, max: 6 }),
    low: immediate,
    high: immediate,
  }),
  fc
    .record({
      kind: fc.constant('load' as const),
      slot: fc.constant(0),
      size,
      signed: fc.boolean(),
      destination: general,
      base: anyRegister,
      offset,
    })
    .map((load) => (load.size === 8 ? { ...load, signed: false } : load)),
  fc.record({
    kind: fc.constant('store' as const),
    slot: fc.constant(0),
    size,
    base: anyRegister,
    offset,
    source: operand,
  }),
  fc.record({
    kind: fc.constant('atomic' as const),
    slot: fc.constant(0),
    operator: fc.constantFrom('add' as const, 'or' as const, 'and' as const, 'xor' as const),
    size: wordSize,
    fetch: fc.boolean(),
    base: anyRegister,
    offset,
    source: general,
  }),
  fc.record({
    kind: fc.constant('atomic' as const),
    slot: fc.constant(0),
    operator: fc.constantFrom('xchg' as const, 'cmpxchg' as const),
    size: wordSize,
    fetch: fc.constant(true),
    base: anyRegister,
    offset,
    source: general,
  }),
  fc.record({
    kind: fc.constant('atomic' as const),
    slot: fc.constant(0),
    operator: fc.constantFrom('load_acquire' as const, 'store_release' as const),
    size,
    fetch: fc.constant(false),
    base: anyRegister,
    offset,
    source: general,
  }),
  fc.record(
    {
      kind: fc.constant('legacy_load' as const),
      slot: fc.constant(0),
      size: fc.constantFrom(1 as const, 2 as const, 4 as const),
      index: anyRegister,
      immediate,
    },
    { requiredKeys: ['kind', 'slot', 'size', 'immediate'] },
  ),
  fc.record({ kind: fc.constant('jump' as const), slot: fc.constant(0), target }),
  fc.record({
    kind: fc.constant('jump' as const),
    slot: fc.constant(0),
    target,
    long: fc.constant(true as const),
  }),
  fc.record({
    kind: fc.constant('branch' as const),
    slot: fc.constant(0),
    operator: branchOperator,
    width,
    left: anyRegister,
    right: operand,
    target,
  }),
  fc.record({ kind: fc.constant('may_goto' as const), slot: fc.constant(0), target }),
  fc.record({ kind: fc.constant('call_helper' as const), slot: fc.constant(0), helper: immediate }),
  fc.record({ kind: fc.constant('call_local' as const), slot: fc.constant(0), target }),
  fc.record({
    kind: fc.constant('call_kernel' as const),
    slot: fc.constant(0),
    btfId: immediate,
    btfFd: offset,
  }),
  fc.record({
    kind: fc.constant('call_register' as const),
    slot: fc.constant(0),
    register: anyRegister,
  }),
  fc.record({
    kind: fc.constant('call_register' as const),
    slot: fc.constant(0),
    register: fc.integer({ min: 1, max: 10 }),
    inImmediate: fc.constant(true as const),
  }),
  fc.constant({ kind: 'exit' as const, slot: 0 }),
];

/**
 * Any sequence that can be encoded: every instruction form with any field values, with no regard to
 * what it would do. Slots are set and targets lie inside the sequence.
 */
export const instructions: fc.Arbitrary<Instruction[]> = fc
  .array(fc.oneof(...shapes), { minLength: 1, maxLength: 60 })
  .map((drawn) => {
    let slot = 0;
    return drawn.map((instruction) => {
      const placed = { ...instruction, slot };
      slot += instruction.kind === 'constant' ? 2 : 1;
      return 'target' in placed ? { ...placed, target: placed.target % drawn.length } : placed;
    });
  });
