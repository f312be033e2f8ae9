import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../diag/index.ts';

const STANDARD_OUTPUT = 1;

/** What the usual reasons mean to a user. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'the name is taken',
  EFBIG: 'the file would be too large',
  EIO: 'the device reports an error',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'the directory does not exist',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'operation not permitted',
  EPIPE: 'the reader has gone',
  EROFS: 'the file system is read-only',
};

/**
 * Writes a file whole or not at all: the bytes go to a temporary file beside it, which then takes its
 * name. `-` is standard output; devices and pipes are written to directly. A Failure says why it
 * cannot be.
 */
export function writeOutput(path: string, bytes: Uint8Array, mode = 0o666): void {
  try {
    if (path === '-') writeAll(STANDARD_OUTPUT, bytes);
    else writeFile(path, bytes, mode);
  } catch (error) {
    throw failure(path, error);
  }
}

function writeFile(path: string, bytes: Uint8Array, mode: number): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing !== undefined && !existing.isFile()) {
    // A directory fails here, in its own words; devices and pipes cannot be replaced.
    const descriptor = openSync(path, constants.O_WRONLY);
    try {
      writeAll(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
    return;
  }
  // A file its owner made read-only stays as it is, though its directory would let us replace it.
  if (existing !== undefined) accessSync(path, constants.W_OK);
  replace(existing === undefined ? path : realpathSync(path), bytes, existing, mode);
}

function replace(path: string, bytes: Uint8Array, existing: Stats | undefined, mode: number): void {
  // A short name of its own: that of the output plus a suffix may be too long for the file system.
  const temporary = join(dirname(path), `.bpftime-${randomBytes(6).toString('hex')}.tmp`);
  const descriptor = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    existing === undefined ? mode : existingMode(existing.mode & 0o777, mode),
  );
  let open = true;
  try {
    writeAll(descriptor, bytes);
    open = false;
    // Some file systems tell of a full disk only here.
    closeSync(descriptor);
    renameSync(temporary, path);
  } catch (error) {
    if (open) closeSync(descriptor);
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The file keeps its mode; an executable may also be run by whoever may read it. */
function existingMode(existing: number, wanted: number): number {
  return (wanted & 0o111) === 0 ? existing : existing | ((existing & 0o444) >> 2);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written, bytes.length - written);
    } catch (error) {
      // A pipe that somebody made non-blocking, and whose reader is slow.
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function failure(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === '') return error;
  const place = path === '-' ? 'standard output' : path;
  return new Failure({
    code: 'BPF-K001',
    message: `cannot write ${place}: ${REASONS[code] ?? code}`,
    place: { file: place },
  });
}
