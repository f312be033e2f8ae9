import type { BtfExt } from '../btf/index.ts';
import type { Place } from '../diag/index.ts';
import { type DecodedCode, formatInstruction, SLOT_SIZE } from '../isa/index.ts';
import type { FunctionRange } from './functions.ts';

/** Finds places of code, in terms of C source where line information has it. */
export class Placer {
  readonly #file: string;
  readonly #btfExt: BtfExt | undefined;

  constructor(file: string, btfExt: BtfExt | undefined) {
    this.#file = file;
    this.#btfExt = btfExt;
  }

  /** The place of a byte of a function, with the instruction there when it could be decoded. */
  at(range: FunctionRange, offset: number, instruction?: string): Place {
    const text = instruction === undefined ? {} : { instruction };
    const info = this.#btfExt?.lineInfo.get(range.section.name)?.find(offset);
    // A record of the function before says nothing of this one.
    if (info === undefined || info.offset < range.start || info.line === 0) {
      return { file: this.#file, section: range.section.name, offset, ...text };
    }
    return {
      file: info.fileName === '' ? this.#file : info.fileName,
      line: info.line,
      ...(info.column > 0 ? { column: info.column } : {}),
      ...(info.text === '' ? {} : { sourceText: info.text }),
      ...text,
    };
  }

  /** The place of a decoded instruction; `code` is the whole section's. */
  instruction(range: FunctionRange, code: DecodedCode, index: number): Place {
    const instruction = code.instructions[index];
    if (instruction === undefined) return this.at(range, range.start);
    const place = this.at(range, instruction.slot * SLOT_SIZE);
    // Debug information asks for every instruction's place and never for its text.
    return Object.defineProperty(place, 'instruction', {
      get: () => formatInstruction(instruction, code.instructions),
      enumerable: true,
    });
  }
}
