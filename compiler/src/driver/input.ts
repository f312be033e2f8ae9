import { readFileSync, statSync } from 'node:fs';
import { Failure } from '../diag/index.ts';

/** Larger files are no BPF objects: the largest real ones are a few megabytes. */
const LARGEST_INPUT = 1 << 30;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

/** Reads a whole input file; every way that can fail is a diagnostic that names the file. */
export function readInput(file: string): Uint8Array {
  try {
    const status = statSync(file);
    if (status.isDirectory()) throw failure(file, 'it is a directory');
    if (status.size > LARGEST_INPUT)
      throw failure(file, `it has ${status.size} bytes, more than 1 GiB`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw failure(file, REASONS[code] ?? (code || 'it is not a file that can be read'));
  }
}

function failure(file: string, reason: string): Failure {
  return new Failure({
    code: 'BPF-F001',
    message: `cannot read the file: ${reason}`,
    place: { file },
  });
}
