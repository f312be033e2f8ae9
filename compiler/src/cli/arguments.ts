import { readFileSync } from 'node:fs';
import { Failure } from '../diag/index.ts';

/**
 * Compilers write `-O2`, `-mcpu=v3` and `-MF file`, which an option parser reads as groups of letters.
 * These become the long names of the same options before the parser sees them.
 */
const RENAMED: Readonly<Record<string, readonly string[]>> = {
  '-S': ['--emit', 'asm'],
  '-c': ['--emit', 'obj'],
  '-MD': ['--write-dependencies'],
  '-MMD': ['--write-dependencies'],
  '-MF': ['--dependency-file'],
  '-mcpu': ['--mcpu'],
  '-mattr': ['--mattr'],
  '-g': ['--debug'],
  '-g0': ['--no-debug'],
  '-O': ['--optimize', '2'],
};

/** The compiler-style spellings, for suggestions. */
export const SPELLINGS: readonly string[] = Object.keys(RENAMED);

const LONGEST_RESPONSE_FILE = 1 << 20;
const DEEPEST_RESPONSE_FILE = 8;

/** Rewrites compiler-style options and puts the contents of `@file` arguments in their place. */
export function normalise(words: readonly string[]): string[] {
  const result: string[] = [];
  const all = expandResponseFiles(words, 0);
  for (let index = 0; index < all.length; index++) {
    const word = all[index]!;
    if (word === '--') {
      // Files from here on; the parser would not count them as the command's own arguments.
      for (const file of all.slice(index + 1)) {
        result.push(file.startsWith('-') ? `./${file}` : file);
      }
      break;
    }
    // The parser drops it: then nothing would be built, and nobody would say so.
    if (word === '-' && !all[index - 1]?.startsWith('-')) throw standardInput();
    const renamed = Object.hasOwn(RENAMED, word) ? RENAMED[word] : undefined;
    const level = /^-O(.+)$/.exec(word);
    const assigned = /^(-mcpu|-mattr|-MF)=(.*)$/s.exec(word);
    const attached = /^-o(.+)$/s.exec(word);
    if (renamed !== undefined) result.push(...renamed);
    else if (level !== null) result.push('--optimize', level[1]!);
    else if (assigned !== null) result.push(`${RENAMED[assigned[1]!]![0]}=${assigned[2]}`);
    else if (attached !== null) result.push(`--output=${attached[1]!.replace(/^=/, '')}`);
    else result.push(word);
  }
  return result;
}

function standardInput(): Failure {
  return new Failure(
    { code: 'BPF-F015', message: 'standard input is not read', help: 'name a file' },
    'usage',
  );
}

function expandResponseFiles(words: readonly string[], depth: number): string[] {
  if (depth > DEEPEST_RESPONSE_FILE) {
    throw new Failure(
      { code: 'BPF-F010', message: 'response files (@file) include each other too deeply' },
      'usage',
    );
  }
  return words.flatMap((word) => {
    if (!word.startsWith('@') || word.length === 1) return [word];
    return expandResponseFiles(splitWords(readResponseFile(word.slice(1))), depth + 1);
  });
}

function readResponseFile(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length <= LONGEST_RESPONSE_FILE) return text;
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'cannot be read';
    throw new Failure(
      { code: 'BPF-F011', message: `response file: ${reason}`, place: { file } },
      'usage',
    );
  }
  throw new Failure(
    { code: 'BPF-F012', message: 'response file is larger than 1 MiB', place: { file } },
    'usage',
  );
}

/** Splits as a shell would: white space, single and double quotes, backslash. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '\\' && quote !== "'" && index + 1 < text.length) {
      word = (word ?? '') + text[++index];
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
