import { fromHalves } from '../base/index.ts';
import { Failure, type Place, quote } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfSymbol,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  STT_SECTION,
} from '../elf/index.ts';
import { BPF_PSEUDO_FUNC, type Instruction, SLOT_SIZE } from '../isa/index.ts';
import type { CodeRelocation } from './code.ts';
import type { Linked } from './convert.ts';
import type { DataTable } from './data.ts';
import type { Externs } from './externs.ts';
import { type FunctionRange, type FunctionTable, isCode } from './functions.ts';
import type { MapTable } from './maps.ts';
import type { Reference } from './types.ts';

/** Everything that instructions can refer to. */
export interface LinkScope {
  readonly elf: ElfFile;
  readonly functions: FunctionTable;
  readonly maps: MapTable;
  readonly data: DataTable;
  readonly externs: Externs;
  /** Index that a function has, or is given now. */
  indexOf(range: FunctionRange): number;
  /** Whether a function is the entry of a program. */
  isProgram(range: FunctionRange): boolean;
}

/** One instruction that may refer to something, and where it stands. */
export interface LinkSite {
  readonly instruction: Instruction;
  /** Slot of the call target when the instruction is a call within its section. */
  readonly targetSlot: number | undefined;
  readonly relocation: CodeRelocation | undefined;
  /** The function that holds it. */
  readonly range: FunctionRange;
  place(): Place;
}

/** Finds what an instruction refers to. */
export function linkInstruction(scope: LinkScope, site: LinkSite): Linked {
  const { instruction, relocation, range } = site;
  if (relocation !== undefined) {
    return instruction.kind === 'constant'
      ? linkConstant(scope, site, relocation, instruction.high)
      : linkCall(scope, site, relocation);
  }
  switch (instruction.kind) {
    case 'constant':
      if (instruction.pseudo === 0) {
        return value(fromHalves(instruction.low, instruction.high));
      }
      if (instruction.pseudo === BPF_PSEUDO_FUNC) {
        const offset = (instruction.slot + 1 + instruction.low) * SLOT_SIZE;
        return address(scope, functionAt(scope, site, range.section.index, offset));
      }
      throw refuse(
        site,
        'BPF-O063',
        `a 64-bit constant names a map, variable or kernel object by number (source ${instruction.pseudo}): only relocations can`,
      );
    case 'call_local': {
      const offset = site.targetSlot! * SLOT_SIZE;
      return call(scope, site, functionAt(scope, site, range.section.index, offset));
    }
    case 'call_kernel':
      throw refuse(
        site,
        'BPF-O060',
        `kernel functions are not supported (BTF id ${instruction.btfId})`,
      );
    default:
      throw refuse(site, 'BPF-O064', 'arenas (casts between address spaces) are not supported');
  }
}

function refuse(site: LinkSite, code: string, message: string, help?: string): Failure {
  return new Failure({
    code,
    message,
    place: site.place(),
    ...(help === undefined ? {} : { help }),
  });
}

function value(constant: bigint): Linked {
  return reference({ kind: 'value', value: constant });
}

function reference(to: Reference): Linked {
  return { kind: 'reference', reference: to };
}

function address(scope: LinkScope, range: FunctionRange): Linked {
  return reference({ kind: 'function', function: scope.indexOf(range) });
}

function call(scope: LinkScope, site: LinkSite, range: FunctionRange): Linked {
  if (scope.isProgram(range)) {
    throw refuse(
      site,
      'BPF-O065',
      `${quote(site.range.name)} calls the program ${quote(range.name)}`,
      'programs are called from outside only: move what they share to a function without SEC()',
    );
  }
  return { kind: 'call', function: scope.indexOf(range) };
}

function functionAt(
  scope: LinkScope,
  site: LinkSite,
  section: number,
  offset: number,
): FunctionRange {
  const range = scope.functions.startingAt(section, offset);
  if (range !== undefined) return range;
  const holder = scope.functions.holding(section, offset);
  const name = scope.elf.sections[section]?.name ?? '';
  throw refuse(
    site,
    'BPF-O066',
    holder === undefined
      ? `no function is at byte ${offset} of section ${quote(name)}`
      : `the call or address goes into the middle of the function ${quote(holder.name)}`,
  );
}

function symbolTitle(scope: LinkScope, symbol: ElfSymbol): string {
  return symbol.type === STT_SECTION || symbol.name === ''
    ? `section ${quote(scope.elf.sections[symbol.sectionIndex]?.name ?? '')}`
    : quote(symbol.name);
}

function linkConstant(
  scope: LinkScope,
  site: LinkSite,
  { relocation, immediate }: CodeRelocation,
  high: number,
): Linked {
  const { symbol } = relocation;
  const title = symbolTitle(scope, symbol);
  if (high !== 0 && !(high === -1 && immediate < 0)) {
    throw refuse(site, 'BPF-O067', `the address of ${title} has an addend beyond 32 bits`);
  }
  if (symbol.sectionIndex === SHN_UNDEF) {
    return scope.externs.address(symbol, immediate, () => site.place());
  }
  refuseOddSymbol(site, symbol, title);
  const section = scope.elf.sections[symbol.sectionIndex]!;
  const offset = symbol.value + immediate;
  if (isCode(section)) return address(scope, functionAt(scope, site, section.index, offset));
  if (scope.maps.isMapSection(section.index)) {
    const map = scope.maps.at(section.index, offset);
    if (map !== undefined) return reference({ kind: 'map', map });
    throw refuse(site, 'BPF-O068', `the address of ${title} is not that of a map`);
  }
  const data = scope.data.refer(section);
  if (data === undefined) {
    throw refuse(
      site,
      'BPF-O069',
      `${title} is in section ${quote(section.name)}, which holds no variables`,
    );
  }
  // One past the end is an address that C allows.
  if (offset < 0 || offset > section.size) {
    throw refuse(site, 'BPF-O069', `the address lies outside section ${quote(section.name)}`);
  }
  return reference({ kind: 'data', section: data, offset });
}

function refuseOddSymbol(site: LinkSite, symbol: ElfSymbol, title: string): void {
  if (symbol.sectionIndex === SHN_COMMON) {
    throw refuse(
      site,
      'BPF-O070',
      `the variable ${title} is a common symbol, which belongs to no section`,
      'initialise it, or compile with -fno-common',
    );
  }
  if (symbol.sectionIndex === SHN_ABS) {
    throw refuse(site, 'BPF-O070', `the symbol ${title} is absolute, which belongs to no section`);
  }
}

function linkCall(
  scope: LinkScope,
  site: LinkSite,
  { relocation, immediate }: CodeRelocation,
): Linked {
  const { symbol } = relocation;
  if (symbol.sectionIndex === SHN_UNDEF) return scope.externs.call(symbol, () => site.place());
  const title = symbolTitle(scope, symbol);
  refuseOddSymbol(site, symbol, title);
  const section = scope.elf.sections[symbol.sectionIndex]!;
  if (!isCode(section)) {
    throw refuse(site, 'BPF-O071', `${title} is called, but holds no code`);
  }
  // Calls of global functions hold -1, those of static ones their distance from the section's start.
  const offset = symbol.value + (immediate + 1) * SLOT_SIZE;
  return call(scope, site, functionAt(scope, site, section.index, offset));
}
