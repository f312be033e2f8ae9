/**
 * elf: bytes become a checked `ElfFile`.
 * In: the bytes of a file and the name that messages use. Out: sections, symbols and relocations of a
 * relocatable BPF object, every range inside the file; or one section of any other ELF file.
 * Does not know what sections mean, what instructions are, or that BTF exists.
 *
 * elfinfo reads files only asynchronously, gives no section data, and resolves names in quadratic
 * time; so the tables are read here, elfinfo names machines and kinds of files, and the tests compare
 * both readers on real objects.
 */
export * from './constants.ts';
export { findSection, parseElf, sectionSymbols } from './parse.ts';
export { isElf, readElfSection } from './read-section.ts';
export type { ElfFile, ElfRelocation, ElfSection, ElfSymbol } from './types.ts';
