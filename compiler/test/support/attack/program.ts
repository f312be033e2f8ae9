/**
 * A program of the attack on the verifier: code, the maps and data beside it, and what it is for.
 * Plain data, so that it can be changed, shrunk, printed and compared.
 */
import type { BpfMap, BpfObject, DataSection, ProgramKind } from '../../../src/object/index.ts';
import { type Draft, makeObject } from '../object.ts';

export type AttackKind = Extract<
  ProgramKind,
  'xdp' | 'tc' | 'kprobe' | 'tracepoint' | 'raw' | 'socket_filter'
>;

export interface AttackProgram {
  readonly kind: AttackKind;
  /** Value sizes of the maps that differ from program to program, by `sized` map. */
  readonly sizes: Sizes;
  /** The first is the program; targets are indices into the function. */
  readonly functions: readonly (readonly Draft[])[];
}

/** Bytes of a value of the array, of the hash and of the per-CPU array. */
export interface Sizes {
  readonly array: number;
  readonly hash: number;
  readonly perCpu: number;
}

/** The maps of every program, by name; the numbers are their indices. */
export const MAP = {
  array: 0,
  hash: 1,
  ring: 2,
  perCpu: 3,
  events: 4,
  programs: 5,
  queue: 6,
  prefixes: 7,
  outer: 8,
  bloom: 9,
  inner: 10,
} as const;

export const RODATA = 0;
export const DATA = 1;
export const BSS = 2;

export const ARRAY_ENTRIES = 4;
export const HASH_KEY = 8;
export const QUEUE_VALUE = 16;
export const PREFIX_VALUE = 16;
export const INNER_VALUE = 16;
const BPF_F_NO_PREALLOC = 1;

/** Bytes of the data sections. */
export const RODATA_SIZE = 32;
export const DATA_SIZE = 64;
export const BSS_SIZE = 24;

/** Bytes of the contexts that are plain memory. */
export const KPROBE_CONTEXT = 168;
export const TRACEPOINT_CONTEXT = 64;

type MapParts = Partial<BpfMap> & { readonly name: string };

function maps(sizes: Sizes): readonly MapParts[] {
  const inner = { keySize: 4, valueSize: INNER_VALUE, maxEntries: 2 };
  return [
    { name: 'array', valueSize: sizes.array, maxEntries: ARRAY_ENTRIES },
    {
      name: 'hash',
      type: 1,
      typeName: 'hash',
      keySize: HASH_KEY,
      valueSize: sizes.hash,
      maxEntries: 8,
    },
    { name: 'ring', type: 27, typeName: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096 },
    {
      name: 'perCpu',
      type: 6,
      typeName: 'percpu_array',
      valueSize: sizes.perCpu,
      maxEntries: 2,
    },
    {
      name: 'events',
      type: 4,
      typeName: 'perf_event_array',
      valueSize: 4,
      maxEntries: 1,
    },
    {
      name: 'programs',
      type: 3,
      typeName: 'prog_array',
      valueSize: 4,
      maxEntries: 4,
      initial: [{ key: 1, function: 0 }],
    },
    {
      name: 'queue',
      type: 22,
      typeName: 'queue',
      keySize: 0,
      valueSize: QUEUE_VALUE,
      maxEntries: 2,
    },
    {
      name: 'prefixes',
      type: 11,
      typeName: 'lpm_trie',
      keySize: 8,
      valueSize: PREFIX_VALUE,
      maxEntries: 4,
      flags: BPF_F_NO_PREALLOC,
    },
    {
      name: 'outer',
      type: 12,
      typeName: 'array_of_maps',
      valueSize: 4,
      maxEntries: 2,
      inner: {
        ...makeObject({ functions: [], maps: [inner] }).maps[0]!,
        index: -1,
        name: 'outer.inner',
      },
      initial: [{ key: 0, map: MAP.inner }],
    },
    {
      name: 'bloom',
      type: 30,
      typeName: 'bloom_filter',
      keySize: 0,
      valueSize: 8,
      maxEntries: 8,
    },
    { name: 'inner', ...inner },
  ];
}

function data(): readonly Partial<DataSection>[] {
  const text = new Uint8Array(RODATA_SIZE);
  text.set(Buffer.from('eth0 %d %x'));
  return [
    { name: '.rodata', kind: 'rodata', bytes: text },
    { name: '.data', kind: 'data', bytes: new Uint8Array(DATA_SIZE).fill(0x81) },
    { name: '.bss', kind: 'bss', bytes: new Uint8Array(BSS_SIZE) },
  ];
}

/** What SEC() would say. */
const SECTIONS: Readonly<Record<AttackKind, readonly [type: string, target: string]>> = {
  xdp: ['xdp', ''],
  tc: ['tc', ''],
  kprobe: ['kprobe', 'do_nanosleep'],
  tracepoint: ['tracepoint', 'syscalls/sys_enter_mmap'],
  raw: ['raw', ''],
  socket_filter: ['socket', ''],
};

/** The object that the program stands for, as a compiled one would be. */
export function toObject(program: AttackProgram, name = 'attack'): BpfObject {
  const object = makeObject({
    functions: program.functions,
    kind: program.kind,
    maps: maps(program.sizes),
    data: data(),
  });
  const [type, target] = SECTIONS[program.kind];
  const section = target === '' ? type : `${type}/${target}`;
  return {
    ...object,
    file: name,
    license: 'GPL',
    ptRegs: 'x86-64',
    functions: object.functions.map((one) => ({
      ...one,
      linkage: one.index === 0 ? 'global' : 'static',
    })),
    programs: object.programs.map((one) => ({
      ...one,
      attach: { section, type, target, optional: false, sleepable: false },
    })),
  };
}

/** Instructions of all functions together. */
export function lengthOf(program: AttackProgram): number {
  return program.functions.reduce((sum, code) => sum + code.length, 0);
}
