/**
 * Compare trees turned back into switches. BPF has no jump tables, so clang makes a binary search out
 * of every switch; here the search is read back as a table of values, from which LLVM makes a jump table
 * where the CPU has one.
 */
import type { BpfFunction } from '../object/index.ts';
import { bounds, type FunctionFacts, type ValueType } from '../verifier/index.ts';
import type { Branch } from './branches.ts';
import type { BlockEnd } from './edges.ts';

/** An inclusive range of unsigned values. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

/** One way out of a compare tree. */
export interface SwitchLeaf {
  readonly target: number;
  readonly intervals: readonly Interval[];
  /** Constants that the path through the tree puts into registers: register, then value. */
  readonly moves: ReadonlyMap<number, string>;
}

/** A compare tree. */
export interface SwitchPlan {
  readonly register: number;
  readonly width: 32 | 64;
  /** `leaves[0]` is where every other value goes, unless the leaves together hold `all` that there are. */
  readonly leaves: readonly SwitchLeaf[];
  readonly all: boolean;
}

/** What recovery finds in one function. */
export interface Switches {
  /** Plans by the block at the root of the tree. */
  readonly plans: ReadonlyMap<number, SwitchPlan>;
  /** Blocks that were inner nodes of trees and vanish. */
  readonly absorbed: ReadonlySet<number>;
}

/** Fewer comparisons than this are best left to LLVM. */
const LEAST_COMPARES = 4;
/** A larger tree becomes several switches. */
const MOST_COMPARES = 1024;
/** Values that one switch lists for each comparison it replaces. */
const VALUES_PER_COMPARE = 8;

interface Node {
  readonly block: number;
  readonly intervals: readonly Interval[];
  readonly moves: ReadonlyMap<number, string>;
}

/** What an inner block of a tree does. */
type Inner =
  | {
      readonly kind: 'compare';
      readonly branch: Branch;
      readonly moves: readonly [number, string][];
    }
  | { readonly kind: 'pass'; readonly moves: readonly [number, string][] };

/** Finds the compare trees of a function. */
export function recoverSwitches(
  code: BpfFunction,
  facts: FunctionFacts,
  ends: readonly (BlockEnd | undefined)[],
  predecessors: Int32Array,
): Switches {
  const plans = new Map<number, SwitchPlan>();
  const absorbed = new Set<number>();
  // Trees that turn out not to be worth it are looked at again from further down: bounded by this.
  let budget = 8 * code.instructions.length;
  for (const [root, end] of ends.entries()) {
    if (end?.target === undefined || absorbed.has(root) || budget < 0) continue;
    const branch = code.instructions[facts.blocks[root]!.end - 1]!;
    if (branch.kind !== 'branch' || !comparesWithConstant(branch)) continue;
    const type = facts.before(facts.blocks[root]!.end - 1)?.[branch.left];
    if (type?.kind === 'pointer') continue;
    const tree = new Tree(code, facts, ends, predecessors, branch);
    tree.grow(root, possible(type, branch.width));
    budget -= tree.compares;
    const plan = tree.plan();
    if (plan === undefined) continue;
    plans.set(root, plan);
    for (const block of tree.inner) absorbed.add(block);
  }
  return { plans, absorbed };
}

/** The values that the compared register may have. */
function possible(type: ValueType | undefined, width: 32 | 64): Interval {
  if (type?.kind !== 'scalar') return { low: 0n, high: (1n << BigInt(width)) - 1n };
  const { umin, umax, umin32, umax32 } = bounds(type.range);
  return width === 64 ? { low: umin, high: umax } : { low: umin32, high: umax32 };
}

function comparesWithConstant(branch: Branch): boolean {
  return branch.right.kind === 'immediate' && branch.operator !== 'set';
}

class Tree {
  readonly inner: number[] = [];
  compares = 0;
  readonly #code: BpfFunction;
  readonly #facts: FunctionFacts;
  readonly #ends: readonly (BlockEnd | undefined)[];
  readonly #predecessors: Int32Array;
  readonly #register: number;
  readonly #width: 32 | 64;
  readonly #leaves: SwitchLeaf[] = [];

  constructor(
    code: BpfFunction,
    facts: FunctionFacts,
    ends: readonly (BlockEnd | undefined)[],
    predecessors: Int32Array,
    branch: Branch,
  ) {
    this.#code = code;
    this.#facts = facts;
    this.#ends = ends;
    this.#predecessors = predecessors;
    this.#register = branch.left;
    this.#width = branch.width;
  }

  /** Follows the tree for values in an interval. */
  grow(root: number, from: Interval): void {
    const branch = this.#code.instructions[this.#facts.blocks[root]!.end - 1] as Branch;
    const pending: Node[] = [];
    this.#compare(pending, { block: root, intervals: [from], moves: new Map() }, branch);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node.intervals.length === 0) {
        // No value gets here, but the block would lose its only way in: keep it as an empty leaf.
        this.#addLeaf(node);
        continue;
      }
      const inner = this.#innerOf(node.block, root);
      if (inner === undefined) {
        this.#addLeaf(node);
        continue;
      }
      this.inner.push(node.block);
      const moves =
        inner.moves.length === 0 ? node.moves : new Map([...node.moves, ...inner.moves]);
      const moved = { ...node, moves };
      if (inner.kind === 'compare') this.#compare(pending, moved, inner.branch);
      else pending.push({ ...moved, block: this.#ends[node.block]!.next! });
    }
  }

  #compare(pending: Node[], node: Node, branch: Branch): void {
    this.compares++;
    const [taken, other] = split(node.intervals, branch);
    const end = this.#ends[node.block]!;
    pending.push({ block: end.target!, intervals: taken, moves: node.moves });
    pending.push({ block: end.next!, intervals: other, moves: node.moves });
  }

  /** Moves to registers that nobody reads there would only keep equal leaves apart. */
  #addLeaf({ block, intervals, moves }: Node): void {
    const live = this.#facts.liveBefore[this.#facts.blocks[block]!.first]!;
    const read = [...moves].filter(([register]) => ((live >> register) & 1) !== 0);
    this.#leaves.push({ target: block, intervals, moves: new Map(read) });
  }

  /** The block as an inner node: entered from the tree alone, doing nothing but moves and a compare. */
  #innerOf(index: number, root: number): Inner | undefined {
    if (index === root || this.#predecessors[index] !== 1 || this.compares >= MOST_COMPARES) {
      return undefined;
    }
    const block = this.#facts.blocks[index]!;
    const moves: [number, string][] = [];
    for (let position = block.first; position < block.end; position++) {
      const instruction = this.#code.instructions[position]!;
      if (instruction.kind === 'alu' && instruction.operator === 'mov') {
        const { destination, source, width } = instruction;
        if (source.kind !== 'immediate' || destination === this.#register) return undefined;
        const value = width === 64 ? source.value : source.value >>> 0;
        moves.push([destination, value.toString()]);
      } else if (instruction.kind === 'jump') {
        return { kind: 'pass', moves };
      } else if (instruction.kind === 'branch') {
        const end = this.#ends[index];
        // Decided: it goes one way only, whatever it compares.
        if (end?.target === undefined && end?.next !== undefined) return { kind: 'pass', moves };
        const fits =
          comparesWithConstant(instruction) &&
          instruction.left === this.#register &&
          instruction.width === this.#width &&
          end?.target !== undefined;
        return fits ? { kind: 'compare', branch: instruction, moves } : undefined;
      } else {
        return undefined;
      }
    }
    return undefined;
  }

  /** The switch, when the tree is large enough and lists few values. */
  plan(): SwitchPlan | undefined {
    if (this.compares < LEAST_COMPARES) return undefined;
    const merged = mergeLeaves(this.#leaves);
    const sizes = merged.map((leaf) => totalSize(leaf.intervals));
    const largest = sizes.reduce((best, size, index) => (size > sizes[best]! ? index : best), 0);
    const total = sizes.reduce((sum, size) => sum + size, 0n);
    const most = BigInt(this.compares * VALUES_PER_COMPARE);
    if (total - sizes[largest]! > most) return undefined;
    const otherwise = merged[largest]!;
    return {
      register: this.#register,
      width: this.#width,
      leaves: [otherwise, ...merged.filter((leaf) => leaf !== otherwise)],
      all: total <= most,
    };
  }
}

/** Leaves with the same target and the same moves are one. */
function mergeLeaves(leaves: readonly SwitchLeaf[]): SwitchLeaf[] {
  const merged = new Map<string, { leaf: SwitchLeaf; intervals: Interval[] }>();
  for (const leaf of leaves) {
    const moves = [...leaf.moves].map(([register, value]) => `${register}=${value}`).sort();
    const key = `${leaf.target} ${moves.join(' ')}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { leaf, intervals: [...leaf.intervals] });
    else known.intervals.push(...leaf.intervals);
  }
  return [...merged.values()].map(({ leaf, intervals }) => ({ ...leaf, intervals }));
}

function totalSize(intervals: readonly Interval[]): bigint {
  return intervals.reduce((sum, { low, high }) => sum + high - low + 1n, 0n);
}

/** The intervals for which the branch is taken, and the others. */
function split(intervals: readonly Interval[], branch: Branch): [Interval[], Interval[]] {
  const taken: Interval[] = [];
  const other: Interval[] = [];
  const accepted = acceptedBy(branch);
  for (const interval of intervals) {
    let position = interval.low;
    for (const range of accepted) {
      // biome-ignore lint/complexity/useMathMinMax: Math takes no bigint
      const low = range.low > position ? range.low : position;
      // biome-ignore lint/complexity/useMathMinMax: Math takes no bigint
      const high = range.high < interval.high ? range.high : interval.high;
      if (low > high) continue;
      if (low > position) other.push({ low: position, high: low - 1n });
      taken.push({ low, high });
      position = high + 1n;
    }
    if (position <= interval.high) other.push({ low: position, high: interval.high });
  }
  return [taken, other];
}

/** The unsigned values for which a comparison with a constant holds, in ascending order. */
export function acceptedBy({ operator, width, right }: Branch): Interval[] {
  const immediate = right.kind === 'immediate' ? BigInt(right.value) : 0n;
  const maximum = (1n << BigInt(width)) - 1n;
  const half = 1n << BigInt(width - 1);
  const value = BigInt.asUintN(width, immediate);
  const range = (low: bigint, high: bigint): Interval[] => (low <= high ? [{ low, high }] : []);
  // Signed order is unsigned order after adding half; its ranges may wrap around in unsigned terms.
  const signed = (low: bigint, high: bigint): Interval[] => {
    if (low > high) return [];
    const [from, to] = [(low + half) & maximum, (high + half) & maximum];
    return from <= to ? [{ low: from, high: to }] : [...range(0n, to), ...range(from, maximum)];
  };
  const biased = (value + half) & maximum;
  switch (operator) {
    case 'eq':
      return range(value, value);
    case 'ne':
      return [...range(0n, value - 1n), ...range(value + 1n, maximum)];
    case 'gt':
      return range(value + 1n, maximum);
    case 'ge':
      return range(value, maximum);
    case 'lt':
      return range(0n, value - 1n);
    case 'le':
      return range(0n, value);
    case 'sgt':
      return signed(biased + 1n, maximum);
    case 'sge':
      return signed(biased, maximum);
    case 'slt':
      return signed(0n, biased - 1n);
    case 'sle':
      return signed(0n, biased);
    default:
      return [];
  }
}
