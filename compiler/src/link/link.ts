import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../base/index.ts';
import { Failure } from '../diag/index.ts';
import type { Target } from '../target/index.ts';
import { findTool, startTool } from '../toolchain/index.ts';
import { writeOutput } from './output.ts';

/** How a linker is run. */
export interface LinkOptions {
  /** Told the command line before it runs. */
  readonly verbose?: (command: string) => void;
  /** Name that diagnostics use for what is linked; the output's when absent. */
  readonly file?: string;
}

export interface SharedOptions extends LinkOptions {
  /** DT_SONAME; none when absent. */
  readonly soname?: string;
  /** Helpers that the runtime does not have stay undefined, for whoever loads the object to supply. */
  readonly allowUndefined?: boolean;
}

/** Options that make the output depend on the input alone. */
const COMMON = [
  '--gc-sections',
  '--build-id=none',
  '-z',
  'noexecstack',
  '-z',
  'relro',
  '-z',
  'now',
];

/**
 * Links compiled objects with the runner and the runtime to a static executable that runs their
 * programs on request (runtime-native/runner), natively or under an emulator.
 */
export async function linkRunner(
  objects: readonly string[],
  output: string,
  target: Target,
  options: LinkOptions = {},
): Promise<void> {
  await link(target, output, options, [
    '-static',
    ...COMMON,
    runtimeFile(target, 'runner.o'),
    ...objects,
    runtimeFile(target, 'libbpftime.a'),
  ]);
}

/**
 * Links compiled objects with the runtime to a shared object that needs no other library. Of the
 * runtime nothing is exported.
 */
export async function linkShared(
  objects: readonly string[],
  output: string,
  target: Target,
  options: SharedOptions = {},
): Promise<void> {
  await link(target, output, options, [
    '-shared',
    ...COMMON,
    ...(options.allowUndefined ? [] : ['-z', 'defs']),
    ...(options.soname === undefined ? [] : ['-soname', options.soname]),
    '--exclude-libs=ALL',
    ...objects,
    // memcpy and its like for code that must keep to general registers; libc's do not.
    runtimeFile(target, 'freestanding.o'),
    runtimeFile(target, 'libbpftime.a'),
  ]);
}

function runtimeFile(target: Target, name: string): string {
  const file = join(packageRoot(), 'runtime-native', 'build', target.name, name);
  if (!existsSync(file)) {
    throw new Failure(
      {
        code: 'BPF-K002',
        message: `the runtime is not built for ${target.name}`,
        place: { file },
        help: 'run `make build`',
      },
      'tool',
    );
  }
  return file;
}

async function link(
  target: Target,
  output: string,
  options: LinkOptions,
  args: readonly string[],
): Promise<void> {
  const linker = await findTool('ld.lld');
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-link-'));
  try {
    const linked = join(directory, 'output');
    const ended = await startTool(
      linker.path,
      ['-m', target.linkerEmulation, '-o', linked, ...args],
      options.verbose === undefined ? {} : { verbose: options.verbose },
    );
    if (ended.exitCode !== 0) throw linkFailure(options.file ?? output, ended.stderr, ended.signal);
    writeOutput(output, readFileSync(linked), 0o777);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Undefined symbols are what a user can do something about: they are named first. */
function linkFailure(file: string, printed: string, signal: string | undefined): Failure {
  const undefinedSymbols = [...printed.matchAll(/undefined symbol: (\S+)/g)].map(
    (match) => match[1]!,
  );
  const duplicates = [...printed.matchAll(/duplicate symbol: (\S+)/g)].map((match) => match[1]!);
  if (undefinedSymbols.length > 0) {
    return new Failure({
      code: 'BPF-K003',
      message: `nothing defines ${listed(undefinedSymbols)}`,
      place: { file },
      help: 'the runtime does not have this helper yet; link an object that defines it',
    });
  }
  if (duplicates.length > 0) {
    return new Failure({
      code: 'BPF-K004',
      message: `defined more than once: ${listed(duplicates)}`,
      place: { file },
      help: 'objects that are linked together need file names of their own',
    });
  }
  const lines = printed.split('\n').filter((line) => line.trim() !== '');
  return new Failure({
    code: 'BPF-K005',
    message: signal === undefined ? 'linking failed' : `the linker was ended by ${signal}`,
    place: { file },
    notes: lines.slice(0, 20).map((message) => ({ message })),
  });
}

function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)].sort();
  const shown = distinct.slice(0, 8).join(', ');
  return distinct.length > 8 ? `${shown} and ${distinct.length - 8} more` : shown;
}
