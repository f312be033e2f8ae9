import type { Sink } from '../diag/index.ts';
import { Failure } from '../diag/index.ts';
import { isElf, parseElf, readElfSection } from '../elf/index.ts';
import { buildObject } from '../object/index.ts';
import { describeInformation, INFORMATION_SECTION, type ObjectInformation } from './information.ts';

const EM_BPF = 247;

/** Describes a BPF object, or every object that was linked into a compiled one. */
export function inspect(bytes: Uint8Array, file: string, sink: Sink): readonly ObjectInformation[] {
  const machine = bytes.length >= 20 ? bytes[18]! | (bytes[19]! << 8) : EM_BPF;
  if (machine !== EM_BPF && isElf(bytes)) return inspectCompiled(bytes, file);
  const elf = parseElf(bytes, file);
  const relocations: Record<string, number> = {};
  for (const [section, list] of elf.relocations) {
    relocations[elf.sections[section]?.name ?? `section ${section}`] = list.length;
  }
  return [{ ...describeInformation(buildObject(elf, {}, sink)), relocations }];
}

function inspectCompiled(bytes: Uint8Array, file: string): readonly ObjectInformation[] {
  const section = readElfSection(bytes, file, INFORMATION_SECTION);
  if (section === undefined) {
    throw new Failure({
      code: 'BPF-F004',
      message: 'this is neither a BPF object nor one that bpftime-aot compiled',
      place: { file },
      help: 'give a file made by `clang -target bpf -c` or by `bpftime-aot build`',
    });
  }
  const objects = parseLines(section);
  if (objects === undefined || objects.length === 0 || !objects.every(isInformation)) {
    throw new Failure({
      code: 'BPF-F005',
      message: `section ${INFORMATION_SECTION} of the compiled object is malformed`,
      place: { file },
    });
  }
  return objects;
}

/** A JSON document a line; undefined when one is none. */
function parseLines(bytes: Uint8Array): readonly unknown[] | undefined {
  try {
    // Linkers may fill up with zero bytes between what they join.
    const lines = new TextDecoder('utf-8', { fatal: true }).decode(bytes).split(/[\n\0]+/);
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  } catch {
    return undefined;
  }
}

type Shape = Readonly<Record<string, 'string' | 'number'>>;

const PROGRAM: Shape = {
  ...{ name: 'string', section: 'string', type: 'string', attachTo: 'string', kind: 'string' },
  instructions: 'number',
};
const FUNCTION: Shape = { name: 'string', instructions: 'number' };
const MAP: Shape = {
  ...{ name: 'string', type: 'string', keySize: 'number', valueSize: 'number' },
  ...{ maxEntries: 'number', flags: 'number' },
};
const GLOBAL: Shape = { section: 'string', name: 'string', offset: 'number', size: 'number' };
const OBJECT: Shape = {
  ...{ name: 'string', hash: 'string', license: 'string', target: 'string', verdict: 'string' },
};

/** Checks all that printing relies on: the file is somebody else's. */
function isInformation(value: unknown): value is ObjectInformation {
  if (!isRecord(value)) return false;
  return (
    value.format === 1 &&
    value.kind === 'compiled' &&
    fits(value, OBJECT) &&
    isListOf(value.programs, (row) => fits(row, PROGRAM)) &&
    isListOf(value.functions, (row) => fits(row, FUNCTION)) &&
    isListOf(value.maps, (row) => fits(row, MAP)) &&
    isListOf(value.globals, (row) => fits(row, GLOBAL)) &&
    isListOf(value.helpers, (row) => typeof row === 'string') &&
    (value.btf === null || fits(value.btf, { types: 'number' })) &&
    isRecord(value.relocations) &&
    Object.values(value.relocations).every((count) => typeof count === 'number')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, is: (row: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function fits(value: unknown, shape: Shape): boolean {
  return (
    isRecord(value) && Object.entries(shape).every(([key, type]) => typeof value[key] === type)
  );
}
