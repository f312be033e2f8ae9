import type { Btf } from '../btf/index.ts';
import { Failure, quote, type Sink } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfSection,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_NOBITS,
  SHT_PROGBITS,
} from '../elf/index.ts';
import type { KernelConfigSection } from './kernel-config.ts';
import type { DataSection } from './types.ts';
import { variablesOf } from './variables.ts';

/** Sections with a meaning of their own, never plain data. */
const SPECIAL = new Set(['license', 'version', 'maps', '.maps', '.ksyms', '.kconfig', '.eh_frame']);

/** Sections of features that need the kernel. */
const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ['struct_ops', 'struct_ops: tables of functions that replace parts of the kernel'],
  ['.struct_ops', 'struct_ops: tables of functions that replace parts of the kernel'],
  ['.struct_ops.link', 'struct_ops: tables of functions that replace parts of the kernel'],
  ['.addr_space.1', 'variables in an arena (address space 1)'],
  ['.jumptables', 'jump tables'],
]);

function kindOf(section: ElfSection): DataSection['kind'] {
  if (section.type === SHT_NOBITS) return 'bss';
  if (section.name === '.rodata' || section.name.startsWith('.rodata.')) return 'rodata';
  return (section.flags & SHF_WRITE) === 0 ? 'rodata' : 'data';
}

/** Whether libbpf makes a map of a section of this name, used or not. */
function isStandard(name: string): boolean {
  return ['.rodata', '.data', '.bss'].some((base) => name === base || name.startsWith(`${base}.`));
}

function isData(section: ElfSection): boolean {
  if (section.type !== SHT_PROGBITS && section.type !== SHT_NOBITS) return false;
  if ((section.flags & SHF_ALLOC) === 0 || (section.flags & SHF_EXECINSTR) !== 0) return false;
  return !SPECIAL.has(section.name);
}

/**
 * The data sections of an object. Standard ones are there from the start; a section with a name of
 * the user's own becomes one when code refers to it.
 */
export class DataTable {
  readonly #elf: ElfFile;
  readonly #btf: Btf | undefined;
  readonly #sections: DataSection[] = [];
  readonly #indexOf = new Map<number, number>();
  readonly #used = new Set<number>();
  readonly #names = new Set<string>();

  constructor(elf: ElfFile, btf: Btf | undefined) {
    this.#elf = elf;
    this.#btf = btf;
    for (const section of elf.sections) {
      const feature = section.size > 0 ? UNSUPPORTED.get(section.name) : undefined;
      if (feature !== undefined) {
        throw new Failure({
          code: 'BPF-O030',
          message: `${feature} are not supported (section ${quote(section.name)})`,
          place: { file: elf.file, section: section.name },
        });
      }
      if (section.size > 0 && isStandard(section.name) && isData(section)) this.#add(section);
    }
  }

  /** All data sections so far. */
  get sections(): readonly DataSection[] {
    return this.#sections;
  }

  /** Index of the data section that an ELF section is, which code refers to; undefined when it is none. */
  refer(section: ElfSection): number | undefined {
    const index =
      this.#indexOf.get(section.index) ?? (isData(section) ? this.#add(section) : undefined);
    if (index !== undefined) this.#used.add(section.index);
    return index;
  }

  /** Adds the values of kernel configuration; returns the section's index. */
  addKernelConfig(section: KernelConfigSection): number {
    this.#sections.push({
      index: this.#sections.length,
      name: '.kconfig',
      kind: 'kconfig',
      size: section.bytes.length,
      alignment: 8,
      bytes: section.bytes,
      variables: section.variables,
    });
    return this.#sections.length - 1;
  }

  #add(section: ElfSection): number {
    const alignment = Math.max(1, section.alignment);
    if (alignment > 4096 || (alignment & (alignment - 1)) !== 0) {
      throw new Failure({
        code: 'BPF-O031',
        message: `section ${quote(section.name)} has the alignment ${section.alignment}: powers of two up to 4096 are supported`,
        place: { file: this.#elf.file, section: section.name },
      });
    }
    // BTF describes sections by name: the first of each is the one.
    const first = !this.#names.has(section.name);
    this.#names.add(section.name);
    const kind = kindOf(section);
    const index = this.#sections.length;
    this.#sections.push({
      index,
      name: section.name,
      kind,
      size: section.size,
      alignment,
      bytes: kind === 'bss' ? new Uint8Array(section.size) : section.data,
      variables: variablesOf(section, this.#elf, first ? this.#btf : undefined),
    });
    this.#indexOf.set(section.index, index);
    return index;
  }

  /**
   * Refuses addresses stored in data that code uses, which libbpf leaves as zeros; where no code uses
   * the section, zeros do no harm and a warning is enough. Call when all code was seen.
   */
  checkAddresses(sink: Sink): void {
    const { file, relocations } = this.#elf;
    for (const [elfIndex, index] of this.#indexOf) {
      const relocation = relocations.get(elfIndex)?.[0];
      if (relocation === undefined) continue;
      const section = this.#sections[index]!;
      const holder = section.variables.find(
        ({ offset, size }) => offset <= relocation.offset && relocation.offset < offset + size,
      );
      const what = holder === undefined ? `section ${quote(section.name)}` : quote(holder.name);
      const { symbol } = relocation;
      const target =
        symbol.name === ''
          ? `something in section ${quote(this.#elf.sections[symbol.sectionIndex]?.name ?? '')}`
          : quote(symbol.name);
      const place = { file, section: section.name, offset: relocation.offset };
      const message = `${what} holds the address of ${target}`;
      const help = 'choose between the addresses in code, for example with a switch';
      const code = 'BPF-O032';
      if (this.#used.has(elfIndex)) {
        throw new Failure({
          code,
          message: `${message}: addresses in data are not supported`,
          place,
          help,
        });
      }
      sink.add({ code, severity: 'warning', message: `${message}: it will be 0`, place, help });
    }
  }
}
