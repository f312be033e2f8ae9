import type { BpfObject } from '../../src/object/index.ts';
import { asm, type Draft, makeObject } from '../support/object.ts';
import { Random } from '../support/random.ts';

/** Registers that hold an address on the straight path; others hold numbers. */
type Kinds = ('number' | 'frame' | 'memory' | 'loaded')[];

const OPERATORS = [
  'add',
  'sub',
  'mul',
  'div',
  'or',
  'and',
  'lsh',
  'rsh',
  'mod',
  'xor',
  'mov',
  'arsh',
  'sdiv',
  'smod',
] as const;
const BRANCHES = ['eq', 'ne', 'set', 'gt', 'ge', 'lt', 'le', 'sgt', 'sge', 'slt', 'sle'] as const;
const SIZES_OF_STACK = [8, 8, 8, 8, 4, 2, 1] as const;
const CONSTANTS = [0, 1, -1, 3, 7, 8, 16, 63, 64, 255, -8, 0x7fffffff, -0x80000000];

/**
 * Random functions that are not meant to be reasonable: addresses of the frame are spilled, put into
 * memory, read back in pieces, passed to callees that write through them, mixed with numbers on other
 * paths. What breaks the rules of BPF faults in the interpreter and ends the run.
 */
export function tangle(seed: number): BpfObject {
  const random = new Random(seed);
  const count = 1 + random.below(3);
  return makeObject({
    functions: Array.from({ length: count }, (_, index) => tangledFunction(random, index, count)),
  });
}

function tangledFunction(random: Random, index: number, count: number): Draft[] {
  const code: Draft[] = [];
  const kinds: Kinds = new Array(10).fill('number');
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
  const slot = () => -8 * (1 + random.below(8));
  const someRegister = () => random.below(10);
  const withKind = (...wanted: Kinds) => {
    const fitting = kinds.flatMap((kind, register) => (wanted.includes(kind) ? [register] : []));
    return fitting.length === 0 ? undefined : pick(fitting);
  };
  // The program gets memory in r1, functions whatever they are called with.
  if (index === 0) {
    code.push(asm.movR(6, 1));
    kinds[6] = 'memory';
    kinds[1] = 'memory';
  } else {
    kinds.fill('loaded', 1, 6);
  }
  for (let register = 0; register < 10; register++) {
    if (kinds[register] === 'number') code.push(asm.movI(register, pick(CONSTANTS)));
  }
  // Most of the frame holds something, so that reading it back tells little by itself.
  for (let at = -64; at < 0; at += 8) code.push(asm.storeI(8, 10, at, 0));

  const length = 10 + random.below(40);
  const pending: { at: number; skip: number }[] = [];
  for (let made = 0; made < length; made++) {
    switch (random.below(16)) {
      case 0: {
        const register = someRegister();
        code.push(asm.movR(register, 10), asm.aluI('add', register, slot()));
        kinds[register] = 'frame';
        break;
      }
      case 1: {
        const [to, from] = [someRegister(), someRegister()];
        code.push(asm.movR(to, from));
        kinds[to] = kinds[from]!;
        break;
      }
      case 2:
      case 3: {
        const [to, from] = [withKind('number') ?? 0, withKind('number') ?? 0];
        const width = pick([32, 64] as const);
        code.push(
          random.chance(0.5)
            ? asm.aluI(pick(OPERATORS), to, pick(CONSTANTS), width)
            : asm.aluR(pick(OPERATORS), to, from, width),
        );
        kinds[to] = 'number';
        break;
      }
      case 4: {
        // An address that varies within bounds.
        const number = withKind('number');
        const address = withKind('frame', 'memory');
        if (number === undefined || address === undefined) break;
        code.push(asm.aluI('and', number, pick([7, 8, 24, 56])), asm.aluR('add', address, number));
        break;
      }
      case 5:
      case 6:
        code.push(asm.storeR(pick(SIZES_OF_STACK), 10, slot(), someRegister()));
        break;
      case 7:
      case 8: {
        const to = someRegister();
        const size = pick(SIZES_OF_STACK);
        code.push(asm.load(to, size, 10, slot()));
        kinds[to] = size === 8 ? 'loaded' : 'number';
        break;
      }
      case 9: {
        const base = withKind('frame', 'memory', random.chance(0.3) ? 'loaded' : 'frame');
        if (base !== undefined) {
          code.push(asm.storeR(pick(SIZES_OF_STACK), base, pick([0, 0, 8, 4, -8]), someRegister()));
        }
        break;
      }
      case 10: {
        const base = withKind('frame', 'memory', random.chance(0.3) ? 'loaded' : 'frame');
        const to = someRegister();
        if (base === undefined) break;
        const size = pick(SIZES_OF_STACK);
        code.push(asm.load(to, size, base, pick([0, 0, 8, 4, -8])));
        kinds[to] = size === 8 ? 'loaded' : 'number';
        break;
      }
      case 11:
      case 12: {
        pending.push({ at: code.length, skip: 1 + random.below(8) });
        const branch = {
          kind: 'branch',
          operator: pick(BRANCHES),
          width: pick([32, 64, 64] as const),
          left: someRegister(),
          right: random.chance(0.6)
            ? { kind: 'immediate', value: pick(CONSTANTS) }
            : { kind: 'register', register: someRegister() },
          target: 0,
        } satisfies Draft;
        code.push(branch);
        break;
      }
      case 13: {
        const callee = index + 1 + random.below(2);
        if (callee >= count) break;
        code.push(asm.call(callee));
        for (let register = 0; register < 6; register++) {
          if (register > 0) code.push(asm.movI(register, pick(CONSTANTS)));
          kinds[register] = register === 0 ? 'loaded' : 'number';
        }
        break;
      }
      case 14: {
        const to = withKind('frame') ?? 0;
        const from = withKind('frame') ?? 0;
        if (kinds[to] !== 'frame' || kinds[from] !== 'frame') break;
        code.push(asm.aluR('sub', to, from));
        kinds[to] = 'number';
        break;
      }
      default: {
        const to = someRegister();
        code.push(asm.aluI('add', to, pick([8, -8, 4, 16])));
        break;
      }
    }
    // Loops: some numbers of rounds, or until the interpreter's budget ends.
    if (random.chance(0.06)) {
      const target = random.below(code.length);
      code.push(asm.branchI(pick(BRANCHES), withKind('number') ?? 0, pick(CONSTANTS), target));
    }
  }
  code.push(asm.exit);
  for (const { at, skip } of pending) {
    const draft = code[at]!;
    if (draft.kind === 'branch') {
      code[at] = { ...draft, target: Math.min(code.length - 1, at + 1 + skip) };
    }
  }
  return code;
}
