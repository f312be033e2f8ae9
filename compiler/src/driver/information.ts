import type { BpfObject } from '../object/index.ts';
import { findHelper, type VerifiedObject } from '../verifier/index.ts';
import type { CodeOptions } from './options.ts';

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

/** The section of a compiled object: one line of JSON, so that linked objects are a list of lines. */
export function compiledInformation(
  verified: VerifiedObject,
  options: Pick<CodeOptions, 'target'>,
): { readonly section: string; readonly text: string } {
  const information: ObjectInformation = {
    ...describeInformation(verified.object),
    kind: 'compiled',
    target: options.target.name,
    verdict: verified.verdict,
  };
  return { section: INFORMATION_SECTION, text: `${JSON.stringify(information)}\n` };
}
