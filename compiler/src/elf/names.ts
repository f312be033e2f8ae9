import { elfFailure } from './failure.ts';

/** Strings may share their ends, so the names of a file can be longer than its string tables, but not by much. */
const FREE_BYTES = 16 * 1024 * 1024;
const SHARING = 4;

/**
 * Names from the string tables of one file. Names may overlap at will: a million symbols can each
 * name another suffix of one string of a megabyte. The sum of their lengths is therefore bounded,
 * which keeps every later pass over names linear in the size of the file.
 */
export class NameReader {
  readonly #file: string;
  #budget: number;

  constructor(file: string, fileSize: number) {
    this.#file = file;
    this.#budget = FREE_BYTES + SHARING * fileSize;
  }

  /** The name at `offset` of a string table; `owner` says in a message whose name it is. */
  read(table: Uint8Array, offset: number, owner: () => string): string {
    if (offset === 0 && (table.length === 0 || table[0] === 0)) return '';
    const end = offset < table.length ? table.indexOf(0, offset) : -1;
    if (end < 0) {
      const message = `the name of ${owner()} lies outside its string table`;
      throw elfFailure('BPF-E010', this.#file, message);
    }
    this.#budget -= end - offset;
    if (this.#budget < 0) {
      const message =
        'the names of sections and symbols overlap so much that they are not plausible';
      throw elfFailure('BPF-E010', this.#file, message);
    }
    return Buffer.from(table.buffer, table.byteOffset + offset, end - offset).toString('utf8');
  }
}
