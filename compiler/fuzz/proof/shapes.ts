/**
 * Programs that are made to be expensive for the proof: long, wide or deep in one way each. They are right or
 * wrong, it does not matter: what counts is that there is a verdict within the limits.
 */
import type { BpfMap, BpfObject } from '../../src/object/index.ts';
import { asm, type Draft, makeObject, type ObjectParts } from '../../test/support/object.ts';

/** The parts of an object of about `size` instructions (or functions, maps, programs). */
type Shape = (size: number) => ObjectParts;

const TIME = 5;
const LOOKUP = 1;
const LOOP = 181;
const SNPRINTF = 165;

/** A number of which nothing is known. */
const NUMBER: readonly Draft[] = [asm.helper(TIME)];
const END: readonly Draft[] = [asm.movI(0, 0), asm.exit];

function times(count: number, make: (index: number, at: number) => readonly Draft[]): Draft[] {
  const drafts: Draft[] = [];
  for (let index = 0; index < count; index++) {
    for (const draft of make(index, drafts.length)) drafts.push(draft);
  }
  return drafts;
}

/** `code` behind `start`: targets in `code` count from its own beginning. */
function after(start: readonly Draft[], code: readonly Draft[]): Draft[] {
  const moved = code.map((draft) =>
    'target' in draft ? { ...draft, target: draft.target + start.length } : draft,
  );
  return [...start, ...moved];
}

/** r7 points to an element of map 0, r6 is a number from 0 to 7. */
function element(): Draft[] {
  return [
    asm.storeI(8, 10, -8, 0),
    asm.map(1, 0),
    asm.movR(2, 10),
    asm.aluI('add', 2, -8),
    asm.helper(LOOKUP),
    asm.branchI('ne', 0, 0, 7),
    asm.exit,
    asm.movR(7, 0),
    asm.helper(TIME),
    asm.movR(6, 0),
    asm.aluI('and', 6, 7),
  ];
}

const MAPS = [{ valueSize: 64 }] as const;

/** Spills a number into each slot of the frame. */
function fullFrame(): Draft[] {
  return times(62, (index) => [asm.helper(TIME), asm.storeR(8, 10, -8 * (index + 1), 0)]);
}

/** Keeps the arguments of the function at `depth`: addresses of frames. */
function kept(depth: number): Draft[] {
  return times(Math.min(4, depth), (index) => [asm.movR(6 + index, 1 + index)]);
}

/** What was kept, and the own frame's address, as arguments. */
function given(depth: number): Draft[] {
  return [
    ...times(Math.min(4, depth), (index) => [asm.movR(1 + index, 6 + index)]),
    asm.movR(Math.min(5, depth + 1), 10),
  ];
}

/** A chain of functions, each with its own frame and a pointer to that of each caller's slot in r1. */
function nested(size: number, body: (size: number) => readonly Draft[]): readonly Draft[][] {
  const functions: Draft[][] = [];
  for (let depth = 0; depth < 7; depth++) {
    functions.push([...fullFrame().slice(0, 8), asm.movR(1, 10), asm.call(depth + 1), ...END]);
  }
  functions.push([...body(size)]);
  return functions;
}

/** All shapes, by name. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  'stores to every slot, in one block': (size) => ({
    functions: [
      [
        ...NUMBER,
        ...times(size, (index) => [asm.storeR(8, 10, -8 * (1 + (index % 64)), 0)]),
        ...END,
      ],
    ],
  }),
  'spills and fills that rely on a number': (size) => ({
    functions: [
      [
        ...element(),
        ...times(size / 5, (index) => [
          asm.storeR(8, 10, -8 * (1 + (index % 60)), 6),
          asm.load(6, 8, 10, -8 * (1 + (index % 60))),
          asm.movR(1, 7),
          asm.aluR('add', 1, 6),
          asm.load(2, 1, 1, 0),
        ]),
        ...END,
      ],
    ],
    maps: MAPS,
  }),
  'accesses at one unknown index, in one block': (size) => ({
    functions: [
      [
        ...element(),
        ...times(size / 3, () => [asm.movR(1, 7), asm.aluR('add', 1, 6), asm.load(2, 1, 1, 0)]),
        ...END,
      ],
    ],
    maps: MAPS,
  }),
  'numbers computed from each other and then relied upon': (size) => ({
    functions: [
      [
        ...element(),
        ...times(size / 2, () => [asm.aluI('add', 6, 1), asm.aluI('and', 6, 7)]),
        ...times(size / 8, () => [asm.movR(1, 7), asm.aluR('add', 1, 6), asm.load(2, 1, 1, 0)]),
        ...END,
      ],
    ],
    maps: MAPS,
  }),
  'branches with nothing between them': (size) => ({
    functions: [
      after(NUMBER, [
        ...times(size, (index, at) => [asm.branchI('gt', 0, index % 1000, at + 1)]),
        ...END,
      ]),
    ],
  }),
  'branches over one instruction each': (size) => ({
    functions: [
      after(NUMBER, [
        ...times(size / 3, (index, at) => [
          asm.branchI('gt', 0, index % 1000, at + 3),
          asm.movI(1, index),
          asm.storeR(8, 10, -8 * (1 + (index % 60)), 1),
        ]),
        ...END,
      ]),
    ],
  }),
  'branches to one end': (size) => ({
    functions: [
      after(NUMBER, [...times(size, (index) => [asm.branchI('eq', 0, index, size)]), ...END]),
    ],
  }),
  'branches whose ways never agree': (size) => ({
    functions: [
      after(element(), [
        asm.movI(8, 0),
        asm.movR(9, 6),
        ...times(size / 4, (_, at) => [
          asm.branchI('set', 9, 1, at + 3),
          asm.aluI('add', 8, 1),
          asm.aluI('rsh', 9, 0),
        ]),
        asm.aluI('and', 8, 7),
        asm.aluR('add', 7, 8),
        asm.load(2, 1, 7, 0),
        ...END,
      ]),
    ],
    maps: MAPS,
  }),
  'a long block before branches that part for good': (size) => ({
    functions: [
      after(NUMBER, [
        ...times(size / 2, (index) => [asm.movI(1, index)]),
        ...times(size / 24, (index, at) => [
          asm.branchI('eq', 0, index, size / 2 + at + 12),
          ...times(9, (other) => [asm.movI(2 + (other % 4), index)]),
          asm.movI(0, 0),
          asm.exit,
        ]),
        ...END,
      ]),
    ],
  }),
  'a loop of a million turns': (size) => ({
    functions: [[asm.movI(1, 0), asm.aluI('add', 1, 1), asm.branchI('lt', 1, size, 1), ...END]],
  }),
  'a loop that changes all frames': (size) => ({
    functions: nested(size, () =>
      after(
        [...NUMBER, asm.movR(6, 0), asm.movI(7, 0)],
        [
          ...times(60, (index) => [asm.storeR(8, 10, -8 * (index + 1), 7)]),
          asm.aluI('add', 7, 1),
          asm.aluI('rsh', 6, 1),
          asm.branchI('ne', 6, 0, 0),
          ...END,
        ],
      ),
    ),
  }),
  'a loop with unknown branches inside': (size) => ({
    functions: [
      [
        asm.movI(6, 0),
        asm.movI(7, 0),
        asm.helper(TIME),
        asm.branchI('eq', 0, 0, 5),
        asm.aluI('add', 7, 1),
        asm.aluI('add', 6, 1),
        asm.branchI('lt', 6, size, 2),
        asm.branchI('gt', 7, size, 9),
        asm.jump(9),
        ...END,
      ],
    ],
  }),
  'callbacks in callbacks': (size) => ({
    functions: Array.from({ length: 7 }, (_, depth) => [
      ...fullFrame().slice(0, 8),
      asm.movI(1, size),
      asm.refer(2, { kind: 'function', function: depth + 1 }),
      asm.movI(3, 0),
      asm.movI(4, 0),
      asm.helper(LOOP),
      ...END,
    ]).concat([[asm.movI(0, 0), asm.exit]]),
  }),
  'may_goto in may_goto': (size) => {
    const levels = Math.min(40, size);
    const last = 1 + 2 * levels;
    return {
      functions: [
        after(
          [...NUMBER, asm.movR(6, 0), asm.movI(7, 0)],
          [
            asm.storeR(8, 10, -8, 7),
            ...times(levels, (index) => [
              { kind: 'may_goto', target: last + index } as const,
              asm.aluI('add', 7, index),
            ]),
            ...times(levels, (index) => [asm.branchI('gt', 6, index, 2 * (levels - index) - 1)]),
            asm.load(0, 8, 10, -8),
            ...END,
          ],
        ),
      ],
    };
  },
  'stores to all frames between branches': (size) => ({
    functions: [
      ...Array.from({ length: 5 }, (_, depth) => [
        ...kept(depth),
        ...fullFrame(),
        ...given(depth),
        asm.call(depth + 1),
        ...END,
      ]),
      after(
        [...kept(5), ...NUMBER, asm.storeR(8, 10, -512, 0)],
        [
          ...times(size / 8, (index, at) => [
            asm.load(0, 8, 10, -512),
            ...[6, 7, 8, 9, 10].map((base) => asm.storeI(8, base, -8 * (1 + (index % 50)), index)),
            asm.branchI('gt', 0, index, at + 8),
            asm.movI(1, index),
          ]),
          ...END,
        ],
      ),
    ],
  }),
  'helper calls with a full frame, refused at the end': (size) => ({
    functions: [
      [...fullFrame(), ...times(size, () => [asm.helper(TIME)]), asm.load(1, 8, 0, 0), ...END],
    ],
  }),
  'a full frame of numbers that are all the same': (size) => ({
    functions: [
      after(
        [...NUMBER, ...times(60, (index) => [asm.storeR(8, 10, -8 * (index + 1), 0)])],
        [
          ...times(size / 2, (index, at) => [
            asm.load(1, 8, 10, -8 * (1 + (index % 60))),
            asm.branchI('gt', 1, index, at + 2),
          ]),
          ...END,
        ],
      ),
    ],
  }),
  'functions that are all called from one': (size) => ({
    functions: [
      [...times(size, (index) => [asm.call(index + 1)]), ...END],
      ...Array.from({ length: size }, () => [...END]),
    ],
  }),
  'one function called from everywhere': (size) => ({
    functions: [
      [...times(size / 2, (index) => [asm.movI(1, index), asm.call(1)]), ...END],
      [asm.storeR(8, 10, -8, 1), asm.movR(0, 1), asm.exit],
    ],
  }),
  'functions in a long chain': (size) => ({
    functions: Array.from({ length: size }, (_, index) => [
      ...(index + 1 < size ? [asm.call(index + 1)] : []),
      ...END,
    ]),
  }),
  'a lookup in each of many maps': (size) => ({
    functions: [
      [
        ...times(size, (index) => [
          asm.storeI(4, 10, -4, 0),
          asm.map(1, index),
          asm.movR(2, 10),
          asm.aluI('add', 2, -4),
          asm.helper(LOOKUP),
        ]),
        ...END,
      ],
    ],
    maps: Array.from({ length: size }, (_, index): Partial<BpfMap> => ({ name: `map${index}` })),
  }),
  'formats as long as they get': (size) => {
    const format = new Uint8Array(size).fill(0x25);
    format[size - 1] = 0;
    return {
      functions: [
        [
          asm.movR(1, 10),
          asm.aluI('add', 1, -8),
          asm.movI(2, 8),
          asm.refer(3, { kind: 'data', section: 0, offset: 0 }),
          asm.movI(4, 0),
          asm.movI(5, 0),
          asm.helper(SNPRINTF),
          ...END,
        ],
      ],
      data: [{ name: '.rodata', kind: 'rodata', bytes: format }],
    };
  },
};

/** A program with a function of its own for each of `size`: what is done for each must not depend on the rest. */
function manyPrograms(size: number): BpfObject {
  const object = makeObject({
    functions: Array.from({ length: size }, () => [asm.movI(0, 0), asm.exit]),
  });
  const [first] = object.programs;
  return {
    ...object,
    programs: object.functions.map(({ index }) => ({
      ...first!,
      index,
      name: `program${index}`,
      entry: index,
    })),
    functions: object.functions.map((fn) => ({ ...fn, program: fn.index })),
  };
}

/** The object of a shape. Functions are static, but for the first. */
export function shapeObject(name: string, size: number): BpfObject {
  if (name === MANY_PROGRAMS) return manyPrograms(size);
  const object = makeObject({ kind: 'kprobe', ...SHAPES[name]!(size) });
  return {
    ...object,
    functions: object.functions.map((fn) => ({
      ...fn,
      linkage: fn.index === 0 ? 'global' : 'static',
    })),
  };
}

const MANY_PROGRAMS = 'a program for each function';

/** Names of all shapes. */
export const SHAPE_NAMES: readonly string[] = [...Object.keys(SHAPES), MANY_PROGRAMS];
