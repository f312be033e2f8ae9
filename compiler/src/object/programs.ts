import { Failure, quote } from '../diag/index.ts';
import { type ElfFile, SHN_COMMON } from '../elf/index.ts';
import { SLOT_SIZE } from '../isa/index.ts';
import type { CodeLoader } from './code.ts';
import type { FunctionRange, FunctionTable } from './functions.ts';
import { isSymbolName } from './names.ts';
import {
  isTextSection,
  type ProgramSection,
  parseProgramSection,
  unknownProgramSection,
} from './program-sections.ts';

/** A program and the function it starts with. */
export interface FoundProgram extends ProgramSection {
  readonly range: FunctionRange;
}

/**
 * The programs of an object: global functions of sections that say what they attach to. Without any,
 * the functions of `.text` that nothing calls are programs called with memory and its size, as code
 * written for embedded interpreters is.
 */
export function findPrograms(
  elf: ElfFile,
  functions: FunctionTable,
  loader: CodeLoader,
): FoundProgram[] {
  refuseCommonSymbols(elf);
  const programs: FoundProgram[] = [];
  for (const section of functions.sections) {
    if (isTextSection(section.name)) continue;
    const meaning = parseProgramSection(section.name);
    for (const range of functions.in(section.index)) {
      if (range.linkage === 'static') continue;
      if (meaning === undefined) throw unknownProgramSection(section.name, range.name, elf.file);
      programs.push({ range, ...meaning });
    }
  }
  const found = programs.length > 0 ? programs : textPrograms(elf, functions, loader);
  if (found.length === 0) {
    throw new Failure({
      code: 'BPF-O003',
      message: 'the object has no programs',
      place: { file: elf.file },
      help: 'a program is a function that is not static, in a section that says what it attaches to: SEC("uprobe/PATH:FUNCTION")',
    });
  }
  for (const { range } of found) {
    if (isSymbolName(range.name)) continue;
    throw new Failure({
      code: 'BPF-O021',
      message: `the program name ${quote(range.name)} is no C identifier`,
      place: { file: elf.file, section: range.section.name, offset: range.start },
    });
  }
  return found;
}

function refuseCommonSymbols(elf: ElfFile): void {
  const common = elf.symbols.find((symbol) => symbol.sectionIndex === SHN_COMMON);
  if (common === undefined) return;
  throw new Failure({
    code: 'BPF-O070',
    message: `the variable ${quote(common.name)} is a common symbol, which belongs to no section`,
    place: { file: elf.file },
    help: 'initialise it, or compile with -fno-common',
  });
}

function textPrograms(elf: ElfFile, functions: FunctionTable, loader: CodeLoader): FoundProgram[] {
  const found: FoundProgram[] = [];
  const isCandidate = ({ linkage }: FunctionRange): boolean => linkage === 'global';
  if (!functions.sections.some(({ index }) => functions.in(index).some(isCandidate))) return found;
  const called = calledOffsets(elf, functions, loader);
  for (const section of functions.sections) {
    const attach = { section: section.name, type: 'raw', target: '', optional: false };
    for (const range of functions.in(section.index).filter(isCandidate)) {
      if (called.has(`${section.index}:${range.start}`)) continue;
      found.push({ range, kind: 'raw', attach: { ...attach, sleepable: false } });
    }
  }
  return found;
}

/** Where calls go, as `section:offset`. */
function calledOffsets(
  elf: ElfFile,
  functions: FunctionTable,
  loader: CodeLoader,
): ReadonlySet<string> {
  const called = new Set<string>();
  for (const section of functions.sections) {
    const { decoded, relocations } = loader.load(section);
    for (const instruction of decoded.instructions) {
      if (instruction.kind !== 'call_local') continue;
      const relocated = relocations.get(instruction.slot);
      if (relocated === undefined) {
        const slot = decoded.instructions[instruction.target]!.slot;
        called.add(`${section.index}:${slot * SLOT_SIZE}`);
      } else {
        const { symbol } = relocated.relocation;
        const offset = symbol.value + (relocated.immediate + 1) * SLOT_SIZE;
        if (elf.sections[symbol.sectionIndex] !== undefined) {
          called.add(`${symbol.sectionIndex}:${offset}`);
        }
      }
    }
  }
  return called;
}
