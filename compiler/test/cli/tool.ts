import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/index.ts';

export const root = packageRoot();
export const start = join(root, 'compiler', 'dist', 'bin', 'start.cjs');

/** An object of the fixtures, such as `latency`. */
export const fixture = (name: string, version = 'clang19-v3') =>
  join(root, 'fixtures', 'obj', version, `${name}.bpf.o`);

function newest(directory: string): number {
  return Math.max(
    ...readdirSync(directory, { recursive: true }).map((name) => {
      const status = statSync(join(directory, String(name)));
      return status.isFile() ? status.mtimeMs : 0;
    }),
  );
}

// These tests are of the program as it is installed, so it must be the one of these sources.
const built = statSync(join(root, 'compiler', 'dist', 'bin', 'bpftime-aot.cjs'), {
  throwIfNoEntry: false,
});
if (built === undefined || built.mtimeMs < newest(join(root, 'compiler', 'src'))) {
  console.error('the bundle is missing or older than compiler/src: make build first');
  process.exit(1);
}

export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What stdin, stdout and stderr are; pipes by default. */
  readonly stdio?: ('pipe' | 'ignore' | number)[];
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

/** Runs the compiler as a child process. */
export function tool(args: readonly string[], options: ToolOptions = {}): Ended {
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    [...(options.node ?? []), start, ...args],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 120_000,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.stdio !== undefined && { stdio: options.stdio }),
      env: { ...process.env, ...options.env },
    },
  );
  if (error !== undefined) throw error;
  return { status, signal, stdout: stdout ?? '', stderr: stderr ?? '' };
}

/** What a run said besides that proofs are to come. */
export function complaints(ended: Ended): string {
  return ended.stderr
    .split('\n')
    .filter((line) => !line.endsWith('[BPF-V000]'))
    .join('\n');
}

/** Calls with the name of a directory that is gone afterwards. */
export function inDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'bpftime-cli-'));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
