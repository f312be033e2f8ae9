/** One section; `data` is a view into the file (empty for SHT_NOBITS, whose `size` still counts). */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
  readonly data: Uint8Array;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_* */
  readonly type: number;
  /** STB_* */
  readonly binding: number;
  /** STV_* */
  readonly visibility: number;
  /** Section index, or SHN_UNDEF (0), SHN_ABS (0xfff1), SHN_COMMON (0xfff2). */
  readonly sectionIndex: number;
}

export interface ElfRelocation {
  /** Byte offset inside the section that is relocated. */
  readonly offset: number;
  /** R_BPF_* */
  readonly type: number;
  readonly symbol: ElfSymbol;
}

/** A checked little-endian ELF64 relocatable object for EM_BPF: every range lies inside the file. */
export interface ElfFile {
  /** The name diagnostics use. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** Relocations by the index of the section they apply to, in order of offset. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}
