import { type Btf, type BtfExt, parseBtf, parseBtfExt } from '../btf/index.ts';
import { Failure, type Place, quote, type Sink } from '../diag/index.ts';
import { type ElfFile, findSection } from '../elf/index.ts';
import { SLOT_SIZE } from '../isa/index.ts';
import { refuseRecursion } from './call-graph.ts';
import { CodeLoader } from './code.ts';
import { convertFunction } from './convert.ts';
import { DataTable } from './data.ts';
import { Externs } from './externs.ts';
import { type FunctionRange, findFunctions } from './functions.ts';
import { type KernelFacts, resolveKernelConfig, undefinedSymbols } from './kernel-config.ts';
import { type LinkScope, linkInstruction } from './link.ts';
import { buildMaps, findMaps } from './maps.ts';
import { contentHash, objectName } from './names.ts';
import { Placer } from './place.ts';
import { type FoundProgram, findPrograms } from './programs.ts';
import { ptRegsLayout } from './pt-regs.ts';
import type { BpfFunction, BpfObject } from './types.ts';

/** What the meaning of an object depends on besides the object. */
export interface ObjectOptions extends KernelFacts {
  /** BTF of the kernel that CO-RE relocations are resolved against. */
  readonly targetBtf?: Btf;
}

/**
 * Finds the programs, functions, maps and data of an object and applies its relocations. Only
 * functions that programs reach are converted; they are numbered programs first, then in the order
 * in which code refers to them.
 */
export function buildObject(elf: ElfFile, options: ObjectOptions, sink: Sink): BpfObject {
  const { btf, btfExt } = readBtf(elf);
  const placer = new Placer(elf.file, btfExt);
  const functions = findFunctions(elf);
  const core =
    btf === undefined || btfExt === undefined
      ? undefined
      : { btf, btfExt, targetBtf: options.targetBtf };
  const loader = new CodeLoader(elf, functions, placer, core);
  const programs = findPrograms(elf, functions, loader);
  const maps = findMaps(elf, btf);
  refuseSharedNames(
    programs,
    new Set(maps.found.map(({ definition }) => definition.map.name)),
    elf,
  );
  const data = new DataTable(elf, btf);
  const config =
    btf === undefined
      ? undefined
      : resolveKernelConfig(btf, undefinedSymbols(elf), options, elf.file);
  const configIndex = config === undefined ? undefined : data.addKernelConfig(config);

  const queue: FunctionRange[] = programs.map(({ range }) => range);
  const indices = new Map(queue.map((range, index) => [range, index]));
  const programCount = queue.length;
  const scope: LinkScope = {
    elf,
    functions,
    maps,
    data,
    externs: new Externs(btf, config, configIndex),
    indexOf(range) {
      const known = indices.get(range);
      if (known !== undefined) return known;
      indices.set(range, queue.length);
      return queue.push(range) - 1;
    },
    isProgram: (range) => (indices.get(range) ?? programCount) < programCount,
  };
  const types = new FunctionTypes(btfExt);
  const converted: BpfFunction[] = [];
  const firstIndex: number[] = [];
  for (let index = 0; index < queue.length; index++) {
    const range = queue[index]!;
    const one = convertRange(range, scope, loader, placer);
    firstIndex.push(one.first);
    const btfFunction = types.at(range);
    converted.push({
      index,
      name: range.name,
      section: range.section.name,
      sectionOffset: range.start,
      instructions: one.instructions,
      linkage: range.hidden ? 'static' : range.linkage,
      ...(btfFunction === undefined ? {} : { btfFunction }),
      ...(index < programCount ? { program: index } : {}),
    });
  }
  const place = (functionIndex: number, instructionIndex: number): Place => {
    const range = queue[functionIndex]!;
    const { decoded } = loader.load(range.section);
    return placer.instruction(range, decoded, firstIndex[functionIndex]! + instructionIndex);
  };
  refuseRecursion(converted, place);
  data.checkAddresses(sink);
  const ptRegs = btf === undefined ? undefined : ptRegsLayout(btf);
  return {
    file: elf.file,
    hash: contentHash(elf.bytes),
    name: objectName(elf.file),
    functions: converted,
    programs: programs.map(({ range, kind, attach }, index) => ({
      index,
      name: range.name,
      kind,
      attach,
      entry: index,
    })),
    maps: buildMaps(elf, maps, (section, offset) => {
      const range = functions.startingAt(section, offset);
      return range !== undefined && scope.isProgram(range) ? indices.get(range) : undefined;
    }),
    data: data.sections,
    ...(btf === undefined ? {} : { btf }),
    license: readLicense(elf),
    ...(ptRegs === undefined ? {} : { ptRegs }),
    place,
  };
}

function readBtf(elf: ElfFile): { readonly btf?: Btf; readonly btfExt?: BtfExt } {
  const section = findSection(elf, '.BTF');
  if (section === undefined || section.data.length === 0) return {};
  const btf = parseBtf(section.data, elf.file);
  const extension = findSection(elf, '.BTF.ext');
  if (extension === undefined || extension.data.length === 0) return { btf };
  return { btf, btfExt: parseBtfExt(extension.data, btf, elf.file) };
}

/** Programs and maps of an object share the names that its native object exports. */
function refuseSharedNames(
  programs: readonly FoundProgram[],
  maps: ReadonlySet<string>,
  elf: ElfFile,
): void {
  const names = new Set<string>();
  for (const { range } of programs) {
    const other = maps.has(range.name) ? 'a map' : names.has(range.name) ? 'another program' : '';
    if (other !== '') {
      throw new Failure({
        code: 'BPF-O022',
        message: `the program ${quote(range.name)} has the name of ${other}`,
        place: { file: elf.file, section: range.section.name, offset: range.start },
      });
    }
    names.add(range.name);
  }
}

function convertRange(
  range: FunctionRange,
  scope: LinkScope,
  loader: CodeLoader,
  placer: Placer,
): { readonly first: number; readonly instructions: BpfFunction['instructions'] } {
  const { decoded, poison, relocations } = loader.load(range.section);
  const { indexOfSlot, instructions: all } = decoded;
  const first = indexOfSlot[range.start / SLOT_SIZE]!;
  const end = indexOfSlot[range.end / SLOT_SIZE] ?? all.length;
  if (first < 0 || end < 0) {
    throw new Failure({
      code: 'BPF-O012',
      message: `the function ${quote(range.name)} begins or ends inside a 64-bit constant`,
      place: placer.at(range, range.start),
    });
  }
  const place = (index: number): Place => placer.instruction(range, decoded, index);
  const instructions = convertFunction({
    name: range.name,
    code: decoded,
    first,
    end,
    link: (instruction, index) =>
      linkInstruction(scope, {
        instruction,
        targetSlot: instruction.kind === 'call_local' ? all[instruction.target]!.slot : undefined,
        relocation: relocations.get(instruction.slot),
        range,
        place: () => place(index),
      }),
    poison: (slot) => poison.get(slot),
    place,
  });
  return { first, instructions };
}

/** BTF types of functions by where they start. */
class FunctionTypes {
  readonly #byStart = new Map<string, ReadonlyMap<number, number>>();

  constructor(btfExt: BtfExt | undefined) {
    for (const [section, list] of btfExt?.functionInfo ?? []) {
      this.#byStart.set(section, new Map(list.map(({ offset, type }) => [offset, type])));
    }
  }

  at(range: FunctionRange): number | undefined {
    return this.#byStart.get(range.section.name)?.get(range.start);
  }
}

function readLicense(elf: ElfFile): string {
  const data = findSection(elf, 'license')?.data ?? new Uint8Array();
  const end = data.indexOf(0);
  return new TextDecoder().decode(end < 0 ? data : data.subarray(0, end));
}
