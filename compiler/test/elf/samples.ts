import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';
import { Failure } from '../../src/diag/index.ts';
import { type ElfFile, parseElf } from '../../src/elf/index.ts';

/** Committed objects: `data/build.sh` says how they were made. */
export const SAMPLES = ['sample.clang14.o', 'sample.clang19.o', 'linked.o'] as const;

export function sample(name: (typeof SAMPLES)[number]): Uint8Array {
  return readFileSync(join(packageRoot(), 'compiler', 'test', 'elf', 'data', name));
}

/** Parses bytes that may be damaged: a result or a `Failure`; any other exception fails the test. */
export function parseOrFailure(bytes: Uint8Array): ElfFile | Failure {
  try {
    return parseElf(bytes, 'damaged.o');
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** The code and the message of the failure that the bytes must cause. */
export function failureOf(bytes: Uint8Array): { code: string; message: string } {
  const result = parseOrFailure(bytes);
  if (!(result instanceof Failure)) throw new Error('the object was accepted');
  return { code: result.diagnostic.code, message: result.diagnostic.message };
}
