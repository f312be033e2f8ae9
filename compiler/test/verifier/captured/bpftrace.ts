/**
 * What bpftrace loads for probes of ours and for the scripts that come with it, captured from its bpf(2)
 * calls by fixtures/captured/capture.c.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packageRoot } from '../../../src/base/index.ts';
import { BPF_PSEUDO_FUNC, decode, type Instruction } from '../../../src/isa/index.ts';
import { convertFunction, type Linked } from '../../../src/object/convert.ts';
import type { BpfMap, BpfObject, BpfProgram } from '../../../src/object/index.ts';
import { mapTypeName } from '../../../src/object/map-types.ts';
import { type Captured, packageFiles } from './skeletons.ts';

const FIXTURES = join(packageRoot(), 'fixtures', 'captured');

interface Script {
  readonly name: string;
  readonly text: string;
  readonly arguments: readonly string[];
}

/** The lines that capture.c wrote of one program. */
interface Loaded {
  readonly type: number;
  readonly sleepable: boolean;
  readonly name: string;
  readonly license: string;
  readonly code: Buffer;
  readonly maps: ReadonlyMap<number, BpfMap>;
}

const BPF_F_SLEEPABLE = 1 << 4;

function parseCapture(text: string): readonly Loaded[] {
  return text
    .split(/^(?=program )/m)
    .filter((part) => part.startsWith('program ') && /^result 0$/m.test(part))
    .map((part) => {
      const field = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(part)?.[1] ?? '';
      const [type, , flags, ...name] = field('program').split(' ');
      const maps = new Map<number, BpfMap>();
      for (const [, line] of part.matchAll(/^map (.*)$/gm)) {
        const [fd, kind, keySize, valueSize, maxEntries, mapFlags, ...words] = line!.split(' ');
        if (maps.has(Number(fd))) continue;
        maps.set(Number(fd), {
          index: maps.size,
          name: words.join(' ') || `map_${fd}`,
          type: Number(kind),
          typeName: mapTypeName(Number(kind)) ?? 'unknown',
          keySize: Number(keySize),
          valueSize: Number(valueSize),
          maxEntries: Number(maxEntries),
          flags: Number(mapFlags),
          extra: 0n,
          pinning: 0,
          numaNode: 0,
          initial: [],
        });
      }
      return {
        type: Number(type),
        sleepable: (Number(flags) & BPF_F_SLEEPABLE) !== 0,
        name: name.join(' '),
        license: field('license'),
        code: Buffer.from(field('code'), 'hex'),
        maps,
      };
    });
}

/** A program's kind and attachment, from its BPF_PROG_TYPE_* and the script that it was made from. */
function describeProgram(loaded: Loaded, script: string): BpfProgram {
  const { name, sleepable } = loaded;
  const section = (kind: BpfProgram['kind'], type: string, target = ''): BpfProgram => ({
    index: 0,
    name: name || 'program',
    kind,
    entry: 0,
    attach: {
      section: target === '' ? type : `${type}/${target}`,
      type,
      target,
      optional: false,
      sleepable,
    },
  });
  switch (loaded.type) {
    case 2: {
      // Probes of functions are named after the function, those of USDT after the probe.
      const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const probe = new RegExp(`(usdt|u(?:ret)?probe|kretprobe):[^\\s{]*:${escaped}`).exec(script);
      return section('kprobe', probe?.[1] ?? 'kprobe');
    }
    case 5: {
      // Names are cut at 15 characters; the whole one is in the script, unless by a pattern.
      const events = [...script.matchAll(/tracepoint:(\w+):(\w+)/g)].filter(
        (match) => match[2]!.slice(0, 15) === name || match[2] === name,
      );
      return section(
        'tracepoint',
        'tracepoint',
        events.map((event) => `${event[1]}/${event[2]}`)[0],
      );
    }
    case 7:
      return section('perf_event', 'perf_event');
    case 17:
      return section('raw_tracepoint', 'raw_tracepoint');
    default:
      return section('other', `type_${loaded.type}`);
  }
}

/** The object that the code would have been in: functions begin where calls and addresses point. */
function objectOf(loaded: Loaded, source: string, script: string): BpfObject {
  const code = decode(loaded.code, { file: source, section: 'captured' });
  const addressed = (instruction: Instruction): number | undefined => {
    if (instruction.kind === 'call_local') return instruction.target;
    if (instruction.kind !== 'constant' || instruction.pseudo !== BPF_PSEUDO_FUNC) return undefined;
    return code.indexOfSlot[instruction.slot + 1 + instruction.low];
  };
  const starts = [
    ...new Set([0, ...code.instructions.flatMap((one) => addressed(one) ?? [])]),
  ].sort((left, right) => left - right);
  const place = (index: number) => ({
    file: source,
    section: 'captured',
    offset: code.instructions[index]!.slot * 8,
  });
  const link = (instruction: Instruction): Linked => {
    const target = addressed(instruction);
    if (target !== undefined) {
      const index = starts.indexOf(target);
      return instruction.kind === 'call_local'
        ? { kind: 'call', function: index }
        : { kind: 'reference', reference: { kind: 'function', function: index } };
    }
    if (instruction.kind !== 'constant') {
      return { kind: 'poison', reason: `${instruction.kind} in captured code` };
    }
    const { low, high, pseudo } = instruction;
    if (pseudo === 0) {
      const value = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
      return { kind: 'reference', reference: { kind: 'value', value } };
    }
    const map = loaded.maps.get(low)?.index;
    if (map === undefined) return { kind: 'poison', reason: `pseudo constant ${pseudo}` };
    return pseudo === 2
      ? { kind: 'reference', reference: { kind: 'map_value', map, offset: high } }
      : { kind: 'reference', reference: { kind: 'map', map } };
  };
  const program = describeProgram(loaded, script);
  return {
    file: source,
    hash: '00'.repeat(32),
    name: 'captured',
    functions: starts.map((first, index) => ({
      index,
      name: index === 0 ? program.name : `function_${first}`,
      section: 'captured',
      sectionOffset: code.instructions[first]!.slot * 8,
      instructions: convertFunction({
        name: program.name,
        code,
        first,
        end: starts[index + 1] ?? code.instructions.length,
        link,
        poison: () => undefined,
        place,
      }),
      linkage: index === 0 ? 'global' : 'static',
      ...(index === 0 && { program: 0 }),
    })),
    programs: [program],
    maps: [...loaded.maps.values()],
    data: [],
    license: loaded.license,
    ...(process.arch === 'x64' && { ptRegs: 'x86-64' as const }),
    place: (fn, instruction) => place(starts[fn]! + instruction),
  };
}

/** Programs that bpftrace loads to learn what the kernel can do. */
function isTrial(loaded: Loaded): boolean {
  return loaded.code.length <= 16;
}

function scripts(target: string): readonly Script[] {
  const ours = readFileSync(join(FIXTURES, 'probes.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, script] = /^(\w+)\s+(.*)$/.exec(line)!;
      const text = script!.replaceAll('TARGET', target);
      return { name: name!, text, arguments: ['-e', text] };
    });
  const theirs = packageFiles('bpftrace')
    .filter((file) => file.endsWith('.bt'))
    .sort()
    .map((file) => ({
      name: basename(file),
      text: readFileSync(file, 'utf8'),
      arguments: [file],
    }));
  return [...ours, ...theirs];
}

/** Why bpftrace cannot be captured here; undefined when it can. */
export function withoutBpftrace(): string | undefined {
  if (packageFiles('bpftrace').length === 0) return 'bpftrace is not installed';
  if (process.getuid?.() !== 0) return 'bpftrace needs root';
  if (process.arch !== 'x64') return 'capture.c is written for x86-64';
  if (
    !existsSync('/sys/kernel/tracing/events') &&
    !existsSync('/sys/kernel/debug/tracing/events')
  ) {
    return 'tracefs is not mounted';
  }
  return undefined;
}

/** Scripts that run at a time: each mostly waits for the kernel to attach and detach. */
const AT_A_TIME = 6;
const LIMIT_MILLISECONDS = 30_000;

/** Runs bpftrace with the library preloaded, until the program that it is told to start has ended. */
function run(script: Script, target: string, capture: string, written: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bpftrace', [...script.arguments, '-c', target], {
      env: { ...process.env, LD_PRELOAD: capture, BPF_CAPTURE: written },
      stdio: 'ignore',
      timeout: LIMIT_MILLISECONDS,
    });
    child.on('error', reject);
    // Scripts that do not fit this kernel end with an error; what they loaded until then counts.
    child.on('close', () => resolve());
  });
}

function programsIn(written: string, script: Script): readonly Captured[] {
  if (!existsSync(written)) return [];
  return parseCapture(readFileSync(written, 'utf8'))
    .filter((loaded) => !isTrial(loaded))
    .map((loaded, order): Captured => {
      const source = `bpftrace/${script.name}#${order}`;
      try {
        return { source, object: objectOf(loaded, source, script.text) };
      } catch (failure) {
        return { source, object: undefined, failure };
      }
    });
}

/** Runs every script and returns the programs that each loaded, in the order of loading. */
export async function traced(): Promise<readonly Captured[]> {
  const directory = mkdtempSync(join(tmpdir(), 'captured-'));
  try {
    const capture = join(directory, 'capture.so');
    const target = join(directory, 'target');
    const compile = (...options: string[]) => execFileSync('gcc', options, { stdio: 'pipe' });
    compile('-O2', '-shared', '-fPIC', '-o', capture, join(FIXTURES, 'capture.c'));
    compile('-O1', '-g', '-o', target, join(FIXTURES, 'target.c'));
    const all = scripts(target);
    const found: (readonly Captured[])[] = [];
    let next = 0;
    const worker = async () => {
      while (next < all.length) {
        const index = next++;
        const written = join(directory, `${index}.txt`);
        await run(all[index]!, target, capture, written);
        found[index] = programsIn(written, all[index]!);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return found.flat();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
