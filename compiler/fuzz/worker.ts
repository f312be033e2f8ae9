/** What the programs here have in common: workers that may die or hang, and options that are numbers. */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Runs a program in a process of its own and hears its lines of JSON; one that is silent for too long is
 * killed. How it ended: its exit code, or the signal.
 */
export async function runWorker<Line>(
  program: string,
  words: readonly string[],
  silenceMilliseconds: number,
  hear: (line: Line) => void,
): Promise<string> {
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<string>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), silenceMilliseconds);
  for await (const text of createInterface({ input: child.stdout })) {
    timer.refresh();
    hear(JSON.parse(text) as Line);
  }
  const end = await ended;
  clearTimeout(timer);
  return end;
}

/** The value of an option, a whole number; ends the process when it is none. */
export function whole(text: string, option: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  const program = basename(process.argv[1] ?? '', '.mjs');
  console.error(`${program}: --${option} takes a whole number, not '${text}'`);
  process.exit(2);
}
