import { Failure, quote } from '../diag/index.ts';
import {
  type ElfFile,
  type ElfRelocation,
  type ElfSection,
  R_BPF_64_32,
  R_BPF_64_64,
} from '../elf/index.ts';
import {
  BPF_CALL,
  BPF_DW,
  BPF_IMM,
  BPF_JMP,
  BPF_LD,
  BPF_PSEUDO_CALL,
  type DecodedCode,
  decode,
  SLOT_SIZE,
} from '../isa/index.ts';
import { applyCoreRelocations, type CoreInput } from './core.ts';
import type { FunctionTable } from './functions.ts';
import type { Placer } from './place.ts';

/** A code section after CO-RE relocations, decoded. */
export interface LoadedCode {
  readonly decoded: DecodedCode;
  /** Why an instruction may not be reached, by slot. */
  readonly poison: ReadonlyMap<number, string>;
  /** What the relocation at a slot refers to. */
  readonly relocations: ReadonlyMap<number, CodeRelocation>;
}

/** A relocation of an instruction, with the addend that stood in it. */
export interface CodeRelocation {
  readonly relocation: ElfRelocation;
  /** The instruction's signed immediate as the compiler wrote it. */
  readonly immediate: number;
}

const CONSTANT_OPCODE = BPF_LD | BPF_IMM | BPF_DW;
const CALL_OPCODE = BPF_JMP | BPF_CALL;

/** Decodes code sections, each when it is first asked for. */
export class CodeLoader {
  readonly #elf: ElfFile;
  readonly #functions: FunctionTable;
  readonly #placer: Placer;
  readonly #core: CoreInput | undefined;
  readonly #loaded = new Map<number, LoadedCode>();

  constructor(elf: ElfFile, functions: FunctionTable, placer: Placer, core: CoreInput | undefined) {
    this.#elf = elf;
    this.#functions = functions;
    this.#placer = placer;
    this.#core = core;
  }

  /** The decoded code of a section. */
  load(section: ElfSection): LoadedCode {
    const loaded = this.#loaded.get(section.index) ?? this.#load(section);
    this.#loaded.set(section.index, loaded);
    return loaded;
  }

  #load(section: ElfSection): LoadedCode {
    const code = section.data.slice();
    const poison =
      this.#core === undefined
        ? new Map<number, string>()
        : applyCoreRelocations(code, section.name, this.#core, (offset, apply) =>
            this.#explain(section, apply, offset),
          );
    const relocations = this.#takeRelocations(section, code);
    const decoded = this.#explain(section, () =>
      decode(code, { file: this.#elf.file, section: section.name }),
    );
    return { decoded, poison, relocations };
  }

  /** Runs something that knows section offsets only, and turns them into places in source. */
  #explain<T>(section: ElfSection, run: () => T, at?: number): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { diagnostic } = error;
      const offset = at ?? diagnostic.place?.offset ?? 0;
      const range = this.#functions.holding(section.index, offset);
      if (range === undefined) throw error;
      throw new Failure({ ...diagnostic, place: this.#placer.at(range, offset) }, error.kind);
    }
  }

  /**
   * Collects the section's relocations by slot. The immediates of relocated calls are counted from
   * the symbol, not from the call: they are set aside, so that decoding does not take them for
   * distances inside this section.
   */
  #takeRelocations(section: ElfSection, code: Uint8Array): Map<number, CodeRelocation> {
    const bySlot = new Map<number, CodeRelocation>();
    const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
    for (const relocation of this.#elf.relocations.get(section.index) ?? []) {
      const { offset, type } = relocation;
      const slot = offset / SLOT_SIZE;
      const expected =
        type === R_BPF_64_64 ? CONSTANT_OPCODE : type === R_BPF_64_32 ? CALL_OPCODE : undefined;
      const fits =
        expected !== undefined &&
        Number.isInteger(slot) &&
        offset + SLOT_SIZE <= code.length &&
        code[offset] === expected &&
        (expected !== CALL_OPCODE || code[offset + 1]! >> 4 === BPF_PSEUDO_CALL) &&
        !bySlot.has(slot);
      if (!fits) throw this.#misplaced(section, relocation);
      bySlot.set(slot, { relocation, immediate: view.getInt32(offset + 4, true) });
      if (expected === CALL_OPCODE) view.setInt32(offset + 4, -1, true);
    }
    return bySlot;
  }

  #misplaced(section: ElfSection, { offset, type, symbol }: ElfRelocation): Failure {
    const range = this.#functions.holding(section.index, offset);
    return new Failure({
      code: 'BPF-O014',
      message: `a relocation of type ${type} against ${quote(symbol.name)} is on an instruction that takes none`,
      place:
        range === undefined
          ? { file: this.#elf.file, section: section.name, offset }
          : this.#placer.at(range, offset),
    });
  }
}
