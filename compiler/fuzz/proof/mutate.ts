/** Changes to objects that were read: such as no compiler makes, and some that no file can say. */
import {
  type BpfFunction,
  type BpfInstruction,
  type BpfMap,
  type BpfObject,
  type BpfProgram,
  type DataSection,
  parseProgramSection,
} from '../../src/object/index.ts';
import type { Random } from '../mutate.ts';

/** Numbers at which bounds, sizes and shifts tend to go wrong. */
const NUMBERS = [
  0, 1, -1, 2, 3, 4, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 504, 511, 512,
  513, 4095, 4096, 8191, 0x7fff, -0x8000, 0xffff, 0x10000, 0x1fffffff, 0x20000000, 0x7ffffff8,
  0x7fffffff, -0x80000000, -0x7fffffff, -8, -16, -512, -520,
];
const SIZES = [1, 2, 4, 8] as const;
const LARGEST_HELPER = 220;
const LARGEST_MAP_TYPE = 34;

const SECTIONS = [
  ...['xdp', 'tc', 'socket', 'raw', 'perf_event', 'raw_tp/x', 'raw_tracepoint.w/sys_enter'],
  ...['uprobe', 'uprobe.s//bin/x:y', 'uprobe.session/a:b', 'kprobe/do_x', 'kretprobe.multi/a*'],
  ...['tracepoint/syscalls/sys_enter_mmap', 'tp/sched/sched_switch', 'usdt/a:b:c', 'ksyscall/x'],
  ...['fentry/x', 'lsm/file_open', 'struct_ops/x', 'iter/task', 'xdp.frags/devmap', 'tcx/egress'],
];

/** A map type's name as BTF or libbpf has it. */
const TYPE_NAMES = [
  ...['unspec', 'hash', 'array', 'prog_array', 'perf_event_array', 'percpu_hash', 'percpu_array'],
  ...['stack_trace', 'cgroup_array', 'lru_hash', 'lru_percpu_hash', 'lpm_trie', 'array_of_maps'],
  ...['hash_of_maps', 'devmap', 'sockmap', 'cpumap', 'xskmap', 'sockhash', 'cgroup_storage'],
  ...['reuseport_sockarray', 'percpu_cgroup_storage', 'queue', 'stack', 'sk_storage'],
  ...['devmap_hash', 'struct_ops', 'ringbuf', 'inode_storage', 'task_storage', 'bloom_filter'],
  ...['user_ringbuf', 'cgrp_storage', 'arena', 'insn_array'],
];

function number(random: Random): number {
  return random.below(4) === 0 ? random.next() | 0 : random.pick(NUMBERS);
}

function near(random: Random, value: number): number {
  return random.below(3) === 0 ? number(random) : (value + random.below(17) - 8) | 0;
}

function inHalfWord(value: number): number {
  return (value << 16) >> 16;
}

type Fields = Record<string, unknown>;

/** Names of fields that hold a register, and whether r10 may be there. */
const REGISTERS: Readonly<Record<string, number>> = {
  destination: 10,
  register: 11,
  base: 11,
  left: 11,
  index: 11,
};

/** One field of one instruction, to something else that can be encoded. */
function changedField(
  instruction: BpfInstruction,
  count: number,
  object: BpfObject,
  random: Random,
): BpfInstruction {
  const fields: Fields = { ...instruction };
  const name = random.pick(Object.keys(fields).filter((key) => key !== 'slot' && key !== 'kind'));
  const limit = name === undefined ? undefined : REGISTERS[name];
  if (name === undefined) return instruction;
  const old = fields[name];
  if (limit !== undefined) fields[name] = random.below(limit);
  else if (name === 'target') fields[name] = random.below(count);
  else if (name === 'offset') fields[name] = inHalfWord(near(random, old as number));
  else if (name === 'helper') fields[name] = random.below(LARGEST_HELPER);
  else if (name === 'function') fields[name] = random.below(object.functions.length);
  else if (name === 'immediate') fields[name] = near(random, old as number);
  else if (name === 'width') fields[name] = random.pick([32, 64]);
  else if (name === 'size' && instruction.kind !== 'atomic') fields[name] = random.pick(SIZES);
  else if (name === 'source' || name === 'right') fields[name] = operand(old, random);
  else if (name === 'reference') fields[name] = reference(object, random);
  else if (typeof old === 'boolean') fields[name] = !old;
  // What has no form of its own is refused when the file is read.
  if (fields.kind === 'load' && fields.size === 8) fields.signed = false;
  if (fields.kind === 'legacy_load' && fields.size === 8) fields.size = 4;
  return fields as unknown as BpfInstruction;
}

function operand(old: unknown, random: Random): unknown {
  if (typeof old === 'number') return random.below(10);
  return random.below(2) === 0
    ? { kind: 'register', register: random.below(11) }
    : { kind: 'immediate', value: number(random) };
}

function reference(object: BpfObject, random: Random): unknown {
  const { maps, data, functions } = object;
  const offset = Math.abs(number(random));
  const kinds: unknown[] = [
    {
      kind: 'value',
      value: BigInt.asUintN(64, BigInt(number(random)) << BigInt(random.below(33))),
    },
    { kind: 'function', function: random.below(functions.length) },
  ];
  if (maps.length > 0) {
    kinds.push({ kind: 'map', map: random.below(maps.length) });
    kinds.push({ kind: 'map_value', map: random.below(maps.length), offset });
  }
  if (data.length > 0) kinds.push({ kind: 'data', section: random.below(data.length), offset });
  return random.pick(kinds);
}

/** The instructions with new slots, and their targets inside. */
function laidOut(instructions: readonly BpfInstruction[]): BpfInstruction[] {
  let slot = 0;
  return instructions.map((instruction) => {
    const placed = { ...instruction, slot };
    slot += instruction.kind === 'reference' ? 2 : 1;
    if (!('target' in placed)) return placed;
    return { ...placed, target: Math.min(placed.target, instructions.length - 1) };
  });
}

type Rewrite = (
  code: readonly BpfInstruction[],
  object: BpfObject,
  random: Random,
) => readonly BpfInstruction[];

const CODE: readonly Rewrite[] = [
  (code, object, random) => {
    const at = random.below(code.length);
    return code.with(at, changedField(code[at]!, code.length, object, random));
  },
  (code, _object, random) => code.toSpliced(random.below(code.length), 1 + random.below(3)),
  (code, _object, random) =>
    code.toSpliced(random.below(code.length), 0, code[random.below(code.length)]!),
  (code, _object, random) => {
    const helper = random.below(LARGEST_HELPER);
    return code.toSpliced(random.below(code.length), 0, { kind: 'call_helper', slot: 0, helper });
  },
  (code, object, random) => {
    const fn = random.below(object.functions.length);
    const call = { kind: 'call_function', slot: 0, function: fn } as const;
    return code.toSpliced(random.below(code.length), 0, call);
  },
  (code, _object, random) => {
    const target = random.below(code.length);
    return code.toSpliced(random.below(code.length), 0, { kind: 'may_goto', slot: 0, target });
  },
  (code, _object, random) => {
    const register = random.below(10);
    const call = { kind: 'call_register', slot: 0, register } as const;
    return code.toSpliced(random.below(code.length), 0, call);
  },
];

function withCode(object: BpfObject, random: Random): BpfObject {
  const fn = random.pick(object.functions);
  if (fn === undefined || fn.instructions.length === 0) return object;
  const instructions = laidOut(random.pick(CODE)(fn.instructions, object, random));
  return withFunction(object, { ...fn, instructions });
}

function withFunction(object: BpfObject, fn: BpfFunction): BpfObject {
  return { ...object, functions: object.functions.with(fn.index, fn) };
}

/** Empty functions, other linkage, types of others, programs that are functions and the reverse. */
function withLayout(object: BpfObject, random: Random): BpfObject {
  const { functions, programs } = object;
  const fn = random.pick(functions);
  const program = random.pick(programs);
  if (fn === undefined || program === undefined) return object;
  switch (random.below(6)) {
    case 0:
      return withFunction(object, { ...fn, instructions: [] });
    case 1:
      return withFunction(object, {
        ...fn,
        linkage: fn.linkage === 'static' ? 'global' : 'static',
      });
    case 2: {
      const btfFunction = 1 + random.below(object.btf?.typeCount ?? 1);
      if (object.btf === undefined || btfFunction >= object.btf.typeCount) return object;
      return withFunction(object, { ...fn, linkage: 'global', btfFunction });
    }
    case 3: {
      const entry = random.below(functions.length);
      return { ...object, programs: programs.with(program.index, { ...program, entry }) };
    }
    case 4: {
      const shared = { ...program, index: programs.length, name: `${program.name}_again` };
      return { ...object, programs: [...programs, shared] };
    }
    default: {
      const { btf: _, ...rest } = object;
      return rest;
    }
  }
}

function changedMap(map: BpfMap, object: BpfObject, random: Random): BpfMap {
  const { keyType: _key, valueType: _value, inner: _inner, ...plain } = map;
  switch (random.below(9)) {
    case 0:
      return { ...map, valueSize: number(random) >>> 0 };
    case 1:
      return { ...map, keySize: number(random) >>> 0 };
    case 2:
      return { ...map, maxEntries: number(random) >>> 0 };
    case 3:
    case 4: {
      const type = random.below(LARGEST_MAP_TYPE + 2);
      return { ...map, type, typeName: TYPE_NAMES[type] ?? `type ${type}` };
    }
    case 5:
      return { ...map, flags: random.below(2) === 0 ? 1 << random.below(20) : random.next() };
    case 6: {
      const valueType = random.below(object.btf?.typeCount ?? 0);
      return object.btf === undefined ? plain : { ...map, valueType };
    }
    case 7:
      return { ...map, inner: { ...random.pick(object.maps), index: -1 } };
    default:
      return plain;
  }
}

function withMap(object: BpfObject, random: Random): BpfObject {
  const map = random.pick(object.maps);
  if (map === undefined) return withProgram(object, random);
  return { ...object, maps: object.maps.with(map.index, changedMap(map, object, random)) };
}

function withProgram(object: BpfObject, random: Random): BpfObject {
  const program = random.pick(object.programs);
  if (program === undefined) return object;
  const changed: BpfProgram = { ...program, ...parseProgramSection(random.pick(SECTIONS))! };
  const ptRegs = random.pick(['x86-64', 'arm64', 'riscv64', undefined] as const);
  const { ptRegs: _, ...rest } = object;
  return {
    ...rest,
    ...(ptRegs !== undefined && { ptRegs }),
    programs: object.programs.with(program.index, changed),
  };
}

function withData(object: BpfObject, random: Random): BpfObject {
  const section = random.pick(object.data);
  if (section === undefined) return withLayout(object, random);
  const size = random.below(2) === 0 ? 0 : random.below(section.size + 16);
  const changed: DataSection =
    random.below(2) === 0
      ? { ...section, kind: random.pick(['rodata', 'data', 'bss', 'kconfig'] as const) }
      : { ...section, size, bytes: new Uint8Array(size), variables: [] };
  return { ...object, data: object.data.with(section.index, changed) };
}

const CHANGES = [
  ...[withCode, withCode, withCode, withCode, withCode],
  ...[withLayout, withMap, withMap, withProgram, withData],
];

/** A copy of the object with one to six changes. */
export function mutateObject(original: BpfObject, random: Random): BpfObject {
  let object = original;
  const count = random.below(3) === 0 ? 1 + random.below(6) : 1;
  for (let index = 0; index < count; index++) object = random.pick(CHANGES)(object, random);
  return object;
}
