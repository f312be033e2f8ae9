/** Programs that make a verifier walk about as many instructions as one likes. */
import type { BpfObject } from '../../compiler/src/object/index.ts';
import { asm, type Draft, makeObject } from '../../compiler/test/support/object.ts';

/** Made for a number of instructions walked; what was really walked is measured. */
export interface MadeProgram {
  readonly name: string;
  readonly object: BpfObject;
}

const GET_PRANDOM = 7;
const MAP_LOOKUP = 1;
const I = 6;
const SUM = 7;

/** Instructions of straight code on registers and a few stack slots. */
function straight(count: number): Draft[] {
  const code: Draft[] = [];
  for (let at = 0; code.length < count; at++) {
    const slot = -8 * (1 + (at % 6));
    const one: Draft[] = [
      asm.aluI('add', SUM, 3 + at),
      asm.aluI('xor', SUM, 0x55 + at),
      asm.storeR(8, 10, slot, SUM),
      asm.aluI('lsh', 8, 3),
      asm.aluR('add', 8, SUM),
      asm.aluI('and', 8, 0xffff),
      asm.load(9, 8, 10, slot),
      asm.aluR('sub', 9, 8),
    ];
    code.push(...one.slice(0, count - code.length));
  }
  return code;
}

/**
 * A bounded loop; each round holds one branch either way, whose paths join again, and straight code. The
 * kernel keeps at most 8192 branches to come back to, so the rounds are long.
 */
function loop(walked: number): BpfObject {
  const body = 120;
  // Measured: a verifier goes some way on the second path before it meets a state that it knows.
  const rounds = Math.max(2, Math.round(walked / (3.6 * (body + 6))));
  const code: Draft[] = [asm.movI(I, 0), asm.movI(SUM, 0), asm.movI(8, 1)];
  const head = code.length;
  code.push(asm.helper(GET_PRANDOM), asm.branchI('gt', 0, 100, head + 3), asm.aluI('add', SUM, 1));
  code.push(...straight(body), asm.aluI('add', I, 1), asm.branchI('lt', I, rounds, head));
  code.push(asm.movI(0, 0), asm.exit);
  return makeObject({ kind: 'socket_filter', functions: [code] });
}

/**
 * Branches whose two ways stay different to the end, where their constants are used as an offset: a tree
 * of paths, none of which is like another.
 */
function tree(walked: number): BpfObject {
  const each = 12;
  const levels = Math.max(3, Math.floor(Math.log2(walked / (2.8 * each))));
  const code: Draft[] = [asm.movI(I, 0), asm.movI(SUM, 0), asm.movI(8, 1)];
  for (let level = 0; level < levels; level++) {
    code.push(asm.helper(GET_PRANDOM));
    code.push(asm.branchI('gt', 0, 100 + level, code.length + 2));
    code.push(asm.aluI('or', I, 2 ** level));
    code.push(...straight(each - 3));
  }
  code.push(asm.aluI('and', I, 0xff8), asm.map(1, 0), asm.movR(2, 10), asm.aluI('add', 2, -8));
  code.push(asm.storeI(8, 10, -8, 0), asm.helper(MAP_LOOKUP));
  code.push(asm.branchI('eq', 0, 0, code.length + 3), asm.aluR('add', 0, I));
  code.push(asm.load(0, 8, 0, 0), asm.movI(0, 0), asm.exit);
  return makeObject({
    kind: 'socket_filter',
    functions: [code],
    maps: [{ valueSize: 4096 }],
  });
}

/** A loop that looks up a map, checks for null, calls a function with the value and stores into it. */
function values(walked: number): BpfObject {
  const inside = 64;
  const rounds = Math.max(2, Math.round(walked / (2 * (inside + 15))));
  const code: Draft[] = [asm.movI(I, 0), asm.movI(SUM, 1), asm.movI(8, 1)];
  const head = code.length;
  code.push(asm.storeR(4, 10, -4, I), asm.map(1, 0), asm.movR(2, 10), asm.aluI('add', 2, -4));
  code.push(asm.helper(MAP_LOOKUP));
  const check = code.length;
  code.push(asm.branchI('eq', 0, 0, check + 4), asm.movR(1, 0), asm.movR(2, SUM), asm.call(1));
  code.push(asm.aluI('add', I, 1), asm.branchI('lt', I, rounds, head), asm.movI(0, 0), asm.exit);
  const callee: Draft[] = [asm.load(3, 8, 1, 0), asm.aluR('add', 3, 2), asm.storeR(8, 1, 8, 3)];
  callee.push(asm.movR(SUM, 3), asm.movI(8, 1));
  callee.push(...straight(inside - 4), asm.movI(0, 0), asm.exit);
  return makeObject({
    kind: 'socket_filter',
    functions: [code, callee],
    maps: [{ valueSize: 64 }],
  });
}

const SIZES: readonly (readonly [string, number])[] = [
  ['1k', 1_000],
  ['10k', 10_000],
  ['100k', 100_000],
  ['1M', 950_000],
];

/** Every kind of program at every size. */
export function madePrograms(): readonly MadeProgram[] {
  return Object.entries({ loop, tree, values }).flatMap(([name, make]) =>
    SIZES.map(([size, walked]) => ({ name: `${name} ${size}`, object: make(walked) })),
  );
}
