import type { Instruction } from '../../src/isa/index.ts';
import type {
  BpfInstruction,
  BpfMap,
  BpfObject,
  DataSection,
  ProgramKind,
  Reference,
} from '../../src/object/index.ts';

type WithoutSlot<Kind> = Kind extends BpfInstruction ? Omit<Kind, 'slot'> : never;

/** An instruction of a function, without its slot; targets are indices into the function. */
export type Draft = WithoutSlot<BpfInstruction>;

export interface ObjectParts {
  /** The first is the entry of program 0, `main`. */
  readonly functions: readonly (readonly Draft[])[];
  readonly kind?: ProgramKind;
  readonly maps?: readonly Partial<BpfMap>[];
  readonly data?: readonly Partial<DataSection>[];
}

/** A `BpfObject` put together by hand. Functions are called f0, f1, ..., maps m0, m1, ... */
export function makeObject(parts: ObjectParts): BpfObject {
  const maps = (parts.maps ?? []).map((map, index) => makeMap(map, index));
  return {
    file: 'made.o',
    hash: '00'.repeat(32),
    name: 'made',
    functions: parts.functions.map((drafts, index) => {
      let slot = 0;
      const instructions = drafts.map((draft) => {
        const instruction = { ...draft, slot } as BpfInstruction;
        slot += draft.kind === 'reference' ? 2 : 1;
        return instruction;
      });
      return {
        index,
        name: `f${index}`,
        section: 'made',
        sectionOffset: 0,
        instructions,
        linkage: 'global',
        ...(index === 0 && { program: 0 }),
      };
    }),
    programs: [
      {
        index: 0,
        name: 'main',
        kind: parts.kind ?? 'raw',
        attach: { section: 'made', type: 'made', target: '', optional: false, sleepable: false },
        entry: 0,
      },
    ],
    maps,
    data: (parts.data ?? []).map((section, index) => ({
      index,
      name: '.data',
      kind: 'data',
      size: section.bytes?.length ?? 0,
      alignment: 8,
      bytes: new Uint8Array(0),
      variables: [],
      ...section,
    })),
    license: 'MIT',
    place: (_function, instruction) => ({ file: 'made.o', offset: instruction * 8 }),
  };
}

function makeMap(map: Partial<BpfMap>, index: number): BpfMap {
  return {
    index,
    name: `m${index}`,
    type: 2,
    typeName: 'array',
    keySize: 4,
    valueSize: 8,
    maxEntries: 4,
    flags: 0,
    extra: 0n,
    pinning: 0,
    numaNode: 0,
    initial: [],
    ...map,
  };
}

type Alu = Extract<Instruction, { kind: 'alu' }>;
type Branch = Extract<Instruction, { kind: 'branch' }>;
type Atomic = Extract<Instruction, { kind: 'atomic' }>;
type Size = 1 | 2 | 4 | 8;

const register = (name: number) => ({ kind: 'register' as const, register: name });
const immediate = (value: number) => ({ kind: 'immediate' as const, value });

/** Short ways to write instructions by hand; `i` takes an immediate, `r` a register. */
export const asm = {
  aluI: (operator: Alu['operator'], destination: number, value: number, width: 32 | 64 = 64) =>
    ({ kind: 'alu', operator, width, destination, source: immediate(value) }) satisfies Draft,
  aluR: (operator: Alu['operator'], destination: number, from: number, width: 32 | 64 = 64) =>
    ({ kind: 'alu', operator, width, destination, source: register(from) }) satisfies Draft,
  movI: (destination: number, value: number) => asm.aluI('mov', destination, value),
  movR: (destination: number, from: number) => asm.aluR('mov', destination, from),
  refer: (destination: number, reference: Reference) =>
    ({ kind: 'reference', destination, reference }) satisfies Draft,
  constant: (destination: number, value: bigint) =>
    asm.refer(destination, { kind: 'value', value: BigInt.asUintN(64, value) }),
  map: (destination: number, map: number) => asm.refer(destination, { kind: 'map', map }),
  load: (destination: number, size: Size, base: number, offset: number, signed = false) =>
    ({ kind: 'load', size, signed, destination, base, offset }) satisfies Draft,
  storeR: (size: Size, base: number, offset: number, from: number) =>
    ({ kind: 'store', size, base, offset, source: register(from) }) satisfies Draft,
  storeI: (size: Size, base: number, offset: number, value: number) =>
    ({ kind: 'store', size, base, offset, source: immediate(value) }) satisfies Draft,
  atomic: (
    operator: Atomic['operator'],
    size: Size,
    fetch: boolean,
    offset: number,
    source: number,
  ) => ({ kind: 'atomic', operator, size, fetch, base: 10, offset, source }) satisfies Draft,
  jump: (target: number) => ({ kind: 'jump', target }) satisfies Draft,
  branchI: (operator: Branch['operator'], left: number, value: number, target: number) =>
    ({
      kind: 'branch',
      operator,
      width: 64,
      left,
      right: immediate(value),
      target,
    }) satisfies Draft,
  helper: (helper: number) => ({ kind: 'call_helper', helper }) satisfies Draft,
  call: (target: number) => ({ kind: 'call_function', function: target }) satisfies Draft,
  exit: { kind: 'exit' } satisfies Draft,
} as const;
