/**
 * The way to a rejection: branches with what they say of the source's variables. Which of the two ways of
 * a C condition was gone cannot be told from machine code, since compilers turn conditions round; what
 * was compared can.
 */
import type { Note } from '../../../diag/index.ts';
import type { BranchOperator } from '../../../isa/index.ts';
import type { BpfObject } from '../../../object/index.ts';
import type { Code } from '../path.ts';
import type { History, Origin, PassedBranch } from './explain-history.ts';
import { numberWords } from './explain-words.ts';
import type { VariableNames } from './variables.ts';

/** Branches shown: those that say something of the values that matter, and the last ones before the end. */
const MOST_RELEVANT = 8;
const LEAST_SHOWN = 4;
/** Values that a value is looked for in: enough for any expression that people write. */
const MOST_ANCESTORS = 200;

/** Signs of a branch that is taken and of one that is not. */
const SIGNS: Readonly<Record<Exclude<BranchOperator, 'set'>, readonly [string, string]>> = {
  eq: ['==', '!='],
  ne: ['!=', '=='],
  gt: ['>', '<='],
  ge: ['>=', '<'],
  lt: ['<', '>='],
  le: ['<=', '>'],
  sgt: ['>', '<='],
  sge: ['>=', '<'],
  slt: ['<', '>='],
  sle: ['<=', '>'],
};

const UNSIGNED: ReadonlySet<BranchOperator> = new Set(['gt', 'ge', 'lt', 'le']);

/** Everything that a value was made of. */
function ancestors(origins: readonly (Origin | undefined)[]): Set<Origin> {
  const found = new Set<Origin>();
  const waiting = [...origins];
  while (waiting.length > 0 && found.size < MOST_ANCESTORS) {
    const origin = waiting.pop();
    if (origin === undefined || found.has(origin)) continue;
    found.add(origin);
    waiting.push(origin.from, origin.other);
  }
  return found;
}

/** Notes on the branches that lead to the end of the path; `matter` are the origins of what is refused there. */
export function pathNotes(
  object: BpfObject,
  code: Code,
  names: VariableNames,
  history: History,
  matter: readonly (Origin | undefined)[],
): Note[] {
  const shown = choose(history.branches, ancestors(matter));
  const notes: Note[] = [];
  let last: { readonly key: string; words: string[] } | undefined;
  const flush = (branch: PassedBranch | undefined) => {
    if (last === undefined || branch === undefined) return;
    const place = object.place(code.functionOf(branch.pc), code.indexOf(branch.pc));
    notes.push({ message: `on this path, ${last.words.join(' and ')}`, place });
  };
  let previous: PassedBranch | undefined;
  for (const branch of shown) {
    const place = object.place(code.functionOf(branch.pc), code.indexOf(branch.pc));
    // Conditions joined by && and || are several branches of one line.
    const key = place.line === undefined ? `${branch.pc}` : `${place.file}:${place.line}`;
    const words = branchWords(object, code, names, branch);
    if (last?.key === key) {
      if (!last.words.includes(words)) last.words.push(words);
    } else {
      flush(previous);
      last = { key, words: [words] };
    }
    previous = branch;
  }
  flush(previous);
  const hidden = history.branches.length - shown.length;
  if (hidden > 0) {
    const branches = hidden === 1 ? '1 more branch' : `${hidden} more branches`;
    notes.push({ message: `the path to here has ${branches} that are not shown` });
  }
  return notes;
}

function choose(branches: readonly PassedBranch[], matter: ReadonlySet<Origin>): PassedBranch[] {
  const isRelevant = ({ left, right }: PassedBranch) =>
    [...ancestors([left, right])].some((origin) => matter.has(origin));
  const relevant = branches.filter(isRelevant).slice(-MOST_RELEVANT);
  const chosen = new Set(relevant);
  for (const branch of branches.toReversed()) {
    if (chosen.size >= LEAST_SHOWN) break;
    chosen.add(branch);
  }
  return branches.filter((branch) => chosen.has(branch));
}

/** "`slot` <= 8", "`stats` is not null", "control goes on at line 12". */
function branchWords(
  object: BpfObject,
  code: Code,
  names: VariableNames,
  branch: PassedBranch,
): string {
  const compared = comparison(code, names, branch);
  if (compared === undefined && branch.next <= branch.pc) {
    const times = branch.count > 1 ? `, after ${branch.count} turns` : '';
    return `the loop goes round again${times}`;
  }
  const times = branch.count > 1 ? ` (the last of ${branch.count} times)` : '';
  return (compared ?? whereTo(object, code, branch)) + times;
}

function comparison(code: Code, names: VariableNames, branch: PassedBranch): string | undefined {
  const instruction = code.at(branch.pc);
  if (instruction.kind !== 'branch' || branch.left === undefined) return undefined;
  const { operator, right, width } = instruction;
  const left = title(names, branch.left);
  if (left === undefined) return undefined;
  if (right.kind === 'immediate') {
    const constant = constantOf(right.value, UNSIGNED.has(operator), width);
    if (operator === 'set') {
      return `${left} & ${numberWords(constant)} is ${branch.taken ? 'not 0' : '0'}`;
    }
    if (constant === 0n && width === 64 && names.mayBeNull(branch.left)) {
      if (operator === 'eq') return `${left} is ${branch.taken ? 'null' : 'not null'}`;
      if (operator === 'ne') return `${left} is ${branch.taken ? 'not null' : 'null'}`;
    }
    return `${left} ${SIGNS[operator][branch.taken ? 0 : 1]} ${numberWords(constant)}`;
  }
  const other = branch.right && title(names, branch.right);
  if (other === undefined || operator === 'set') return undefined;
  return `${left} ${SIGNS[operator][branch.taken ? 0 : 1]} ${other}`;
}

function title(names: VariableNames, origin: Origin): string | undefined {
  const name = names.nameOf(origin) ?? names.callOf(origin);
  return name === undefined ? names.sumOf(origin) : `\`${name}\``;
}

function constantOf(value: number, isUnsigned: boolean, width: 32 | 64): bigint {
  return isUnsigned ? BigInt.asUintN(width, BigInt(value)) : BigInt(value);
}

/** Where control goes when what is compared has no name. */
function whereTo(object: BpfObject, code: Code, branch: PassedBranch): string {
  const line = (pc: number) => object.place(code.functionOf(pc), code.indexOf(pc)).line;
  const next = line(branch.next);
  if (next !== undefined && next !== line(branch.pc)) return `control goes on at line ${next}`;
  const instruction = code.at(branch.pc);
  if (instruction.kind !== 'branch') return 'control goes on';
  const { operator, left, right } = instruction;
  const other = right.kind === 'register' ? `r${right.register}` : `${right.value}`;
  if (operator === 'set') return `r${left} & ${other} is ${branch.taken ? 'not 0' : '0'}`;
  return `r${left} ${SIGNS[operator][branch.taken ? 0 : 1]} ${other}`;
}
