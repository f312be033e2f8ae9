import { Failure, quote } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  SHF_EXECINSTR,
  SHT_PROGBITS,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STV_HIDDEN,
  STV_INTERNAL,
} from '../elf/index.ts';
import { SLOT_SIZE } from '../isa/index.ts';

/** A function as the symbol table has it: a range of one section's bytes. */
export interface FunctionRange {
  readonly name: string;
  readonly section: ElfSection;
  /** First and last-plus-one byte. */
  readonly start: number;
  readonly end: number;
  readonly linkage: 'static' | 'global';
  /** Global for linking only: whoever loads it sees a static function. */
  readonly hidden: boolean;
}

/** The functions of an object, by section, in order. */
export interface FunctionTable {
  /** Sections with code, in order of index. */
  readonly sections: readonly ElfSection[];
  /** Functions of a section in order of their start. */
  in(section: number): readonly FunctionRange[];
  /** The function that starts at a byte of a section. */
  startingAt(section: number, offset: number): FunctionRange | undefined;
  /** The function that holds a byte of a section. */
  holding(section: number, offset: number): FunctionRange | undefined;
}

/** Whether a section holds instructions. */
export function isCode(section: ElfSection): boolean {
  return section.type === SHT_PROGBITS && (section.flags & SHF_EXECINSTR) !== 0;
}

/** Finds the functions of all code sections; overlapping and misplaced ones are refused. */
export function findFunctions(elf: ElfFile): FunctionTable {
  const sections = elf.sections.filter((section) => isCode(section) && section.size > 0);
  refuseSameNames(sections, elf.file);
  const bySection = new Map<number, FunctionRange[]>();
  const byStart = new Map<number, Map<number, FunctionRange>>();
  const symbols = functionSymbols(elf, new Set(sections.map((section) => section.index)));
  for (const section of sections) {
    const ranges = rangesOf(symbols.get(section.index) ?? [], section, elf.file);
    bySection.set(section.index, ranges);
    byStart.set(section.index, new Map(ranges.map((range) => [range.start, range])));
  }
  const inSection = (section: number): readonly FunctionRange[] => bySection.get(section) ?? [];
  return {
    sections,
    in: inSection,
    startingAt: (section, offset) => byStart.get(section)?.get(offset),
    holding(section, offset) {
      const ranges = inSection(section);
      let low = 0;
      let high = ranges.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ranges[middle]!.start <= offset) low = middle + 1;
        else high = middle;
      }
      const range = ranges[low - 1];
      return range !== undefined && offset < range.end ? range : undefined;
    },
  };
}

/** Debug information and CO-RE relocations know sections by name only. */
function refuseSameNames(sections: readonly ElfSection[], file: string): void {
  const names = new Set<string>();
  for (const { name } of sections) {
    if (names.has(name)) {
      throw new Failure({
        code: 'BPF-O013',
        message: `two sections with code have the name ${quote(name)}`,
        place: { file, section: name },
      });
    }
    names.add(name);
  }
}

function functionSymbols(elf: ElfFile, code: ReadonlySet<number>): Map<number, ElfSymbol[]> {
  const typed = new Map<number, ElfSymbol[]>();
  const untyped = new Map<number, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    if (!code.has(symbol.sectionIndex)) continue;
    if (symbol.type === STT_FUNC) append(typed, symbol);
    // Hand-written assembly often leaves `.type` out; local labels are jump targets then.
    else if (symbol.type === STT_NOTYPE && symbol.binding !== STB_LOCAL) append(untyped, symbol);
  }
  for (const [section, symbols] of untyped) if (!typed.has(section)) typed.set(section, symbols);
  return typed;
}

function append(lists: Map<number, ElfSymbol[]>, symbol: ElfSymbol): void {
  const list = lists.get(symbol.sectionIndex);
  if (list === undefined) lists.set(symbol.sectionIndex, [symbol]);
  else list.push(symbol);
}

function rangesOf(symbols: ElfSymbol[], section: ElfSection, file: string): FunctionRange[] {
  symbols.sort((left, right) => left.value - right.value || left.index - right.index);
  return symbols.map((symbol, position) => {
    const start = symbol.value;
    const following = symbols[position + 1];
    const limit = following?.value ?? section.size;
    // Assembly without `.size`: up to the next function.
    const end = symbol.size === 0 ? limit : start + symbol.size;
    const bad = (message: string): Failure =>
      new Failure({
        code: 'BPF-O012',
        message: `the function ${quote(symbol.name)} ${message}`,
        place: { file, section: section.name, offset: start },
      });
    if (symbol.name === '') throw bad('has no name');
    if (start % SLOT_SIZE !== 0 || end % SLOT_SIZE !== 0) {
      throw bad('does not begin and end between instructions');
    }
    if (following !== undefined && (end > limit || start === limit)) {
      throw bad(`overlaps the function ${quote(following.name)}`);
    }
    if (start === end) throw bad('has no instructions');
    const linkage = symbol.binding === STB_LOCAL ? 'static' : 'global';
    const hidden = symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL;
    return { name: symbol.name, section, start, end, linkage, hidden };
  });
}
