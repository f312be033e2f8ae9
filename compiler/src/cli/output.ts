import { writeSync } from 'node:fs';
import {
  CollectingSink,
  type Diagnostic,
  diagnosticRecord,
  exitCode,
  Failure,
  harmless,
  renderText,
  shorten,
} from '../diag/index.ts';

const REASONS: Readonly<Record<string, string>> = {
  EPIPE: 'the reader has gone',
  ENOSPC: 'no space left on the device',
  EIO: 'the device reports an error',
};

/** Writes all of a text; that standard output cannot be written is a Failure like any other. */
export function print(text: string, descriptor: 1 | 2 = 1): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') {
        // A pipe that somebody made non-blocking, and whose reader is slow.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        continue;
      }
      // Nobody can be told that standard error does not work.
      if (descriptor === 2) return;
      throw new Failure({
        code: 'BPF-F020',
        message: `cannot write standard output: ${REASONS[code ?? ''] ?? code}`,
      });
    }
  }
}

/** Names come from the input: a cell shows this much of one, without what could move a cursor. */
const WIDEST_CELL = 120;

/** Two-space separated columns, each as wide as its widest cell. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => harmless(shorten(cell, WIDEST_CELL))));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** How a command talks: its diagnostics, and whether its result is wanted as JSON. */
export class Report {
  readonly sink = new CollectingSink();
  readonly json: boolean;
  /** Of the process, when nothing is thrown: a command may end well and still have found a fault. */
  exitCode = 0;
  #result: Record<string, unknown> = {};

  constructor(json: boolean) {
    this.json = json;
  }

  /** Takes the result: its text is shown at once, its JSON when the command has ended. */
  finish(result: Record<string, unknown>, text: string): void {
    this.#result = result;
    if (this.json) return;
    this.#showDiagnostics();
    if (text !== '') print(text);
  }

  /** With --json, shows the result and the diagnostics as one document. Returns the exit code. */
  end(): number {
    if (this.json) print(`${this.#document(this.exitCode === 0)}\n`);
    return this.exitCode;
  }

  /** Shows a failure and returns the exit code it asks for. */
  fail(error: unknown): number {
    const failure = error instanceof Failure ? error : internal(error);
    this.sink.add(failure.diagnostic);
    try {
      if (this.json) print(`${this.#document(false)}\n`);
      else this.#showDiagnostics();
    } catch {
      // Standard output does not work: standard error is what is left.
      this.#showDiagnostics();
    }
    return exitCode(failure.kind);
  }

  #document(ok: boolean): string {
    const diagnostics = this.sink.diagnostics.map(diagnosticRecord);
    return JSON.stringify({ ok, ...this.#result, diagnostics }, replacer, 2);
  }

  /** Each is shown once, however often this is called. */
  #showDiagnostics(): void {
    const fresh = this.sink.diagnostics.splice(0);
    if (fresh.length > 0) print(renderText(fresh, { color: useColor() }) + pointer(fresh), 2);
  }
}

/** The codes of the verifier have pages: one line says so for all that is shown. */
function pointer(diagnostics: readonly Diagnostic[]): string {
  const codes = new Set(
    diagnostics
      .filter(({ code, severity }) => severity === 'error' && code.startsWith('BPF-V'))
      .map(({ code }) => code),
  );
  const [first] = codes;
  if (first === undefined) return '';
  const rest = codes.size === 1 ? '' : `; likewise ${[...codes].slice(1).join(', ')}`;
  return `\nFor an example and the cure: bpftime-aot explain ${first}${rest}\n`;
}

function useColor(): boolean {
  if (process.env.NO_COLOR) return false;
  return (
    Boolean(process.env.FORCE_COLOR && process.env.FORCE_COLOR !== '0') ||
    process.stderr.isTTY === true
  );
}

function replacer(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** An error that no stage expected is a bug of ours: say so, and how to report it. */
function internal(error: unknown): Failure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const trace =
    process.env.BPFTIME_DEBUG && error instanceof Error ? [{ message: error.stack ?? '' }] : [];
  return new Failure(
    {
      code: 'BPF-D000',
      message: `internal error: ${message}`,
      notes: trace,
      help: 'this is a bug in bpftime-aot; report it with the input file (BPFTIME_DEBUG=1 shows where it happened)',
    },
    'internal',
  );
}
