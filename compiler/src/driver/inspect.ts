import type { Sink } from '../diag/index.ts';
import { Failure } from '../diag/index.ts';
import { parseElf, readElfSection } from '../elf/index.ts';
import { type BpfObject, buildObject } from '../object/index.ts';
import { findHelper } from '../verifier/index.ts';

/** What `inspect` tells of an object, BPF or compiled; the JSON form of `inspect --json`. */
export interface ObjectInformation {
  readonly format: 1;
  readonly kind: 'bpf' | 'compiled';
  readonly name: string;
  /** SHA-256 of the BPF object, hex. */
  readonly hash: string;
  readonly license: string;
  /** Only of compiled objects. */
  readonly target?: string;
  readonly verdict?: string;
  readonly programs: readonly {
    readonly name: string;
    readonly section: string;
    readonly type: string;
    readonly attachTo: string;
    readonly kind: string;
    readonly instructions: number;
  }[];
  readonly functions: readonly { readonly name: string; readonly instructions: number }[];
  readonly maps: readonly {
    readonly name: string;
    readonly type: string;
    readonly keySize: number;
    readonly valueSize: number;
    readonly maxEntries: number;
    readonly flags: number;
  }[];
  readonly globals: readonly {
    readonly section: string;
    readonly name: string;
    readonly offset: number;
    readonly size: number;
  }[];
  readonly helpers: readonly string[];
  readonly btf: { readonly types: number } | null;
  readonly relocations: Readonly<Record<string, number>>;
}

/** Section of a compiled object that holds its `ObjectInformation`; not loaded into memory. */
export const INFORMATION_SECTION = '.bpftime.info';

const EM_BPF = 247;

/** Describes a BPF object or a compiled one. */
export function inspect(bytes: Uint8Array, file: string, sink: Sink): ObjectInformation {
  const machine = bytes.length >= 20 ? bytes[18]! | (bytes[19]! << 8) : EM_BPF;
  if (machine !== EM_BPF && bytes[0] === 0x7f && bytes[1] === 0x45)
    return inspectCompiled(bytes, file);
  const elf = parseElf(bytes, file);
  const relocations: Record<string, number> = {};
  for (const [section, list] of elf.relocations) {
    relocations[elf.sections[section]?.name ?? `section ${section}`] = list.length;
  }
  return { ...describeInformation(buildObject(elf, {}, sink)), relocations };
}

/** The facts of a BPF object that inspection shows. */
export function describeInformation(object: BpfObject): ObjectInformation {
  const helpers = new Set<string>();
  for (const fn of object.functions) {
    for (const instruction of fn.instructions) {
      if (instruction.kind !== 'call_helper') continue;
      const helper = findHelper(instruction.helper);
      helpers.add(
        helper === undefined ? `unknown helper ${instruction.helper}` : `bpf_${helper.name}`,
      );
    }
  }
  return {
    format: 1,
    kind: 'bpf',
    name: object.name,
    hash: object.hash,
    license: object.license,
    programs: object.programs.map((program) => ({
      name: program.name,
      section: program.attach.section,
      type: program.attach.type,
      attachTo: program.attach.target,
      kind: program.kind,
      instructions: object.functions[program.entry]?.instructions.length ?? 0,
    })),
    functions: object.functions
      .filter((fn) => fn.program === undefined)
      .map((fn) => ({ name: fn.name, instructions: fn.instructions.length })),
    maps: object.maps.map((map) => ({
      name: map.name,
      type: map.typeName,
      keySize: map.keySize,
      valueSize: map.valueSize,
      maxEntries: map.maxEntries,
      flags: map.flags,
    })),
    globals: object.data.flatMap((section) =>
      section.variables.map((variable) => ({
        section: section.name,
        name: variable.name,
        offset: variable.offset,
        size: variable.size,
      })),
    ),
    helpers: [...helpers].sort(),
    btf: object.btf === undefined ? null : { types: object.btf.typeCount },
    relocations: {},
  };
}

function inspectCompiled(bytes: Uint8Array, file: string): ObjectInformation {
  const section = readElfSection(bytes, file, INFORMATION_SECTION);
  if (section === undefined) {
    throw new Failure({
      code: 'BPF-F004',
      message: 'this is neither a BPF object nor one that bpftime-aot compiled',
      place: { file },
      help: 'give a file made by `clang -target bpf -c` or by `bpftime-aot build`',
    });
  }
  const malformed = new Failure({
    code: 'BPF-F005',
    message: `section ${INFORMATION_SECTION} of the compiled object is malformed`,
    place: { file },
  });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(section));
  } catch {
    throw malformed;
  }
  if (!isInformation(value)) throw malformed;
  return value;
}

/** Checks the parts that printing relies on: the file is somebody else's. */
function isInformation(value: unknown): value is ObjectInformation {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  const lists = ['programs', 'functions', 'maps', 'globals', 'helpers'];
  return (
    record.format === 1 &&
    ['name', 'hash', 'license'].every((key) => typeof record[key] === 'string') &&
    lists.every((key) => Array.isArray(record[key]) && record[key].every((row) => row !== null)) &&
    typeof record.relocations === 'object' &&
    record.relocations !== null
  );
}
