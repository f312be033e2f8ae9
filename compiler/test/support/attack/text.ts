/**
 * Programs of the attack as text, for findings and fixtures: a line for the kind and the sizes of the
 * maps' values, then the functions in the notation of assemble.ts. Lines that start with # say why.
 */
import { formatInstruction, type Instruction } from '../../../src/isa/index.ts';
import { assemble } from '../assemble.ts';
import type { Draft } from '../object.ts';
import { type AttackKind, type AttackProgram, toObject } from './program.ts';

const HEAD = /^program (\w+) array (\d+) hash (\d+) perCpu (\d+)$/;

const EMPTY: AttackProgram = {
  kind: 'xdp',
  sizes: { array: 8, hash: 8, perCpu: 8 },
  functions: [[{ kind: 'exit' }]],
};
const MAPS = toObject(EMPTY).maps.map(({ name }) => name);
const DATA = toObject(EMPTY).data.map(({ name }) => name);

function reference(draft: Extract<Draft, { kind: 'reference' }>): string {
  const { destination, reference: to } = draft;
  const register = `r${destination}`;
  switch (to.kind) {
    case 'value':
      return `${register} = 0x${BigInt.asUintN(64, to.value).toString(16)} ll`;
    case 'map':
      return `${register} = map ${MAPS[to.map]} ll`;
    case 'map_value':
      return `${register} = map_value ${MAPS[to.map]} + ${to.offset} ll`;
    case 'data':
      return `${register} = data ${DATA[to.section]} + ${to.offset} ll`;
    case 'function':
      return `${register} = function f${to.function} ll`;
  }
}

function statement(draft: Draft): string {
  switch (draft.kind) {
    case 'reference':
      return reference(draft);
    case 'call_helper':
      return `call ${draft.helper}`;
    case 'call_function':
      return `call f${draft.function}`;
    case 'poison':
      throw new Error('poison has no notation');
    default:
      // The assembler names whole registers in loads and stores.
      return formatInstruction({ ...draft, slot: 0 } as Instruction)
        .replace('@', 'to')
        .replace(/^w(\d+ = \*)/, 'r$1')
        .replace(/^(\*.* = )w(\d+)$/, '$1r$2');
  }
}

function printFunction(code: readonly Draft[], index: number): string {
  const targets = new Set(code.flatMap((draft) => ('target' in draft ? [draft.target] : [])));
  const lines = code.flatMap((draft, at) => [
    ...(targets.has(at) ? [`to${at}:`] : []),
    `  ${statement(draft)}`,
  ]);
  return [`function f${index}`, ...lines].join('\n');
}

/** The program as text; `reason` says why it is kept. */
export function printProgram(program: AttackProgram, reason = ''): string {
  const { array, hash, perCpu } = program.sizes;
  return [
    ...reason.split('\n').flatMap((line) => (line === '' ? [] : [`# ${line}`])),
    `program ${program.kind} array ${array} hash ${hash} perCpu ${perCpu}`,
    ...program.functions.map(printFunction),
    '',
  ].join('\n');
}

/** The program that a text stands for. */
export function readProgram(text: string): AttackProgram {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const head = HEAD.exec(lines[0] ?? '');
  if (head === null) throw new Error(`not a program of the attack: ${lines[0]}`);
  const [, kind, array, hash, perCpu] = head;
  const bodies = lines
    .slice(1)
    .join('\n')
    .split(/^function f\d+\n/m)
    .slice(1);
  const functions = bodies.map((_, index) => `f${index}`);
  return {
    kind: kind as AttackKind,
    sizes: { array: Number(array), hash: Number(hash), perCpu: Number(perCpu) },
    functions: bodies.map((body) => assemble(body, { functions, maps: MAPS, data: DATA })),
  };
}
