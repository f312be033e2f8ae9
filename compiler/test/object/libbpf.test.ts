// libbpf (inside bpftool) loads the same objects into the kernel: what it makes of them is compared
// with what this room says, instruction by instruction and map by map.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encode, type Instruction } from '../../src/isa/index.ts';
import type { BpfFunction, BpfInstruction, BpfMap, BpfObject } from '../../src/object/index.ts';
import { build, compilers, data } from './support.ts';

const pins = join('/sys/fs/bpf', `object-test-${process.pid}`);

function bpftool(...parameters: readonly string[]): string {
  return execFileSync('bpftool', parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}

interface KernelMap {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly flags: number;
  readonly bytes_key: number;
  readonly bytes_value: number;
  readonly max_entries: number;
}

interface KernelInstruction {
  readonly proto?: string;
  readonly disasm: string;
  readonly opcodes: {
    readonly code: string;
    readonly src_reg: string;
    readonly dst_reg: string;
    readonly off: readonly string[];
    readonly imm: readonly string[];
  };
}

/** Why the comparison cannot be made here, or undefined once the object is in the kernel. */
function load(file: string): string | undefined {
  try {
    bpftool('version');
  } catch {
    return 'bpftool is not installed';
  }
  if (process.getuid?.() !== 0) return 'loading programs needs root';
  try {
    // Mounts bpffs and makes the directory where they are missing.
    bpftool('prog', 'loadall', file, pins, 'pinmaps', pins);
    return undefined;
  } catch (error) {
    // Nothing of ours takes part in loading: kernels and containers may refuse what they like.
    const text = error instanceof Error ? error.message : String(error);
    const lines = text
      .split('\n')
      .filter((line) => !/^(Command failed|Warning|If it used)/.test(line));
    return `the object could not be loaded here (${lines.find((line) => line !== '') ?? text})`;
  }
}

/** The instruction as plain code, with what the kernel patches left zero. */
function plain(instruction: BpfInstruction): Instruction {
  const { slot } = instruction;
  switch (instruction.kind) {
    case 'reference': {
      const { destination } = instruction;
      return { kind: 'constant', slot, destination, pseudo: 0, low: 0, high: 0 };
    }
    case 'call_function':
    case 'poison':
      return { kind: 'call_helper', slot, helper: 0 };
    default:
      return instruction;
  }
}

function rowBytes({ opcodes }: KernelInstruction): string {
  const registers = (Number(opcodes.src_reg) << 4) | Number(opcodes.dst_reg);
  const bytes = [opcodes.code, registers, ...opcodes.off, ...opcodes.imm].map(Number);
  return Buffer.from(bytes).toString('hex');
}

function compareFunction(
  object: BpfObject,
  ours: BpfFunction,
  theirs: readonly KernelInstruction[],
  firstSlot: number,
  startOf: ReadonlyMap<string, number>,
  mapNames: ReadonlyMap<number, string>,
): void {
  assert.is(ours.instructions.length, theirs.length, ours.name);
  const code = encode(ours.instructions.map(plain));
  ours.instructions.forEach((instruction, index) => {
    const row = theirs[index]!;
    const where = `${ours.name} ${index}: ${row.disasm}`;
    const here = firstSlot + instruction.slot;
    const number = (pattern: RegExp): number => Number(pattern.exec(row.disasm)?.[1]);
    const mapName = mapNames.get(number(/map\[id:(\d+)\]/));
    if (instruction.kind === 'call_function') {
      const target = here + 1 + number(/call pc([+-]\d+)/);
      assert.is(target, startOf.get(object.functions[instruction.function]!.name), where);
    } else if (instruction.kind === 'call_helper') {
      assert.match(row.disasm, /call/, where);
    } else if (instruction.kind !== 'reference') {
      const at = instruction.slot * 8;
      assert.is(rowBytes(row), Buffer.from(code.subarray(at, at + 8)).toString('hex'), where);
    } else if (instruction.reference.kind === 'map') {
      assert.is(mapName, object.maps[instruction.reference.map]!.name, where);
    } else if (instruction.reference.kind === 'data') {
      assert.is(mapName, `oracle_${object.data[instruction.reference.section]!.name.slice(1)}`);
      assert.is(number(/\[0\]\+(\d+)/), instruction.reference.offset, where);
    } else if (instruction.reference.kind === 'function') {
      const target = here + 1 + number(/subprog\[([+-]\d+)\]/);
      assert.is(target, startOf.get(object.functions[instruction.reference.function]!.name), where);
    }
  });
}

function compareProgram(
  object: BpfObject,
  program: string,
  mapNames: ReadonlyMap<number, string>,
): number {
  const dumped = JSON.parse(
    bpftool('-j', 'prog', 'dump', 'xlated', 'pinned', join(pins, program), 'opcodes'),
  ) as KernelInstruction[];
  const startOf = new Map<string, number>();
  const rowsOf = new Map<string, KernelInstruction[]>();
  let slot = 0;
  let rows: KernelInstruction[] = [];
  for (const row of dumped) {
    const name = /(\w+)\(/.exec(row.proto ?? '')?.[1];
    if (name !== undefined) {
      startOf.set(name, slot);
      rows = [];
      rowsOf.set(name, rows);
    }
    rows.push(row);
    slot += row.opcodes.code === '0x18' ? 2 : 1;
  }
  for (const [name, kernelRows] of rowsOf) {
    const ours = object.functions.find((candidate) => candidate.name === name)!;
    compareFunction(object, ours, kernelRows, startOf.get(name)!, startOf, mapNames);
  }
  return rowsOf.size;
}

function compareMap(ours: BpfMap): KernelMap {
  const theirs = JSON.parse(
    bpftool('-j', 'map', 'show', 'pinned', join(pins, ours.name)),
  ) as KernelMap;
  assert.equal(
    [theirs.type, theirs.bytes_key, theirs.bytes_value, theirs.max_entries, theirs.flags],
    [ours.typeName, ours.keySize, ours.valueSize, ours.maxEntries, ours.flags],
    ours.name,
  );
  return theirs;
}

for (const compiler of compilers) {
  test(`${compiler}: libbpf and the kernel see the same maps and the same code`, () => {
    const name = `${compiler}/accepted/oracle`;
    try {
      const problem = load(join(data, `${name}.o`));
      if (problem !== undefined) {
        console.log(`skip: comparison with libbpf: ${problem}`);
        return;
      }
      const object = build(name);
      const mapNames = new Map<number, string>();
      for (const map of object.maps) mapNames.set(compareMap(map).id, map.name);
      for (const section of object.data) {
        const pinned = `oracle_${section.name.slice(1)}`;
        const theirs = JSON.parse(
          bpftool('-j', 'map', 'show', 'pinned', join(pins, pinned)),
        ) as KernelMap;
        assert.is(theirs.bytes_value, section.size);
        mapNames.set(theirs.id, pinned);
      }
      assert.is(compareProgram(object, 'first', mapNames), 4);
      assert.is(compareProgram(object, 'second', mapNames), 2);
    } finally {
      if (existsSync(pins)) rmSync(pins, { recursive: true, force: true });
    }
  });
}

test.run();
