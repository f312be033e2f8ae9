/** Small changes to programs that were right: most make them wrong by a little, some by nothing. */
import type { AccessSize, AluOperator, BranchOperator } from '../../../src/isa/index.ts';
import type { Draft } from '../object.ts';
import type { Random } from '../random.ts';
import { withInserted, without, withReplaced } from './change.ts';
import type { AttackProgram } from './program.ts';

/** Operators that are easily taken for each other. */
const NEIGHBOURS: Readonly<Record<BranchOperator, readonly BranchOperator[]>> = {
  eq: ['ne', 'ge', 'set'],
  ne: ['eq', 'gt', 'set'],
  set: ['eq', 'ne'],
  gt: ['ge', 'sgt', 'lt', 'le'],
  ge: ['gt', 'sge', 'lt'],
  lt: ['le', 'slt', 'ge'],
  le: ['lt', 'sle', 'gt'],
  sgt: ['gt', 'sge', 'slt'],
  sge: ['ge', 'sgt', 'slt'],
  slt: ['lt', 'sle', 'sgt'],
  sle: ['le', 'slt', 'sge'],
};

const OPERATORS: Readonly<Record<AluOperator, readonly AluOperator[]>> = {
  add: ['sub', 'or', 'xor'],
  sub: ['add', 'xor'],
  mul: ['add', 'lsh', 'div'],
  div: ['sdiv', 'mod', 'rsh'],
  sdiv: ['div', 'smod'],
  mod: ['smod', 'and', 'div'],
  smod: ['mod', 'sdiv'],
  or: ['add', 'xor', 'and'],
  and: ['or', 'mod', 'xor'],
  xor: ['or', 'add', 'and'],
  lsh: ['rsh', 'mul', 'arsh'],
  rsh: ['arsh', 'lsh', 'div'],
  arsh: ['rsh', 'lsh'],
  mov: ['add', 'mov', 'sub'],
};

const SIZES: readonly AccessSize[] = [1, 2, 4, 8];

function nearby(random: Random, value: number): number {
  const draw = random.below(10);
  if (draw < 5) return (value + (random.chance(0.5) ? 1 : -1)) | 0;
  if (draw < 6) return (value + random.pick([-8, -4, -2, 2, 4, 8])) | 0;
  if (draw < 7) return -value | 0;
  if (draw < 8) return (value * 2) | 0;
  if (draw < 9) return value ^ (1 << random.below(32));
  return random.immediate();
}

type Change = (random: Random, code: readonly Draft[], at: number) => readonly Draft[] | undefined;

const replaced = (code: readonly Draft[], at: number, draft: Draft) =>
  withReplaced(code, at, draft);

const CHANGES: readonly Change[] = [
  // A constant.
  (random, code, at) => {
    const draft = code[at]!;
    if (draft.kind === 'alu' && draft.source.kind === 'immediate') {
      const value = nearby(random, draft.source.value);
      return replaced(code, at, { ...draft, source: { kind: 'immediate', value } });
    }
    if (draft.kind === 'branch' && draft.right.kind === 'immediate') {
      const value = nearby(random, draft.right.value);
      return replaced(code, at, { ...draft, right: { kind: 'immediate', value } });
    }
    return undefined;
  },
  // An operator or a width.
  (random, code, at) => {
    const draft = code[at]!;
    const width = random.chance(0.5) ? 32 : 64;
    if (draft.kind === 'branch') {
      if (random.chance(0.4)) return replaced(code, at, { ...draft, width });
      const operator = random.pick(NEIGHBOURS[draft.operator]);
      return replaced(code, at, { ...draft, operator });
    }
    if (draft.kind === 'alu') {
      // A shift by more than a register has is no instruction.
      const wide = draft.source.kind === 'immediate' && draft.source.value > 31;
      if (random.chance(0.5) && !wide) return replaced(code, at, { ...draft, width });
      const operator = random.pick(OPERATORS[draft.operator]);
      return replaced(code, at, { ...draft, operator });
    }
    return undefined;
  },
  // The place or size of an access.
  (random, code, at) => {
    const draft = code[at]!;
    if (draft.kind !== 'load' && draft.kind !== 'store' && draft.kind !== 'atomic') {
      return undefined;
    }
    if (draft.kind === 'load' && random.chance(0.2)) {
      return replaced(code, at, { ...draft, signed: draft.size < 8 && !draft.signed });
    }
    if (random.chance(0.6)) {
      const offset = draft.offset + random.pick([-8, -4, -1, 1, 1, 2, 4, 8]);
      return replaced(code, at, { ...draft, offset });
    }
    const sizes = draft.kind === 'atomic' ? SIZES.filter((size) => size >= 4) : SIZES;
    const size = random.pick(sizes);
    const signed = draft.kind === 'load' && draft.signed && size < 8;
    const changed = draft.kind === 'load' ? { ...draft, size, signed } : { ...draft, size };
    return replaced(code, at, changed);
  },
  // A register.
  (random, code, at) => {
    const draft = code[at]!;
    const register = random.below(random.chance(0.1) ? 11 : 10);
    if (draft.kind === 'alu') {
      if (random.chance(0.5)) {
        return replaced(code, at, { ...draft, destination: Math.min(register, 9) });
      }
      return replaced(code, at, { ...draft, source: { kind: 'register', register } });
    }
    if (draft.kind === 'branch') return replaced(code, at, { ...draft, left: register });
    if (draft.kind === 'load' || draft.kind === 'store' || draft.kind === 'atomic') {
      return replaced(code, at, { ...draft, base: register });
    }
    return undefined;
  },
  // An instruction gone, such as a check.
  (_random, code, at) => (code.length > 2 ? without(code, at, at + 1) : undefined),
  (random, code, at) => {
    const draft = code[at]!;
    if (draft.kind !== 'branch' && !(draft.kind === 'alu' && random.chance(0.5))) return undefined;
    return without(code, at, at + 1);
  },
  // One moved a little, such as a check to behind what it guards.
  (random, code, at) => {
    const to = at + random.pick([-3, -2, -1, 1, 2, 3]);
    const draft = code[at]!;
    if (to < 0 || to >= code.length - 1 || draft.kind === 'exit') return undefined;
    const rest = without(code, at, at + 1);
    const target = 'target' in draft && draft.target > at ? draft.target - 1 : undefined;
    const moved = target === undefined ? draft : ({ ...draft, target } as Draft);
    return withInserted(rest, Math.min(to, rest.length), [moved]);
  },
  // A few once more.
  (random, code, at) => {
    const length = 1 + random.below(4);
    const block = code.slice(at, at + length).filter((draft) => draft.kind !== 'exit');
    const to = random.chance(0.5) ? at + block.length : random.below(code.length);
    return withInserted(code, Math.min(to, code.length - 1), block);
  },
  // A branch to somewhere else.
  (random, code, at) => {
    const draft = code[at]!;
    if (!('target' in draft)) return undefined;
    const target = draft.target + random.pick([-2, -1, 1, 2, 3]);
    if (target < 0 || target >= code.length) return undefined;
    return replaced(code, at, { ...draft, target });
  },
  // Another map, another place in the data, another constant, another helper of the family.
  (random, code, at) => {
    const draft = code[at]!;
    if (draft.kind === 'reference') {
      const { reference } = draft;
      if (reference.kind === 'map') {
        const map = random.below(5);
        return replaced(code, at, { ...draft, reference: { ...reference, map } });
      }
      if (reference.kind === 'data') {
        const offset = Math.max(0, reference.offset + random.pick([-1, 1, 8]));
        return replaced(code, at, { ...draft, reference: { ...reference, offset } });
      }
      if (reference.kind === 'value') {
        const value = BigInt.asUintN(64, reference.value + (random.chance(0.5) ? 1n : -1n));
        return replaced(code, at, { ...draft, reference: { ...reference, value } });
      }
    }
    if (draft.kind !== 'call_helper') return undefined;
    const families = [
      [131, 198],
      [132, 133],
      [199, 200],
      [88, 89],
      [1, 2, 3],
      [4, 113, 115],
      [5, 7],
    ];
    const family = families.find((one) => one.includes(draft.helper));
    return family && replaced(code, at, { ...draft, helper: random.pick(family) });
  },
];

/** The program with some changes; none for a third of the seeds. */
export function mutate(program: AttackProgram, random: Random): AttackProgram {
  if (random.chance(0.3)) return program;
  const functions = [...program.functions];
  let wanted = random.chance(0.6) ? 1 : 1 + random.below(4);
  for (let attempt = 0; attempt < 40 && wanted > 0; attempt++) {
    const which = random.below(functions.length);
    const code = functions[which]!;
    const changed = random.pick(CHANGES)(random, code, random.below(code.length));
    if (changed === undefined || changed.length === 0) continue;
    functions[which] = changed;
    wanted--;
  }
  return { ...program, functions };
}
