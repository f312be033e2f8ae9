// Every scalar of few bits, placed where words wrap and change sign, against every concrete result.
// All known bits and all ranges of 4 bits are tried with each other in one place; of the other pairs of
// places, each run tries an even selection. DOMAIN_BITS (4 to 6) widens the fields, DOMAIN_PAIRS is how many
// pairs of scalars are tried for two places (0: all).
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arithmetic as concrete, swapBytes } from '../../src/interp/arithmetic.ts';
import {
  arithmetic,
  constantScalar,
  contains,
  decide,
  formatScalar,
  intersect,
  isAligned,
  join,
  negate,
  refine,
  type Scalar,
  signExtend,
  swap,
  trailingZeroes,
  truncate,
} from '../../src/verifier/domain/index.ts';
import {
  ALU,
  around,
  BRANCHES,
  bitsAt,
  interestingSets,
  knownBitsAt,
  rangesAt,
  type Sample,
  type SampleSet,
  tabulate,
  tabulateBranch,
  WIDTHS,
} from './domain-samples.ts';

const BITS = Number(process.env.DOMAIN_BITS ?? 4);
const PAIRS = Number(process.env.DOMAIN_PAIRS ?? 150);

interface Trial {
  readonly left: SampleSet;
  readonly right: SampleSet;
  /** Each how many pairs one is tried. */
  readonly stride: number;
}

function trial(left: SampleSet, right: SampleSet): Trial {
  const all = left.samples.length * right.samples.length;
  // Odd, and so often without a common divisor with the counts: the selection wanders over both sets.
  const stride = PAIRS === 0 ? 1 : Math.max(1, Math.floor(all / PAIRS) | 1);
  return { left, right, stride };
}

const trials: readonly Trial[] = [
  ...[knownBitsAt(BITS, 0, 0n), rangesAt(BITS, 0, 0n)].map((set) => ({
    left: set,
    right: set,
    stride: 1,
  })),
  ...interestingSets(BITS - 2).flatMap((left) =>
    interestingSets(BITS - 2).map((right) => trial(left, right)),
  ),
  ...interestingSets(BITS).flatMap((set) => [
    trial(set, set),
    trial(set, bitsAt(3, 0, 0n)),
    trial(set, around(3, 32n)),
  ]),
];

/** The pairs of samples of a trial; stops at the first of which `check` tells what is wrong. */
function everySample({ left, right, stride }: Trial, check: (l: Sample, r: Sample) => void): void {
  const columns = right.samples.length;
  for (let at = 0; at < left.samples.length * columns; at += stride) {
    check(left.samples[Math.floor(at / columns)]!, right.samples[at % columns]!);
  }
}

function show(...scalars: readonly Scalar[]): string {
  return scalars.map(formatScalar).join(' and ');
}

/** Messages are made only when needed: formatting costs more than the checks. */
function ensure(condition: boolean | undefined, message: () => string): void {
  if (!condition) assert.unreachable(message());
}

/** Stops at the first pair of members of which `check` says that it is wrong. */
function everyPair(
  left: Sample,
  right: Sample,
  wrong: (l: number, r: number) => boolean,
): readonly [number, number] | undefined {
  for (const l of left.members) {
    for (const r of right.members) {
      if (wrong(l, r)) return [l, r];
    }
  }
  return undefined;
}

test('arithmetic contains every concrete result', () => {
  for (const one of trials) {
    const { left, right } = one;
    for (const operator of ALU) {
      for (const width of WIDTHS) {
        const table = tabulate(left.words, right.words, (l, r) => concrete(operator, width, l, r));
        everySample(one, (l, r) => {
          const result = arithmetic(operator, width, l.scalar, r.scalar);
          const bad = everyPair(l, r, (i, j) => !contains(result, table[i]![j]!));
          if (bad) {
            const [i, j] = bad;
            assert.unreachable(
              `${operator}${width} of ${show(l.scalar, r.scalar)} is ${show(result)}, which lacks ` +
                `${left.words[i]} ${operator} ${right.words[j]} = ${show(table[i]![j]!)}`,
            );
          }
        });
      }
    }
  }
});

test('branches are decided and refined for every pair of values', () => {
  for (const one of trials) {
    const { left, right } = one;
    const leftWords = left.words.map(constantScalar);
    const rightWords = right.words.map(constantScalar);
    for (const operator of BRANCHES) {
      for (const width of WIDTHS) {
        const table = tabulateBranch(operator, width, left.words, right.words);
        everySample(one, (l, r) => {
          const decided = decide(operator, width, l.scalar, r.scalar);
          const taken = refine(operator, width, true, l.scalar, r.scalar);
          const passed = refine(operator, width, false, l.scalar, r.scalar);
          const bad = everyPair(l, r, (i, j) => {
            const holds = table[i]![j]!;
            if (decided !== undefined && decided !== holds) return true;
            const edge = holds ? taken : passed;
            return !edge || !contains(edge[0], leftWords[i]!) || !contains(edge[1], rightWords[j]!);
          });
          if (bad) {
            assert.unreachable(
              `${operator}${width} of ${show(l.scalar, r.scalar)} loses ` +
                `${left.words[bad[0]]} and ${right.words[bad[1]]}: decided ${decided}, ` +
                `taken ${taken && show(...taken)}, passed ${passed && show(...passed)}`,
            );
          }
          // What is decided leaves no other way, and refinement only narrows.
          if (decided === true) assert.is(passed, undefined);
          if (decided === false) assert.is(taken, undefined);
          for (const edge of [taken, passed]) {
            if (!edge) continue;
            ensure(contains(l.scalar, edge[0]), () => show(l.scalar, edge[0]));
            ensure(contains(r.scalar, edge[1]), () => show(r.scalar, edge[1]));
          }
        });
      }
    }
  }
});

const signed = (bits: number, word: bigint) => BigInt.asUintN(64, BigInt.asIntN(bits, word));

const UNARY: readonly {
  readonly name: string;
  readonly abstract: (s: Scalar) => Scalar;
  readonly exact: (word: bigint) => bigint;
}[] = [
  ...([1, 2, 4, 8] as const).map((bytes) => ({
    name: `truncate to ${bytes}`,
    abstract: (s: Scalar) => truncate(s, bytes),
    exact: (word: bigint) => BigInt.asUintN(bytes * 8, word),
  })),
  ...([8, 16, 32] as const).flatMap((bits) =>
    WIDTHS.map((width) => ({
      name: `sign-extend ${bits} to ${width}`,
      abstract: (s: Scalar) => signExtend(width, bits, s),
      exact: (word: bigint) => BigInt.asUintN(width, signed(bits, word)),
    })),
  ),
  ...([16, 32, 64] as const).flatMap((bits) => [
    {
      name: `le${bits}`,
      abstract: (s: Scalar) => swap('le', bits, s),
      exact: (word: bigint) => BigInt.asUintN(bits, word),
    },
    ...(['be', 'swap'] as const).map((to) => ({
      name: `${to}${bits}`,
      abstract: (s: Scalar) => swap(to, bits, s),
      exact: (word: bigint) => swapBytes(word, bits),
    })),
  ]),
  ...WIDTHS.map((width) => ({
    name: `negate ${width}`,
    abstract: (s: Scalar) => negate(width, s),
    exact: (word: bigint) => BigInt.asUintN(width, -word),
  })),
];

test('operations on one scalar contain every concrete result', () => {
  const places = [7, 15, 31].flatMap((bit) => [
    around(5, 2n ** BigInt(bit)),
    bitsAt(4, bit - 2, 0n),
  ]);
  for (const set of [...interestingSets(4), ...places]) {
    for (const { name, abstract, exact } of UNARY) {
      const results = set.words.map((word) => constantScalar(exact(word)));
      for (const { scalar, members } of set.samples) {
        const result = abstract(scalar);
        for (const member of members) {
          ensure(
            contains(result, results[member]!),
            () =>
              `${name} of ${show(scalar)} is ${show(result)}, which lacks ${show(results[member]!)}`,
          );
        }
      }
    }
  }
});

test('union and intersection keep what they must; alignment holds for every value', () => {
  for (const set of interestingSets(BITS - 2)) {
    const words = set.words.map(constantScalar);
    for (const a of set.samples) {
      for (const member of a.members) {
        const word = set.words[member]!;
        ensure(contains(a.scalar, words[member]!), () => `${show(a.scalar)} lacks ${word}`);
        for (const bytes of [1, 2, 4, 8]) {
          if (isAligned(a.scalar, bytes)) assert.is(word % BigInt(bytes), 0n);
        }
        assert.is(word % 2n ** BigInt(trailingZeroes(a.scalar)), 0n);
      }
      for (const b of set.samples) {
        const union = join(a.scalar, b.scalar);
        ensure(contains(union, a.scalar), () => show(a.scalar, b.scalar, union));
        ensure(contains(union, b.scalar), () => show(a.scalar, b.scalar, union));
        const common = intersect(a.scalar, b.scalar);
        for (const member of a.members) {
          if (!b.members.includes(member)) continue;
          ensure(common && contains(common, words[member]!), () => show(a.scalar, b.scalar));
        }
        if (common) {
          ensure(contains(a.scalar, common), () => show(a.scalar, common));
          ensure(contains(b.scalar, common), () => show(b.scalar, common));
        }
      }
    }
  }
});

test.run();
