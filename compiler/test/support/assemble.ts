/**
 * An assembler for tests, of the notation that the kernel's log and llvm-objdump use. One statement
 * a line, or several between semicolons; `name:` is a label, `//` starts a comment. Names of helpers,
 * maps, data sections and functions stand for their numbers:
 *
 *     r1 = map m0 ll              the map             call map_lookup_elem     a helper
 *     r1 = map_value m0 + 8 ll    its element 0       call f1                  a function
 *     r1 = data .rodata + 8 ll    global data         r1 = function f1 ll      its address
 *
 * Whatever it does not know is an error, so that a misspelt case cannot mean something else.
 */
import type {
  AccessSize,
  AluOperator,
  AtomicOperator,
  BranchOperator,
  Operand,
} from '../../src/isa/index.ts';
import { helpers } from '../../src/verifier/index.ts';
import type { Draft } from './object.ts';

/** Names that instructions may refer to; their numbers are the positions. */
export interface Names {
  readonly functions?: readonly string[];
  readonly maps?: readonly string[];
  readonly data?: readonly string[];
}

/** Text that is not in the notation; `line` counts from 1. */
export class AssemblyError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

const aluOperators: Readonly<Record<string, AluOperator>> = {
  '=': 'mov',
  '+=': 'add',
  '-=': 'sub',
  '*=': 'mul',
  '/=': 'div',
  's/=': 'sdiv',
  '%=': 'mod',
  's%=': 'smod',
  '|=': 'or',
  '&=': 'and',
  '^=': 'xor',
  '<<=': 'lsh',
  '>>=': 'rsh',
  's>>=': 'arsh',
};

const branchOperators: Readonly<Record<string, BranchOperator>> = {
  '==': 'eq',
  '!=': 'ne',
  '&': 'set',
  '>': 'gt',
  '>=': 'ge',
  '<': 'lt',
  '<=': 'le',
  's>': 'sgt',
  's>=': 'sge',
  's<': 'slt',
  's<=': 'sle',
};

const updateOperators: Readonly<Record<string, AtomicOperator>> = {
  '+=': 'add',
  '|=': 'or',
  '&=': 'and',
  '^=': 'xor',
};

/** What a statement needs to know of the function around it. */
interface Scope {
  readonly names: Names;
  label(name: string): number;
}

type Parts = readonly string[];
/** A form of the notation: what it looks like, and the instruction that its parts make. */
type Form = readonly [pattern: RegExp, make: (parts: Parts, scope: Scope) => Draft];

const NUMBER = '-?(?:0x[0-9a-f]+|\\d+)';
/** `(u32 *)(r1 - 4)`: sign, bits, base, displacement. */
const TYPED = `\\(([us])(8|16|32|64) \\*\\)\\(r(\\d+) ([+-]) (${NUMBER})\\)`;
const PLAIN = `r(\\d+) ([+-]) (${NUMBER})`;
const VALUE = `([rw]\\d+|${NUMBER})`;

const pattern = (source: string): RegExp => new RegExp(`^${source}$`);

class Mistake extends Error {}

function fail(message: string): never {
  throw new Mistake(message);
}

function register(text: string | undefined): number {
  const value = Number(text);
  return value <= 10 ? value : fail(`there is no register ${text}`);
}

function number(text: string): number {
  const value = text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
  if (value < -0x8000_0000 || value > 0xffff_ffff) {
    fail(`${text} does not fit 32 bits: write 'r1 = ${text} ll'`);
  }
  return value | 0;
}

function displacement(sign: string, text: string): number {
  const value = sign === '-' ? -number(text) : number(text);
  if (value < -0x8000 || value > 0x7fff) fail(`offset ${value} does not fit 16 bits`);
  return value;
}

function operand(text: string, width: 'r' | 'w'): Operand {
  if (!/^[rw]/.test(text)) return { kind: 'immediate', value: number(text) };
  if (text[0] !== width) fail(`${text} has another width than the other operand`);
  return { kind: 'register', register: register(text.slice(1)) };
}

function position(list: readonly string[] | undefined, name: string, what: string): number {
  const index = list?.indexOf(name) ?? -1;
  return index >= 0 ? index : fail(`there is no ${what} '${name}'`);
}

const bytes = (bits: string | undefined): AccessSize => (Number(bits) / 8) as AccessSize;
const bitsOf = (name: 'r' | 'w'): 32 | 64 => (name === 'r' ? 64 : 32);
const widthOf = (text: string): 'r' | 'w' => (text.startsWith('w') ? 'w' : 'r');

function callTarget(name: string, names: Names): Draft {
  const target = names.functions?.indexOf(name) ?? -1;
  if (target >= 0) return { kind: 'call_function', function: target };
  if (/^\d+$/.test(name)) return { kind: 'call_helper', helper: Number(name) };
  for (const helper of helpers().values()) {
    if (helper.name === name) return { kind: 'call_helper', helper: helper.number };
  }
  return fail(`there is no function or helper '${name}'`);
}

function atomic(
  operator: AtomicOperator,
  fetch: boolean,
  bits: string | undefined,
  place: Parts,
  source: string,
): Draft {
  const [base, sign, offset] = place;
  return {
    kind: 'atomic',
    operator,
    size: bytes(bits),
    fetch,
    base: register(base),
    offset: displacement(sign!, offset!),
    source: register(source.slice(1)),
  };
}

const forms: readonly Form[] = [
  [pattern('exit'), () => ({ kind: 'exit' })],
  [pattern('goto (\\S+)'), ([to], scope) => ({ kind: 'jump', target: scope.label(to!) })],
  [
    pattern('gotol (\\S+)'),
    ([to], scope) => ({ kind: 'jump', target: scope.label(to!), long: true }),
  ],
  [pattern('may_goto (\\S+)'), ([to], scope) => ({ kind: 'may_goto', target: scope.label(to!) })],
  [pattern('call (\\w+)'), ([name], scope) => callTarget(name!, scope.names)],
  [pattern('callx r(\\d+)'), ([name]) => ({ kind: 'call_register', register: register(name) })],
  [
    pattern(`if ([rw])(\\d+) (${branchPattern()}) ${VALUE} goto (\\S+)`),
    ([width, left, operator, right, to], scope) => ({
      kind: 'branch',
      operator: branchOperators[operator!]!,
      width: bitsOf(width as 'r' | 'w'),
      left: register(left),
      right: operand(right!, width as 'r' | 'w'),
      target: scope.label(to!),
    }),
  ],
  [
    pattern('([rw])(\\d+) = -([rw]\\d+)'),
    ([width, name, same]) => {
      if (same !== `${width}${name}`) fail('a register can only be replaced by its own negative');
      return { kind: 'negate', width: bitsOf(width as 'r' | 'w'), destination: register(name) };
    },
  ],
  [
    pattern('([rw])(\\d+) = \\(s(8|16|32)\\)([rw])(\\d+)'),
    ([width, to, bits, sourceWidth, from]) => {
      if (sourceWidth !== width) fail('both registers must have the same width');
      if (width === 'w' && bits === '32') fail('there is no 32-bit move that extends from 32 bits');
      return {
        kind: 'move_sign_extend',
        width: bitsOf(width as 'r' | 'w'),
        bits: Number(bits) as 8 | 16 | 32,
        destination: register(to),
        source: register(from),
      };
    },
  ],
  [
    pattern('r(\\d+) = (be|le|bswap)(16|32|64) r(\\d+)'),
    ([to, operation, bits, from]) => {
      if (to !== from) fail('a register can only be swapped in place');
      return {
        kind: 'swap',
        to: operation === 'bswap' ? 'swap' : (operation as 'be' | 'le'),
        bits: Number(bits) as 16 | 32 | 64,
        destination: register(to),
      };
    },
  ],
  [
    pattern(`r(\\d+) = (${NUMBER}) ll`),
    ([to, text]) => {
      const negative = text!.startsWith('-');
      const value = BigInt(negative ? text!.slice(1) : text!) * (negative ? -1n : 1n);
      if (value < -(1n << 63n) || value >= 1n << 64n) fail(`${text} does not fit 64 bits`);
      return reference(to, { kind: 'value', value: BigInt.asUintN(64, value) });
    },
  ],
  [
    pattern('r(\\d+) = map (\\S+) ll'),
    ([to, name], { names }) =>
      reference(to, { kind: 'map', map: position(names.maps, name!, 'map') }),
  ],
  [
    pattern(`r(\\d+) = map_value (\\S+) \\+ (${NUMBER}) ll`),
    ([to, name, offset], { names }) =>
      reference(to, {
        kind: 'map_value',
        map: position(names.maps, name!, 'map'),
        offset: number(offset!),
      }),
  ],
  [
    pattern(`r(\\d+) = data (\\S+) \\+ (${NUMBER}) ll`),
    ([to, name, offset], { names }) =>
      reference(to, {
        kind: 'data',
        section: position(names.data, name!, 'data section'),
        offset: number(offset!),
      }),
  ],
  [
    pattern('r(\\d+) = function (\\S+) ll'),
    ([to, name], { names }) =>
      reference(to, { kind: 'function', function: position(names.functions, name!, 'function') }),
  ],
  [
    pattern(`r(\\d+) = \\*${TYPED}`),
    ([to, sign, bits, base, plus, offset]) => {
      if (sign === 's' && bits === '64') fail('there is no signed load of 64 bits');
      return {
        kind: 'load',
        size: bytes(bits),
        signed: sign === 's',
        destination: register(to),
        base: register(base),
        offset: displacement(plus!, offset!),
      };
    },
  ],
  [
    pattern('r0 = \\*\\(u(8|16|32) \\*\\)skb\\[(?:r(\\d+) \\+ )?(\\w+)\\]'),
    ([bits, index, immediate]) => ({
      kind: 'legacy_load',
      size: bytes(bits) as 1 | 2 | 4,
      ...(index !== undefined && { index: register(index) }),
      immediate: number(immediate!),
    }),
  ],
  [
    pattern(`\\*${TYPED} = ${VALUE}`),
    ([sign, bits, base, plus, offset, value]) => {
      if (sign === 's') fail('stores have no sign: write u');
      return {
        kind: 'store',
        size: bytes(bits),
        base: register(base),
        offset: displacement(plus!, offset!),
        source: operand(value!, widthOf(value!)),
      };
    },
  ],
  [
    pattern(`lock \\*${TYPED} (\\+=|\\|=|&=|\\^=) ([rw]\\d+)`),
    ([, bits, base, plus, offset, operator, value]) =>
      atomic(updateOperators[operator!]!, false, bits, [base!, plus!, offset!], value!),
  ],
  [
    pattern(`([rw]\\d+) = atomic_fetch_(add|or|and|xor)\\(${TYPED}, ([rw]\\d+)\\)`),
    ([result, operator, , bits, base, plus, offset, value]) => {
      if (result !== value) fail('the old value goes to the register of the operand');
      const place = [base!, plus!, offset!];
      return atomic(operator as AtomicOperator, true, bits, place, value!);
    },
  ],
  [
    pattern(`([rw]\\d+) = xchg(_64|32_32)\\(${PLAIN}, ([rw]\\d+)\\)`),
    ([result, width, base, plus, offset, value]) => {
      if (result !== value) fail('the old value goes to the register of the operand');
      return atomic('xchg', true, width === '_64' ? '64' : '32', [base!, plus!, offset!], value!);
    },
  ],
  [
    pattern(`([rw])0 = cmpxchg(_64|32_32)\\(${PLAIN}, [rw]0, ([rw]\\d+)\\)`),
    ([, width, base, plus, offset, value]) => {
      const place = [base!, plus!, offset!];
      return atomic('cmpxchg', true, width === '_64' ? '64' : '32', place, value!);
    },
  ],
  [
    pattern(`([rw]\\d+) = load_acquire\\(${TYPED}\\)`),
    ([result, , bits, base, plus, offset]) =>
      atomic('load_acquire', false, bits, [base!, plus!, offset!], result!),
  ],
  [
    pattern(`store_release\\(${TYPED}, ([rw]\\d+)\\)`),
    ([, bits, base, plus, offset, value]) =>
      atomic('store_release', false, bits, [base!, plus!, offset!], value!),
  ],
  // Last, because `=` with a register or a number is the most general form.
  [
    pattern(`([rw])(\\d+) (${aluPattern()}) ${VALUE}`),
    ([width, to, operator, from]) => ({
      kind: 'alu',
      operator: aluOperators[operator!]!,
      width: bitsOf(width as 'r' | 'w'),
      destination: register(to),
      source: operand(from!, width as 'r' | 'w'),
    }),
  ],
];

function reference(
  to: string | undefined,
  target: Extract<Draft, { kind: 'reference' }>['reference'],
): Draft {
  return { kind: 'reference', destination: register(to), reference: target };
}

function escaped(operators: Readonly<Record<string, string>>): string {
  return Object.keys(operators)
    .map((text) => text.replace(/[+*|^]/g, '\\$&'))
    .join('|');
}

function aluPattern(): string {
  return escaped(aluOperators);
}

function branchPattern(): string {
  return escaped(branchOperators);
}

/** The instructions of one function. `firstLine` is the number of the text's first line, for errors. */
export function assemble(text: string, names: Names = {}, firstLine = 1): readonly Draft[] {
  const statements: { readonly text: string; readonly line: number }[] = [];
  const labels = new Map<string, number>();
  text.split('\n').forEach((raw, index) => {
    const line = firstLine + index;
    for (const part of raw.replace(/\/\/.*/, '').split(';')) {
      let statement = part.trim().replace(/\s+/g, ' ');
      for (;;) {
        const label = /^([a-z_]\w*): ?/.exec(statement);
        if (label === null) break;
        if (labels.has(label[1]!))
          throw new AssemblyError(line, `label ${label[1]} is there twice`);
        labels.set(label[1]!, statements.length);
        statement = statement.slice(label[0].length);
      }
      if (statement !== '') statements.push({ text: statement, line });
    }
  });
  const used = new Set<string>();
  const scope: Scope = {
    names,
    label: (name) => {
      used.add(name);
      const target = labels.get(name) ?? fail(`there is no label '${name}'`);
      return target < statements.length ? target : fail(`nothing follows label '${name}'`);
    },
  };
  const drafts = statements.map(({ text: statement, line }) => {
    for (const [form, make] of forms) {
      const match = form.exec(statement);
      if (match === null) continue;
      try {
        return make(match.slice(1), scope);
      } catch (error) {
        if (error instanceof Mistake)
          throw new AssemblyError(line, `${error.message}: ${statement}`);
        throw error;
      }
    }
    throw new AssemblyError(line, `not an instruction: ${statement}`);
  });
  for (const label of labels.keys()) {
    if (!used.has(label)) throw new AssemblyError(firstLine, `nothing jumps to label '${label}'`);
  }
  return drafts;
}
