import { writeSync } from 'node:fs';
import { CollectingSink, diagnosticRecord, exitCode, Failure, renderText } from '../diag/index.ts';

/** Writes all of a text; a reader that has gone away ends the process as it ends other tools. */
export function print(text: string, descriptor: 1 | 2 = 1): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') continue;
      if (code === 'EPIPE') process.exit(141);
      if (descriptor === 1) {
        throw new Failure({ code: 'BPF-F020', message: `cannot write standard output: ${code}` });
      }
      return;
    }
  }
}

/** Two-space separated columns, each as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
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

  constructor(json: boolean) {
    this.json = json;
  }

  /** Shows what was collected; with --json the result and the diagnostics are one document. */
  finish(result: Record<string, unknown>, text: string): void {
    if (this.json) {
      print(`${this.#document(true, result)}\n`);
      return;
    }
    this.#showDiagnostics();
    if (text !== '') print(text);
  }

  /** Shows a failure and returns the exit code it asks for. */
  fail(error: unknown): number {
    const failure = error instanceof Failure ? error : internal(error);
    this.sink.add(failure.diagnostic);
    if (this.json) print(`${this.#document(false, {})}\n`);
    else this.#showDiagnostics();
    return exitCode(failure.kind);
  }

  #document(ok: boolean, result: Record<string, unknown>): string {
    const diagnostics = this.sink.diagnostics.map(diagnosticRecord);
    return JSON.stringify({ ok, ...result, diagnostics }, replacer, 2);
  }

  #showDiagnostics(): void {
    if (this.sink.diagnostics.length === 0) return;
    print(renderText(this.sink.diagnostics, { color: useColor() }), 2);
  }
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
