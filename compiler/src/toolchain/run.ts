import { Failure } from '../diag/index.ts';
import type { Tool } from './find.ts';

/** How a program is run. */
export interface RunOptions {
  readonly input?: Uint8Array;
  /** Ends the program after this time. */
  readonly timeoutMs?: number;
  readonly directory?: string;
  /** Told the command line, quoted for a shell, before it runs. */
  readonly verbose?: (command: string) => void;
}

/** How a program ended. */
export interface Ended {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
}

/** More than any tool has to say: what exceeds it is an accident that would fill the memory. */
const OUTPUT_LIMIT = 256 << 20;

/** Runs a program to its end, whatever that is; a Failure only when it cannot be started. */
export async function startTool(
  path: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  options.verbose?.([path, ...args].map(shellWord).join(' '));
  // Loaded here because most commands never run a program.
  const { execa } = await import('execa');
  const result = await execa(path, [...args], {
    reject: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: OUTPUT_LIMIT,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.timeoutMs !== undefined && { timeout: options.timeoutMs }),
    ...(options.directory !== undefined && { cwd: options.directory }),
    // A program that ignores the polite signal is not waited for.
    forceKillAfterDelay: 1000,
  });
  const started = result.exitCode !== undefined || result.signal !== undefined;
  if (!started) {
    const code = 'code' in result ? String(result.code) : 'unknown error';
    throw new Failure(
      {
        code: 'BPF-T004',
        message: `cannot run ${path}: ${code}`,
        ...('originalMessage' in result &&
          typeof result.originalMessage === 'string' && {
            notes: [{ message: result.originalMessage }],
          }),
      },
      'tool',
    );
  }
  return {
    stdout: result.stdout,
    stderr: new TextDecoder().decode(result.stderr),
    exitCode: result.exitCode,
    signal: result.signal,
    timedOut: result.timedOut,
  };
}

/** Runs a tool that is expected to succeed; a Failure with what it printed when it does not. */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const ended = await startTool(tool.path, args, options);
  if (ended.exitCode === 0) return ended;
  const how = ended.timedOut
    ? `had not ended after ${(options.timeoutMs ?? 0) / 1000} s`
    : ended.signal === undefined
      ? `failed with exit code ${ended.exitCode}`
      : `was ended by ${ended.signal}`;
  throw new Failure({
    code: 'BPF-T005',
    message: `${tool.name} ${how}`,
    notes: [
      ...ended.stderr
        .split('\n')
        .filter((line) => line.trim() !== '')
        .slice(0, 20)
        .map((message) => ({ message })),
      { message: `the command was: ${[tool.path, ...args].map(shellWord).join(' ')}` },
    ],
  });
}

/** A word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
